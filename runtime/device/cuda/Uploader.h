#pragma once

#include "runtime/device/cuda/Driver.h"

#include <array>
#include <span>

namespace sluice::cuda {

/// Copies host bytes of any kind to the device through two pinned buffers, so
/// that one is filled while the other travels.
class Uploader {
public:
  explicit Uploader(const Driver &driver) : driver(driver) {}
  ~Uploader();
  Uploader(const Uploader &) = delete;

  /// Returns when `from` is no longer read; the copy itself ends before
  /// finish() returns.
  Status copy(Address to, std::span<const std::byte> from);
  Status finish();

private:
  struct Half {
    void *bytes = nullptr;
    Event free = nullptr; // passed when `bytes` may be filled
    bool used = false;
  };
  Status open();

  const Driver &driver;
  Stream stream = nullptr;
  std::array<Half, 2> halves;
  unsigned next = 0;
};

} // namespace sluice::cuda
