#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::sim {

/// A PTX type: of a register, a variable, or what an instruction says.
enum class Type : uint8_t {
  Pred,
  B8,
  B16,
  B32,
  B64,
  B128,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  Bf16,
  Bf16x2,
  Tf32,
  F32,
  F64,
  F32x2,
  U16x2,
  S16x2,
  E4m3,
  E5m2,
  E4m3x2,
  E5m2x2,
  E2m1x2,
  E2m3x2,
  E3m2x2,
  Ue8m0x2,
};

/// The type of a modifier or directive without its dot: "u32".
std::optional<Type> typeFromWord(std::string_view word);
std::string_view typeName(Type type);
/// Bits that a value takes in a register; 1 for a predicate.
int typeBits(Type type);
bool isSignedInteger(Type type);
bool isFloat(Type type);

} // namespace sluice::sim
