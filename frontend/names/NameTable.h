#pragma once

#include "frontend/names/Names.h"

#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// One row of the table: the tensor of a parameter in each scheme, from the
/// root. Older spellings follow the current one after a blank.
struct NameRow {
  Param param;
  std::string_view released;
  std::string_view modules;
  std::string_view saved; // empty: "model." before the released name
  /// Whether some format stores it with block scales.
  bool scaled = false;
  /// In `modules` two parameters share this tensor, the first on top: 0 or 1,
  /// or -1 for a tensor of its own.
  int half = -1;

  std::vector<std::string> spellings(NameScheme scheme) const;
};

/// In the order of Param.
std::span<const NameRow> nameTable();

} // namespace sluice
