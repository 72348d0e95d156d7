#pragma once

#include "runtime/device/sim/ptx/Type.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::sim {

struct OpcodeRow; // OpcodeTable.h

// PTX text as a tree. Every string_view points into Module::text. Names of
// registers, variables and labels are resolved while parsing, so that the
// nested scopes of the text are gone.

struct Place {
  uint32_t line = 0; // from 1
  uint32_t column = 0;
};

enum class Space : uint8_t {
  Generic,
  Global,
  Const,
  Shared,
  Local,
  Param,
};
std::string_view spaceName(Space space);

/// A .global, .const, .shared, .local or .param variable or parameter.
struct Variable {
  std::string_view name;
  Space space = Space::Global;
  Type type = Type::B8;
  uint64_t bytes = 0; // 0: of unknown size, `extern .shared x[]`
  uint32_t alignment = 1;
  bool external = false;
  Place place;

  std::vector<uint8_t> initial; // empty: zero
  /// The address of `symbol` plus `addend` is stored at `offset`.
  struct Relocation {
    uint64_t offset;
    uint32_t bytes;
    bool generic;
    std::string_view symbol;
    int64_t addend;
  };
  std::vector<Relocation> relocations;
};

struct Register {
  std::string_view name; // of the declaration, with its number if it has one
  uint32_t number = 0;
  bool numbered = false;
  Type type = Type::B32;

  std::string spelling() const;
};

enum class OperandKind : uint8_t {
  Register, // index: of Function::registers
  Special,  // name: %tid.x
  Integer,  // bits, as a 64-bit two's complement number
  Float,    // bits of an f64
  Float32,  // bits of an f32
  Variable, // name, number: its address plus `number`
  Label,    // index: of Function::body
  Name,     // name: a function, a branch table, or anything not declared yet
  Address,  // [elements[0] + number], elements[0] may be an Integer
  Vector,   // {elements}
  Pair,     // elements[0] | elements[1]
  List,     // (elements)
  Sink,     // _
};

struct Operand {
  OperandKind kind = OperandKind::Sink;
  bool negated = false; // !p
  uint32_t index = 0;
  int64_t number = 0;
  uint64_t bits = 0;
  std::string_view name;
  const Variable *variable = nullptr;
  std::vector<Operand> elements;
  Place place;
};

/// A modifier and the slot of the row that took it.
struct Modifier {
  std::string_view word;
  uint32_t slot;
};

struct Statement {
  const OpcodeRow *row = nullptr;
  std::vector<Modifier> modifiers;
  std::vector<Operand> operands;
  std::optional<Operand> guard; // a Register, perhaps negated
  Place place;
  uint32_t location = 0; // index of Module::locations, 0: none
  std::string_view text; // without the semicolon
};

struct BranchTable {
  std::string_view name;
  std::vector<Operand> labels;
};

struct Function {
  std::string_view name;
  bool isEntry = false;
  bool hasBody = false;
  std::vector<std::unique_ptr<Variable>> parameters;
  std::vector<std::unique_ptr<Variable>> results;
  std::vector<Register> registers;
  std::vector<std::unique_ptr<Variable>> variables; // shared, local and param
  std::vector<Statement> body;
  std::vector<BranchTable> tables;
  uint32_t requiredThreads[3] = {0, 0, 0}; // .reqntid
  uint32_t maximumThreads[3] = {0, 0, 0};  // .maxntid
  Place place;
};

/// A .loc: the place in the source that `line` of the PTX came from.
struct Location {
  uint32_t file = 0;
  uint32_t line = 0;
  uint32_t column = 0;
};

struct SourceFile {
  uint32_t number;
  std::string_view name;
};

struct Module {
  std::string text;
  std::string file;     // for messages
  uint32_t version = 0; // 10 * major + minor: 88
  std::string_view target;
  std::vector<std::string> notes; // what a reader should know: a newer version
  std::vector<std::unique_ptr<Variable>> variables;
  std::vector<std::unique_ptr<Function>> functions;
  std::vector<Location> locations; // [0] is none
  std::vector<SourceFile> sources;

  std::unordered_map<std::string_view, const Function *> bodies; // of these

  /// The function of that name that has a body, or null.
  const Function *function(std::string_view name) const;
  /// "kernel.cu:12", or "" without a .loc.
  std::string locationText(uint32_t location) const;
};

} // namespace sluice::sim
