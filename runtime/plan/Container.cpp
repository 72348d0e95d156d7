#include "runtime/plan/Container.h"

#include <algorithm>
#include <array>

namespace sluice {

std::string_view sectionKindName(SectionKind kind) {
  switch (kind) {
  case SectionKind::Plan:
    return "Plan";
  case SectionKind::CpuImage:
    return "CpuImage";
  case SectionKind::Ptx:
    return "Ptx";
  case SectionKind::Tokenizer:
    return "Tokenizer";
  case SectionKind::Constants:
    return "Constants";
  case SectionKind::Provenance:
    return "Provenance";
  case SectionKind::Cubin:
    return "Cubin";
  }
  return "unknown kind";
}

Hash128 containerHeaderHash(std::span<const uint8_t> header) {
  std::array<uint8_t, container::headerBytes> copy;
  std::copy_n(header.begin(), copy.size(), copy.begin());
  std::fill_n(copy.begin() + container::hashOffset, container::hashBytes, 0);
  return sluice::hashBytes(copy.data(), copy.size());
}

} // namespace sluice
