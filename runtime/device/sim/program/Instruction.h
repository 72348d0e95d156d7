#pragma once

#include "runtime/device/sim/ptx/OpcodeTable.h"

#include <cstdint>

namespace sluice::sim {

class Warp;
struct Instruction;

/// Bit l is lane l of a warp.
using LaneMask = uint32_t;
inline constexpr LaneMask kAllLanes = 0xffffffff;
inline constexpr int kWarpLanes = 32;

/// Executes an instruction for the lanes of `mask`, which is never empty.
using Handler = void(Warp &warp, const Instruction &instruction, LaneMask mask);

inline constexpr uint32_t kNone = 0xffffffff;

/// d = f(a, b, c) on all 32 lanes; operands that f lacks are anything. The
/// result may be one of the operands' registers.
using LanesOp = void(void *d, const void *a, const void *b, const void *c,
                     uint32_t options);
/// The lanes for which a comparison of a and b holds.
using CompareOp = LaneMask(const void *a, const void *b, uint32_t options);

/// What a handler needs besides offsets; it knows which member is meant.
union Payload {
  const void *data = nullptr; // owned by the program
  LanesOp *lanes;
  CompareOp *compare;
};

/// Registers live in a file of one byte array per warp: 32 lanes side by side,
/// each register at a multiple of 64 bytes ("unit"). Registers of 8 and 16 bits
/// take one unit, of 32 two, of 64 four, of 128 eight (32 low halves, then 32
/// high ones). A predicate is one LaneMask, in a unit of its own. Immediates
/// and special registers are registers that somebody else wrote.
inline constexpr uint32_t kUnit = 64;

/// What a memory operand's address is relative to.
enum class AddressBase : uint8_t {
  None,       // a constant
  Register32, // an address in Instruction::base
  Register64,
};

/// A decoded instruction: all that its handler needs, in two cache lines.
struct alignas(64) Instruction {
  Handler *handler = nullptr;
  Handler *checked = nullptr; // when checks or counters are on
  Payload payload;
  uint32_t guard = kNone; // of a predicate
  uint32_t d = 0;         // offsets into the register file
  uint32_t a = 0;
  uint32_t b = 0;
  uint32_t c = 0;
  uint32_t p = kNone;          // a predicate, read or written
  uint32_t q = kNone;          // a second one, written
  uint32_t base = kNone;       // of an address
  int64_t offset = 0;          // of an address
  uint32_t options = 0;        // bits that the handler knows
  uint32_t target = kNone;     // index into Program::code
  uint32_t reconverge = kNone; // likewise; kNone: only at the end
  uint32_t list = 0;           // first of Program::operands: vectors
  uint32_t uses = 0;           // first of Program::operands: sources, then
  uint16_t useCount = 0;       // destinations, as 64-byte units, for taint
  uint16_t defCount = 0;
  uint16_t listCount = 0;
  uint8_t bytes = 0; // of one element in memory
  uint8_t count = 0; // elements of a vector
  Space space = Space::Generic;
  AddressBase addressBase = AddressBase::None;
  OpClass opClass = OpClass::Integer;
  bool guardNegated = false;
  bool pNegated = false;
  bool isPlain = false;  // payload.lanes of all lanes is all that it does
  bool ownTaint = false; // its handler sees to its results' taint
  bool strong = false;   // volatile, relaxed, acquire, release, atomic
  bool acquires = false;
  bool releases = false;
  uint8_t registerBytes = 0; // of the registers of `list`, if they differ
  uint8_t taintPart = 0;     // units that depend on their like only; 0: on all
  uint8_t bitSources = 0;    // of payload.lanes: a, b, c of which each bit
                             // goes to bits of the result, with others' or not
  uint8_t bitUnits = 0;      // of each of them
  uint16_t straight = 0; // plain instructions without a guard, from this one
                         // on in its basic block
  uint32_t index = 0;    // of itself in Program::code
};
static_assert(sizeof(Instruction) == 128);

} // namespace sluice::sim
