#include "codegen/plan/Container.h"

#include "runtime/base/Checked.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice {
namespace {

template <typename T>
void store(std::vector<uint8_t> &bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

void storeHash(std::vector<uint8_t> &bytes, size_t offset, Hash128 hash) {
  store(bytes, offset, hash.low);
  store(bytes, offset + 8, hash.high);
}

} // namespace

uint32_t ContainerWriter::add(SectionKind kind, std::vector<uint8_t> bytes,
                              uint32_t alignment) {
  sections.push_back({kind, alignment, std::move(bytes)});
  return static_cast<uint32_t>(sections.size() - 1);
}

Result<std::vector<uint8_t>> ContainerWriter::bytes() const {
  if (sections.empty() || sections.size() > container::maxSections)
    return invalidArgument(fmt::format("a plan has 1 to {} sections, got {}",
                                       container::maxSections,
                                       sections.size()));
  std::vector<uint64_t> offsets;
  uint64_t size = container::headerBytes;
  for (const Pending &section : sections) {
    if (section.bytes.empty())
      return invalidArgument(fmt::format("section {} ({}) is empty",
                                         offsets.size(),
                                         sectionKindName(section.kind)));
    if (!std::has_single_bit(section.alignment) ||
        section.alignment < container::minAlignment ||
        section.alignment > container::maxAlignment)
      return invalidArgument(fmt::format(
          "section {} ({}) asks for alignment {}, expected a power of two from "
          "{} to {}",
          offsets.size(), sectionKindName(section.kind), section.alignment,
          container::minAlignment, container::maxAlignment));
    // Cannot overflow: the bytes are all in memory, the padding is below 64
    // GiB.
    offsets.push_back(*checkedAlign(size, uint64_t(section.alignment)));
    size = offsets.back() + section.bytes.size();
  }

  std::vector<uint8_t> file(size);
  std::copy(container::magic.begin(), container::magic.end(), file.begin());
  store(file, 8, container::major);
  store(file, 10, container::minor);
  store(file, 12, container::headerBytes);
  store(file, 16, required);
  store(file, 24, optional);
  store(file, 32, size);
  store(file, 40, static_cast<uint32_t>(sections.size()));
  for (size_t i = 0; i < sections.size(); ++i) {
    const Pending &section = sections[i];
    size_t entry = container::tableOffset + i * container::entryBytes;
    store(file, entry, static_cast<uint32_t>(section.kind));
    store(file, entry + 4, section.alignment);
    store(file, entry + 8, offsets[i]);
    store(file, entry + 16, static_cast<uint64_t>(section.bytes.size()));
    storeHash(file, entry + 24,
              hashBytes(section.bytes.data(), section.bytes.size()));
    std::copy(section.bytes.begin(), section.bytes.end(),
              file.begin() + static_cast<ptrdiff_t>(offsets[i]));
  }
  storeHash(file, container::hashOffset,
            containerHeaderHash(std::span(file).first(container::headerBytes)));
  return file;
}

} // namespace sluice
