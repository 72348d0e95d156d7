#pragma once

#include "runtime/device/sim/program/Program.h"

#include <span>
#include <string>

namespace sluice::sim {

/// An operand of a statement as a place in the register file.
struct BoundOperand {
  char kind = 0; // of its OperandSpec
  bool present = false;
  bool negated = false; // !p
  bool immediate = false;
  uint64_t value = 0;  // of an immediate, truncated to its type
  uint32_t offset = 0; // of a register, or of nobody's for a sink
  bool sink = false;
  uint32_t second = kNone;    // of d|p and p|q
  int bits = 0;               // of the register
  std::vector<uint32_t> list; // of a vector; a scalar where one may stand: [1]
  std::vector<int> listBits;
};

/// What a bind function sees of one statement, and the instruction that it
/// fills. Destination and sources of fixed kinds (d x s p q c m) are already in
/// `out`: d; a, b, c in order; p, q (destinations before a source predicate);
/// base and offset.
class Binder {
public:
  Binder(Program &program, const Statement &statement, Instruction &out)
      : program(program), statement(statement), out(out) {}

  const OpcodeRow &row() const { return *statement.row; }
  std::string_view name() const { return statement.row->name; }
  bool has(std::string_view word) const;
  /// The first word that `words` contains, else "".
  std::string_view oneOf(std::span<const std::string_view> words) const;
  /// The n-th modifier that is a type.
  Type type(size_t n = 0) const;
  size_t typeCount() const;

  const BoundOperand &operand(size_t n) const { return operands[n]; }

  /// Sets both handlers.
  void use(Handler *handler) {
    out.handler = out.checked = handler;
    out.isPlain = false;
  }
  void useData(Handler *handler, const void *data) {
    use(handler);
    out.payload.data = data;
  }
  /// A register to compute in, `bytes` per lane, of this instruction alone.
  uint32_t scratch(uint32_t bytes);
  /// Stores register offsets in the program; out.list and listCount name them.
  void setList(std::span<const uint32_t> offsets);
  /// Keeps `object` as long as the program.
  template <typename T> const T *keep(T object) {
    auto shared = std::make_shared<const T>(std::move(object));
    program.owned.push_back(shared);
    return shared.get();
  }

  /// The statement is wrong or its combination of modifiers not modelled.
  bool fail(std::string sentence) {
    message = std::move(sentence);
    return false;
  }

  Program &program;
  const Statement &statement;
  Instruction &out;
  std::vector<BoundOperand> operands;
  /// The second address of cp.async; the first is in `out`.
  struct Address {
    uint32_t base = 0;
    AddressBase addressBase = AddressBase::None;
    int64_t offset = 0;
    Space space = Space::Generic;
  } second;
  std::string message;
};

/// False after Binder::fail.
using BindFunction = bool(Binder &);

/// The function that `OpcodeRow::binder` names; null if there is none.
BindFunction *findBinder(std::string_view name);

} // namespace sluice::sim
