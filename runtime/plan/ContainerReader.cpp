#include "runtime/plan/ContainerReader.h"

#include "runtime/base/Checked.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice {
namespace {

static_assert(std::endian::native == std::endian::little,
              "numbers of the container are read as they lie");

template <typename T> T load(std::span<const uint8_t> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

Hash128 loadHash(std::span<const uint8_t> bytes, size_t offset) {
  return {.high = load<uint64_t>(bytes, offset + 8),
          .low = load<uint64_t>(bytes, offset)};
}

bool allZero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](uint8_t byte) { return byte == 0; });
}

/// Magic, hash and version; `file` has at least a header.
Status checkHeader(std::span<const uint8_t> file) {
  std::span<const uint8_t> header = file.first(container::headerBytes);
  if (std::memcmp(header.data(), container::magic.data(),
                  container::magic.size()) != 0)
    return badInput("this is not a sluice plan: it does not begin with "
                    "\"SLUICEPL\"");
  if (containerHeaderHash(header) != loadHash(header, container::hashOffset))
    return badInput("the plan is damaged: its header does not match the hash "
                    "inside it; compile or copy the plan again");
  if (auto major = load<uint16_t>(header, 8); major != container::major)
    return incompatible(
        fmt::format("the plan has format {}.{}, this runtime reads format {}.x;"
                    " {}",
                    major, load<uint16_t>(header, 10), container::major,
                    major > container::major ? "use a newer sluice"
                                             : "compile the model again"));
  if (auto bytes = load<uint32_t>(header, 12); bytes != container::headerBytes)
    return badInput(fmt::format("the plan states a header of {} bytes, "
                                "expected {}",
                                bytes, container::headerBytes));
  if (uint64_t unknown = load<uint64_t>(header, 16) & ~container::knownRequired)
    return incompatible(fmt::format(
        "the plan needs feature bit {}, which this runtime (format {}.{}) does "
        "not know; use a newer sluice",
        std::countr_zero(unknown), container::major, container::minor));
  return {};
}

/// The section that entry `index` of the table describes; `end` is where the
/// section before it ends, and then where this one does.
Result<Section> readSection(std::span<const uint8_t> file, uint32_t index,
                            uint64_t &end) {
  size_t entry = container::tableOffset + index * container::entryBytes;
  auto kind = static_cast<SectionKind>(load<uint32_t>(file, entry));
  auto alignment = load<uint32_t>(file, entry + 4);
  auto offset = load<uint64_t>(file, entry + 8);
  auto length = load<uint64_t>(file, entry + 16);
  std::string name =
      fmt::format("section {} ({})", index, sectionKindName(kind));
  if (!std::has_single_bit(alignment) || alignment < container::minAlignment ||
      alignment > container::maxAlignment)
    return badInput(fmt::format("{} has alignment {}, expected a power of two "
                                "from {} to {}",
                                name, alignment, container::minAlignment,
                                container::maxAlignment));
  std::optional<uint64_t> expected = checkedAlign(end, alignment);
  if (!expected || offset != *expected)
    return badInput(fmt::format(
        "{} begins at byte {}, expected {}: the next multiple of {} after the "
        "one before it",
        name, offset, expected.value_or(0), alignment));
  if (length == 0)
    return badInput(name + " is empty");
  if (!inRange(offset, length, file.size()))
    return badInput(fmt::format("{} needs bytes {} to {}, the file has {}",
                                name, offset, offset + length, file.size()));
  if (!allZero(file.subspan(end, offset - end)))
    return badInput(fmt::format("the padding before {} is not zero", name));
  std::span<const uint8_t> bytes = file.subspan(offset, length);
  if (hashBytes(bytes.data(), bytes.size()) != loadHash(file, entry + 24))
    return badInput(fmt::format("the plan is damaged: {} does not match its "
                                "hash; compile or copy the plan again",
                                name));
  end = offset + length;
  return Section{kind, offset, bytes};
}

} // namespace

Result<Container> Container::read(std::span<const uint8_t> file) {
  if (file.size() < container::headerBytes)
    return badInput(fmt::format("a plan has a header of {} bytes, this file "
                                "has {} bytes in all",
                                container::headerBytes, file.size()));
  SLUICE_TRY(checkHeader(file));
  if (auto size = load<uint64_t>(file, 32); size != file.size())
    return badInput(fmt::format("the plan states {} bytes, the file has {}: it "
                                "was cut or appended to",
                                size, file.size()));
  auto count = load<uint32_t>(file, 40);
  if (count == 0 || count > container::maxSections)
    return badInput(fmt::format("the plan has {} sections, expected 1 to {}",
                                count, container::maxSections));
  size_t tableEnd = container::tableOffset + count * container::entryBytes;
  if (load<uint32_t>(file, 44) != 0 ||
      !allZero(file.subspan(tableEnd, container::headerBytes - tableEnd)))
    return badInput("the unused bytes of the plan's header are not zero");

  Container result;
  result.theMinor = load<uint16_t>(file, 10);
  result.theUnknownOptional =
      load<uint64_t>(file, 24) & ~container::knownOptional;
  uint64_t end = container::headerBytes;
  for (uint32_t i = 0; i < count; ++i) {
    SLUICE_ASSIGN(Section section, readSection(file, i, end));
    bool single = section.kind != SectionKind::CpuImage &&
                  section.kind != SectionKind::Ptx &&
                  section.kind != SectionKind::Cubin &&
                  sectionKindName(section.kind) != "unknown kind";
    if (single && result.find(section.kind))
      return badInput(fmt::format("section {} is a second {} section", i,
                                  sectionKindName(section.kind)));
    result.theSections.push_back(section);
  }
  if (end != file.size())
    return badInput(fmt::format("the last section ends at byte {}, the file "
                                "at {}",
                                end, file.size()));
  if (!result.find(SectionKind::Plan))
    return badInput("the file has no Plan section");
  return result;
}

const Section *Container::find(SectionKind kind) const {
  auto it = std::find_if(theSections.begin(), theSections.end(),
                         [&](const Section &s) { return s.kind == kind; });
  return it == theSections.end() ? nullptr : &*it;
}

} // namespace sluice
