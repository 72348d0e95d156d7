#include "runtime/base/MappedFile.h"

#include "runtime/base/Quote.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace sluice {

MappedFile::MappedFile(MappedFile &&other) noexcept
    : theData(std::exchange(other.theData, nullptr)),
      theSize(std::exchange(other.theSize, 0)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(theData, other.theData);
  std::swap(theSize, other.theSize);
  return *this;
}

MappedFile::~MappedFile() {
  if (theData)
    munmap(const_cast<std::byte *>(theData), theSize);
}

Result<MappedFile> MappedFile::open(const std::string &path) {
  // A path with a NUL would be cut there by the system: another file's name.
  if (path.find('\0') != std::string::npos)
    return badInput(fmt::format("expected a file name, found a NUL byte in {}",
                                inQuotes(path)));
  // Without O_NONBLOCK, opening a pipe would wait for a writer.
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return badInput(fmt::format("cannot open {}: {}", inQuotes(path),
                                std::strerror(errno)));
  struct stat facts = {};
  if (fstat(file, &facts) != 0) {
    Status failure = badInput(fmt::format(
        "cannot examine {}: {}", inQuotes(path), std::strerror(errno)));
    close(file);
    return failure;
  }
  if (!S_ISREG(facts.st_mode)) {
    close(file);
    return badInput(fmt::format(
        "expected {} to be a regular file, found {}", inQuotes(path),
        S_ISDIR(facts.st_mode) ? "a directory" : "a device or pipe"));
  }
  MappedFile result;
  result.theSize = static_cast<size_t>(facts.st_size);
  if (result.theSize != 0) { // mmap refuses a length of 0
    void *address =
        mmap(nullptr, result.theSize, PROT_READ, MAP_PRIVATE, file, 0);
    if (address == MAP_FAILED) {
      Status failure = outOfMemory(
          fmt::format("cannot map the {} bytes of {}: {}", result.theSize,
                      inQuotes(path), std::strerror(errno)));
      close(file);
      return failure;
    }
    result.theData = static_cast<const std::byte *>(address);
  }
  close(file);
  return result;
}

} // namespace sluice
