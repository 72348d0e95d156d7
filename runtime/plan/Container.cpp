#include "runtime/plan/Container.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

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
  }
  return "unknown kind";
}

Hash128 containerHash(std::span<const uint8_t> bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical,
                           XXH3_128bits(bytes.data(), bytes.size()));
  Hash128 hash;
  std::memcpy(hash.data(), canonical.digest, hash.size());
  return hash;
}

Hash128 containerHeaderHash(std::span<const uint8_t> header) {
  std::array<uint8_t, container::headerBytes> copy;
  std::copy_n(header.begin(), copy.size(), copy.begin());
  std::fill_n(copy.begin() + container::hashOffset, Hash128().size(), 0);
  return containerHash(copy);
}

} // namespace sluice
