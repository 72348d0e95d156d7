#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// How a safetensors file says what an element is. The reader knows widths and
/// names, never values.
enum class DType : uint8_t {
  Bool,
  U8,
  I8,
  F8E4M3,
  F8E5M2,
  F8E8M0,
  I16,
  U16,
  F16,
  BF16,
  I32,
  U32,
  F32,
  I64,
  U64,
  F64,
};

/// The name in the file, e.g. "F8_E4M3".
std::string_view dtypeName(DType dtype);
std::optional<DType> dtypeFromName(std::string_view name);
/// All names, "BOOL, U8, ..", for messages.
std::string dtypeNames();
uint64_t dtypeBytes(DType dtype);

} // namespace sluice
