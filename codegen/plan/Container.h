#pragma once

#include "runtime/plan/Container.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

/// Lays sections into a plan file (runtime/plan/Container.h has the format).
/// Equal sections in equal order give equal bytes.
class ContainerWriter {
public:
  /// Adds a section at the next multiple of `alignment` and returns its index
  /// in the section table. The bytes are moved in.
  uint32_t add(SectionKind kind, std::vector<uint8_t> bytes,
               uint32_t alignment = container::minAlignment);

  /// Feature bits of the file; 0 unless set.
  void require(uint64_t bits) { required |= bits; }
  void offer(uint64_t bits) { optional |= bits; }

  /// The whole file.
  /// Errors: InvalidArgument for what no reader would take: no or too many
  /// sections, an empty one, an alignment that is no power of two from 4096 up.
  Result<std::vector<uint8_t>> bytes() const;

private:
  struct Pending {
    SectionKind kind;
    uint32_t alignment;
    std::vector<uint8_t> bytes;
  };
  std::vector<Pending> sections;
  uint64_t required = 0;
  uint64_t optional = 0;
};

} // namespace sluice
