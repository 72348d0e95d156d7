#pragma once

#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// Writes a file so that its path holds either what it held before or all of
/// the new bytes, never a part of them: into a new file in the same folder,
/// which takes the name in commit(). Destroyed without commit(), it leaves
/// nothing behind. A path that is a device, a pipe or
/// an open descriptor (/dev/stdout, /dev/fd/5) is written as it goes.
/// All failures are OutputNotWritten.
class FileWriter {
public:
  static Result<FileWriter> create(const std::string &path);

  FileWriter(FileWriter &&other) noexcept;
  FileWriter &operator=(FileWriter &&other) noexcept;
  ~FileWriter();

  Status write(const void *data, size_t size);
  Status write(std::string_view text) {
    return write(text.data(), text.size());
  }
  /// Bytes written so far: the offset of the next write.
  uint64_t offset() const { return theOffset; }
  /// Makes the file durable and gives it its name. Nothing may follow.
  Status commit();

private:
  FileWriter() = default;
  void discard();
  Status failure(const char *what);

  int file = -1;
  std::string target;    // where the bytes go in the end, links resolved
  std::string temporary; // empty when the target is no regular file
  uint64_t theOffset = 0;
};

/// The whole of FileWriter for bytes at hand.
Status writeFile(const std::string &path, std::string_view bytes);

} // namespace sluice
