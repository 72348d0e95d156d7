#include "runtime/device/cpu/CodeImage.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace sluice {

static size_t wholePages(size_t bytes) {
  auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

Result<CodeImage> CodeImage::load(std::span<const uint8_t> image) {
  if (image.empty())
    return badInput("a code image of 0 bytes has nothing to run");
  void *memory = mmap(nullptr, wholePages(image.size()), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return outOfMemory(fmt::format("no memory for a code image of {} bytes: {}",
                                   image.size(), std::strerror(errno)));
  CodeImage result;
  result.theData = static_cast<std::byte *>(memory);
  result.theSize = image.size();
  std::memcpy(memory, image.data(), image.size());
  if (mprotect(memory, wholePages(image.size()), PROT_READ | PROT_EXEC) != 0)
    return deviceError(fmt::format(
        "the system does not let this process make memory executable: {}; "
        "sluice needs that to run a plan's code",
        std::strerror(errno)));
  return result;
}

CodeImage::CodeImage(CodeImage &&other) noexcept
    : theData(std::exchange(other.theData, nullptr)),
      theSize(std::exchange(other.theSize, 0)) {}

CodeImage &CodeImage::operator=(CodeImage &&other) noexcept {
  std::swap(theData, other.theData);
  std::swap(theSize, other.theSize);
  return *this;
}

CodeImage::~CodeImage() {
  if (theData)
    munmap(theData, mapped());
}

size_t CodeImage::mapped() const { return wholePages(theSize); }

} // namespace sluice
