#pragma once

#include "tools/ptxsim/ArrayType.h"

#include <array>
#include <cstddef>

namespace sluice::ptxsim {

/// One --arg: what a kernel's parameter is given.
struct Argument {
  enum class Kind : uint8_t {
    In,     // in:FILE           memory with an array
    Out,    // out:FILE:TYPE:SHAPE   memory that nobody wrote
    Zeros,  // zeros:FILE:TYPE:SHAPE memory of zeros
    InOut,  // inout:FROM:TO     memory with an array, which is saved
    Value,  // value:FILE        the bytes of an array, for a struct
    Number, // i32:5             one number
  };

  Kind kind = Kind::Number;
  std::string text;                  // as on the command line, for messages
  std::string from;                  // the file that is read; empty: none
  std::string to;                    // the file that is written; empty: none
  const ElementType *type = nullptr; // of Out, Zeros and Number
  std::vector<uint64_t> shape;       // of Out and Zeros
  std::array<std::byte, 8> number{}; // type->bytes of it

  bool isMemory() const { return kind != Kind::Value && kind != Kind::Number; }
};

/// Errors: InvalidArgument.
Result<Argument> parseArgument(const std::string &text);

} // namespace sluice::ptxsim
