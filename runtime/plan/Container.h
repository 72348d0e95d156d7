#pragma once

#include "runtime/base/Hash.h"
#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sluice {

/// The plan file, as bytes. Numbers are little-endian.
///
///     0     8  magic "SLUICEPL"
///     8     2  major version: another major is another format
///     10    2  minor version: additions that an older reader may ignore
///     12    4  bytes of this header, 4096
///     16    8  required feature bits: a reader refuses what it does not know
///     24    8  optional feature bits: a reader may ignore them
///     32    8  bytes of the file
///     40    4  number of sections, 1..64
///     44    4  zero
///     48   16  XXH3-128 of this header with these 16 bytes zero
///     64   ..  section table, 40 bytes each:
///                0  4 kind   4  4 alignment   8  8 offset   16  8 length
///                24 16 XXH3-128 of the section
///              the rest of the header is zero
///
/// A hash is its low 64 bits, then its high ones. Sections lie in the order of
/// the table, each at the next multiple of its alignment, zeros
/// between; the file ends with the last one. The first 64 bytes mean the same
/// in every version, so that a newer file is told from a damaged one.
namespace container {
constexpr std::string_view magic = "SLUICEPL";
constexpr uint16_t major = 1;
constexpr uint16_t minor = 0;
constexpr uint32_t headerBytes = 4096;
constexpr uint32_t tableOffset = 64;
constexpr uint32_t entryBytes = 40;
constexpr uint32_t maxSections = 64;
constexpr uint32_t minAlignment = 4096;
constexpr uint32_t maxAlignment = 1u << 30;
constexpr uint32_t hashOffset = 48;
constexpr uint32_t hashBytes = 16;

/// Feature bits this version knows. None is required yet.
constexpr uint64_t knownRequired = 0;
constexpr uint64_t knownOptional = 0;
} // namespace container

enum class SectionKind : uint32_t {
  Plan = 1,       // the flatbuffer of plan.fbs; exactly one
  CpuImage = 2,   // position-independent code and read-only data
  Ptx = 3,        // PTX text
  Tokenizer = 4,  // tokenizer tables (runtime/text); at most one
  Constants = 5,  // at most one
  Provenance = 6, // JSON: who made this file, from what; at most one
  Cubin = 7,      // what ptxas made of a PTX section for its own GPU
};

/// "CpuImage", or "unknown kind" for a number without a name.
std::string_view sectionKindName(SectionKind kind);

/// XXH3-128 of a header as it is stored in it: its own 16 bytes count as zero.
/// `header` has headerBytes bytes.
Hash128 containerHeaderHash(std::span<const uint8_t> header);

} // namespace sluice
