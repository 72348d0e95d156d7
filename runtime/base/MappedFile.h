#pragma once

#include "runtime/base/Status.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// A regular file mapped for reading, whole. Opening touches no byte of it, so
/// a file larger than memory is fine. The bytes live as long as this object and
/// do not move when it is moved.
/// Cutting a mapped file short on disk kills the process that reads the lost
/// part (SIGBUS): replace such files by rename, never in place.
class MappedFile {
public:
  /// Errors: BadInput if `path` cannot be opened or is no regular file;
  /// OutOfMemory if there is no address space for it.
  static Result<MappedFile> open(const std::string &path);

  MappedFile() = default;
  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  /// Null when the file is empty.
  const std::byte *data() const { return theData; }
  size_t size() const { return theSize; } // bytes
  std::span<const std::byte> bytes() const { return {theData, theSize}; }
  std::string_view text() const {
    return {reinterpret_cast<const char *>(theData), theSize};
  }

private:
  const std::byte *theData = nullptr;
  size_t theSize = 0;
};

} // namespace sluice
