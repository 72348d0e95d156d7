#pragma once

#include "runtime/device/sim/ptx/Module.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

/// What an instruction is counted as.
enum class OpClass : uint8_t {
  Integer,
  Logic,
  Float,
  Double,
  Half,
  Special, // transcendental functions
  Convert,
  Move,
  Compare,
  Control,
  Load,
  Store,
  Atomic,
  Warp, // shfl, vote, match, redux, elect
  Barrier,
  Matrix,
  Async, // cp.async, mbarrier
  Hint,  // no effect that a program can see
};
inline constexpr int kOpClasses = 18;
std::string_view opClassName(OpClass opClass);

/// How sure we are that the model does what hardware does.
enum class Sureness : uint8_t {
  Exact,      // the ISA leaves nothing open
  Bounded,    // the ISA gives an error bound; our bits are within it
  Documented, // as we read the ISA's text or figures; never run on hardware
  Loose,      // the ISA leaves the order or choice open; we make one
};
std::string_view surenessName(Sureness sureness);

/// What may stand in one place of an instruction. The letters of
/// Opcodes.def:
///   d  destination register         D  the same, or a vector, by .v2 .v4 .v8
///   s  source: register, immediate  S  the same, or a vector
///      or address of a variable     V  a vector of any length, destination
///   p  destination predicate        U  a vector of any length, source
///   q  destination predicate with an optional second: p|q
///   x  destination register with an optional predicate: d|p
///   c  source predicate, perhaps !p (or the immediates 0, 1)
///   m  memory: [a], [a+4]           b  label        f  function
///   t  branch table                 r  call results, in parentheses
///   a  call arguments               n  immediate integer
/// followed by its type: a digit for the n-th type among the modifiers (0 if
/// there is none), w for twice its width, or :type; and ? if it may be left
/// out.
struct OperandSpec {
  char kind = 's';
  bool optional = false;
  bool wide = false;
  bool fixed = false;
  uint8_t typeIndex = 0;
  Type type = Type::B32; // if fixed
};

struct Slot {
  bool optional = false;
  std::vector<std::string_view> words;
};

/// One form of an opcode, a row of Opcodes.def.
struct OpcodeRow {
  std::string_view name;
  std::string_view modifiers; // as written in the table
  std::string_view operandText;
  std::string_view binder;
  OpClass opClass;
  uint32_t version; // of PTX, 10 * major + minor
  uint32_t sm;
  Sureness sureness;
  std::string_view section; // of the PTX ISA
  uint32_t index;
  std::vector<Slot> slots;
  std::vector<OperandSpec> operands;

  size_t requiredOperands() const;
};

std::span<const OpcodeRow> opcodeTable();
/// The rows of an opcode, which stand together.
std::span<const OpcodeRow> opcodeRows(std::string_view name);
/// The opcode whose name is nearest, for messages.
std::string_view nearestOpcode(std::string_view name);

/// Tries to give each word its slot, in order. On success `taken` has a
/// modifier for each word; else its length is that of the longest beginning
/// that fits, and `expected` says what could have followed it.
bool matchModifiers(const OpcodeRow &row,
                    std::span<const std::string_view> words,
                    std::vector<Modifier> &taken, std::string &expected);

/// The same for words in another order than the ISA's grammar has, which ptxas
/// takes and CUDA's own headers write (atom.add.acquire.cta.u32). Types stay
/// in order among themselves, and so do state spaces and row and col: to
/// convert or copy the other way is another instruction. `taken` is in the
/// order of the grammar.
bool matchReordered(const OpcodeRow &row,
                    std::span<const std::string_view> words,
                    std::vector<Modifier> &taken);

/// "add{.sat}.s32  d, a, b", for people.
std::string describeRow(const OpcodeRow &row);

} // namespace sluice::sim
