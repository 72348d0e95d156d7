#include "tools/pack/ShardFile.h"

#include "runtime/base/Quote.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace sluice {

static constexpr size_t mostAtOnce = size_t(1) << 30;

static Status notWritten(const std::string &path, int reason) {
  bool isFull = reason == ENOSPC || reason == EDQUOT;
  return outputNotWritten(fmt::format(
      "cannot write {}: {}{}", inQuotes(path), std::strerror(reason),
      isFull ? " (free some space, or choose another place)" : ""));
}

ShardFile::ShardFile(ShardFile &&other) noexcept
    : path(std::move(other.path)), file(std::exchange(other.file, -1)) {}

ShardFile::~ShardFile() {
  if (file < 0)
    return;
  close(file);
  unlink(path.c_str());
}

Result<ShardFile> ShardFile::create(const std::string &path, uint64_t bytes) {
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0)
    return notWritten(path, errno);
  ShardFile result(path, file);
  // Some file systems cannot promise room; these say so at the write.
  if (fallocate(file, 0, 0, off_t(bytes)) != 0 && errno != EOPNOTSUPP)
    return notWritten(path, errno);
  return result;
}

Status ShardFile::writeAt(uint64_t offset, const void *data,
                          size_t size) const {
  const auto *next = static_cast<const char *>(data);
  while (size != 0) {
    ssize_t done =
        pwrite(file, next, std::min(size, mostAtOnce), off_t(offset));
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return notWritten(path, done < 0 ? errno : EIO);
    next += done;
    offset += uint64_t(done);
    size -= size_t(done);
  }
  return {};
}

Status ShardFile::commit() {
  if (fsync(file) != 0)
    return notWritten(path, errno);
  if (close(std::exchange(file, -1)) == 0)
    return {};
  int reason = errno;
  unlink(path.c_str());
  return notWritten(path, reason);
}

SourceFile::SourceFile(SourceFile &&other) noexcept
    : path(std::move(other.path)), file(std::exchange(other.file, -1)) {}

SourceFile::~SourceFile() {
  if (file >= 0)
    close(file);
}

Result<SourceFile> SourceFile::open(const std::string &path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return badInput(fmt::format("cannot read {}: {}", inQuotes(path),
                                std::strerror(errno)));
  return SourceFile(path, file);
}

Status SourceFile::readAt(uint64_t offset, void *data, size_t size) const {
  auto *next = static_cast<char *>(data);
  while (size != 0) {
    ssize_t done = pread(file, next, std::min(size, mostAtOnce), off_t(offset));
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return badInput(fmt::format("cannot read {}: {}", inQuotes(path),
                                  done < 0 ? std::strerror(errno)
                                           : "it was cut short meanwhile"));
    next += done;
    offset += uint64_t(done);
    size -= size_t(done);
  }
  return {};
}

} // namespace sluice
