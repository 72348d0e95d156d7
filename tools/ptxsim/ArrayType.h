#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::ptxsim {

/// A type of numbers as the command line names it: "f32", "bf16".
struct ElementType {
  enum class Kind : uint8_t { Signed, Unsigned, Float, Bits };

  std::string_view name;
  std::string_view descr; // numpy's name; bf16 and bits are unsigned integers
  uint32_t bytes;
  Kind kind;
};

/// Null if there is no such type.
const ElementType *elementType(std::string_view name);
/// "i8, u8, ..", for messages.
std::string elementTypeNames();

/// "256x256" -> {256, 256}; at least one extent. Errors: InvalidArgument.
Result<std::vector<uint64_t>> parseShape(std::string_view text);

/// Bytes of an array. Errors: InvalidArgument if no address space has them.
Result<uint64_t> arrayBytes(const ElementType &type,
                            const std::vector<uint64_t> &shape);

} // namespace sluice::ptxsim
