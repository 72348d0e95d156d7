#pragma once

#include "runtime/plan/PlanReader.h"

#include <algorithm>
#include <vector>

namespace sluice {

/// A plan file read as far as the level that is safe on hostile bytes. Keeps
/// the bytes 8-byte aligned, as a mapped file has them.
class Inspected {
public:
  explicit Inspected(const std::vector<uint8_t> &file)
      : memory(file.size() / 8 + 1) {
    std::copy(file.begin(), file.end(),
              reinterpret_cast<uint8_t *>(memory.data()));
    theStatus = read(file.size());
  }

  const Status &status() const { return theStatus; }
  /// Empty unless status() is ok.
  const PlanView &plan() const { return view; }

private:
  Status read(size_t bytes) {
    SLUICE_ASSIGN(
        Container container,
        Container::read(
            {reinterpret_cast<const uint8_t *>(memory.data()), bytes}));
    SLUICE_ASSIGN(view, readPlan(container));
    return {};
  }

  std::vector<uint64_t> memory;
  Status theStatus;
  PlanView view;
};

} // namespace sluice
