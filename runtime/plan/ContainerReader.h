#pragma once

#include "runtime/plan/Container.h"

namespace sluice {

struct Section {
  SectionKind kind; // may be a kind of a newer minor version
  uint64_t offset;  // bytes from the start of the file
  std::span<const uint8_t> bytes;
};

/// The sections of a plan file, all checked: bounds, order, padding, hashes.
/// Points into the bytes it was read from, which must outlive it.
class Container {
public:
  /// Safe on hostile bytes.
  /// Errors: BadInput for a damaged file; Incompatible for one that needs a
  /// newer runtime.
  static Result<Container> read(std::span<const uint8_t> file);

  const std::vector<Section> &sections() const { return theSections; }

  /// The only section of `kind`, or null.
  const Section *find(SectionKind kind) const;

  uint16_t minorVersion() const { return theMinor; }

  /// Optional feature bits that this runtime does not know: worth a warning.
  uint64_t unknownOptional() const { return theUnknownOptional; }

private:
  std::vector<Section> theSections;
  uint16_t theMinor = 0;
  uint64_t theUnknownOptional = 0;
};

} // namespace sluice
