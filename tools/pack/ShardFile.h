#pragma once

#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice {

/// A file of known size, written at any place by any thread. Its room on disk
/// is taken at once, so that a full disk is known before the work. Destroyed
/// without commit(), it removes the file. Failures are OutputNotWritten.
class ShardFile {
public:
  static Result<ShardFile> create(const std::string &path, uint64_t bytes);

  ShardFile(ShardFile &&other) noexcept;
  ShardFile &operator=(ShardFile &&other) = delete;
  ~ShardFile();

  Status writeAt(uint64_t offset, const void *data, size_t size) const;
  /// Makes it durable.
  Status commit();

private:
  ShardFile(std::string path, int file) : path(std::move(path)), file(file) {}

  std::string path;
  int file = -1;
};

/// A file read at any place by any thread.
class SourceFile {
public:
  static Result<SourceFile> open(const std::string &path);

  SourceFile(SourceFile &&other) noexcept;
  SourceFile &operator=(SourceFile &&other) = delete;
  ~SourceFile();

  /// Exactly `size` bytes. Errors: BadInput.
  Status readAt(uint64_t offset, void *data, size_t size) const;

private:
  SourceFile(std::string path, int file) : path(std::move(path)), file(file) {}

  std::string path;
  int file = -1;
};

} // namespace sluice
