#include "runtime/base/FileWriter.h"

#include "runtime/base/Quote.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace sluice {

FileWriter::FileWriter(FileWriter &&other) noexcept
    : file(std::exchange(other.file, -1)), target(std::move(other.target)),
      temporary(std::exchange(other.temporary, {})),
      theOffset(other.theOffset) {}

FileWriter &FileWriter::operator=(FileWriter &&other) noexcept {
  std::swap(file, other.file);
  std::swap(target, other.target);
  std::swap(temporary, other.temporary);
  std::swap(theOffset, other.theOffset);
  return *this;
}

FileWriter::~FileWriter() { discard(); }

void FileWriter::discard() {
  if (file >= 0)
    close(std::exchange(file, -1));
  if (!temporary.empty())
    unlink(std::exchange(temporary, {}).c_str());
}

/// The failure `what` with the reason errno gives; the partial file is gone
/// afterwards, so that a full disk is not left full.
Status FileWriter::failure(const char *what) {
  int reason = errno;
  std::string hint = reason == ENOSPC || reason == EDQUOT
                         ? " (free some space, or choose another place)"
                         : "";
  discard();
  return outputNotWritten(fmt::format("cannot {} {}: {}{}", what,
                                      inQuotes(target), std::strerror(reason),
                                      hint));
}

static std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

/// The open descriptor that `path` stands for, as /dev/stdout does. Opening or
/// replacing what lies behind it would lose what others write there.
static std::optional<int> descriptorOf(std::string_view path) {
  if (path == "/dev/stdout")
    return STDOUT_FILENO;
  if (path == "/dev/stderr")
    return STDERR_FILENO;
  for (std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    int number = -1;
    if (path.starts_with(folder) &&
        std::from_chars(path.data() + folder.size(), path.data() + path.size(),
                        number)
                .ptr == path.data() + path.size())
      return number;
  }
  return std::nullopt;
}

Result<FileWriter> FileWriter::create(const std::string &path) {
  FileWriter writer;
  writer.target = path;
  if (std::optional<int> descriptor = descriptorOf(path)) {
    writer.file = fcntl(*descriptor, F_DUPFD_CLOEXEC, 3);
    if (writer.file < 0)
      return writer.failure("write");
    return writer;
  }
  if (path.empty() || path.find('\0') != std::string::npos)
    return outputNotWritten(fmt::format(
        "expected a file name to write to, found {}", inQuotes(path)));
  struct stat facts = {};
  if (stat(path.c_str(), &facts) == 0) {
    if (S_ISDIR(facts.st_mode)) {
      errno = EISDIR;
      return writer.failure("write");
    }
    if (!S_ISREG(facts.st_mode)) { // renaming over /dev/null would destroy it
      writer.file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
      if (writer.file < 0)
        return writer.failure("write");
      return writer;
    }
    // A link stays a link: what it points to is replaced.
    if (char *real = realpath(path.c_str(), nullptr)) {
      writer.target = real;
      std::free(real);
    }
  }
  // Process and counter keep two writers apart; O_EXCL catches what is left
  // over from a process of the same number that was killed.
  static std::atomic<unsigned> counter = 0;
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string name = fmt::format(
        "{}.sluice-{}-{}.tmp", folderOf(writer.target), getpid(), counter++);
    writer.file =
        open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (writer.file >= 0) {
      writer.temporary = std::move(name);
      return writer;
    }
    if (errno != EEXIST)
      break;
  }
  return writer.failure("create");
}

Status FileWriter::write(const void *data, size_t size) {
  if (file < 0)
    return outputNotWritten(
        fmt::format("{} is already closed", inQuotes(target)));
  const auto *next = static_cast<const char *>(data);
  while (size != 0) {
    ssize_t written = ::write(file, next, std::min<size_t>(size, SSIZE_MAX));
    if (written < 0) {
      if (errno == EINTR)
        continue;
      return failure("write");
    }
    next += written;
    size -= static_cast<size_t>(written);
    theOffset += static_cast<uint64_t>(written);
  }
  return {};
}

Status FileWriter::commit() {
  if (file < 0)
    return outputNotWritten(
        fmt::format("{} is already closed", inQuotes(target)));
  // A pipe cannot be synchronized; that is no failure (EINVAL).
  if (fsync(file) != 0 && !(temporary.empty() && errno == EINVAL))
    return failure("write");
  if (close(std::exchange(file, -1)) != 0)
    return failure("write");
  if (temporary.empty())
    return {};
  if (rename(temporary.c_str(), target.c_str()) != 0)
    return failure("replace");
  temporary.clear();
  // The name itself survives a power cut only once its folder is on disk. The
  // file is complete either way, so a folder that cannot be synced is fine.
  int folder =
      open(folderOf(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
  return {};
}

Status writeFile(const std::string &path, std::string_view bytes) {
  SLUICE_ASSIGN(FileWriter writer, FileWriter::create(path));
  SLUICE_TRY(writer.write(bytes));
  return writer.commit();
}

} // namespace sluice
