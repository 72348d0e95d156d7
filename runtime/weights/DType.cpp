#include "runtime/weights/DType.h"

#include <array>

namespace sluice {

namespace {
struct Entry {
  std::string_view name;
  uint64_t bytes;
};
} // namespace

// In the order of the enum.
static constexpr std::array<Entry, 16> table = {{{"BOOL", 1},
                                                 {"U8", 1},
                                                 {"I8", 1},
                                                 {"F8_E4M3", 1},
                                                 {"F8_E5M2", 1},
                                                 {"F8_E8M0", 1},
                                                 {"I16", 2},
                                                 {"U16", 2},
                                                 {"F16", 2},
                                                 {"BF16", 2},
                                                 {"I32", 4},
                                                 {"U32", 4},
                                                 {"F32", 4},
                                                 {"I64", 8},
                                                 {"U64", 8},
                                                 {"F64", 8}}};
static_assert(table.size() == static_cast<size_t>(DType::F64) + 1);

std::string_view dtypeName(DType dtype) {
  return table[static_cast<size_t>(dtype)].name;
}

uint64_t dtypeBytes(DType dtype) {
  return table[static_cast<size_t>(dtype)].bytes;
}

std::optional<DType> dtypeFromName(std::string_view name) {
  for (size_t i = 0; i < table.size(); ++i)
    if (table[i].name == name)
      return static_cast<DType>(i);
  return std::nullopt;
}

std::string dtypeNames() {
  std::string result;
  for (const Entry &entry : table) {
    if (!result.empty())
      result += ", ";
    result += entry.name;
  }
  return result;
}

} // namespace sluice
