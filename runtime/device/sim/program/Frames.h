#pragma once

#include "runtime/device/sim/program/Program.h"

#include <map>
#include <optional>

namespace sluice::sim {

/// The registers and local memory that a function owns while it runs.
struct Frame {
  const Function *function = nullptr;
  uint32_t firstCode = 0;
  uint32_t codeEnd = 0;
  uint32_t firstRegister = 0; // bytes of the register file
  uint32_t registerEnd = 0;
  uint64_t firstLocal = 0; // bytes of a lane's local memory
  uint64_t localEnd = 0;
  bool recursive = false;
};

/// What a Call instruction moves and where it goes. Offsets of local memory.
struct CallPlan {
  struct Copy {
    uint64_t from, to;
    uint32_t bytes;
  };
  std::vector<Copy> arguments;
  std::vector<Copy> results;
  Frame callee;
  /// Registers of a recursive callee: bytes per lane, 0 for a predicate.
  struct Saved {
    uint32_t offset, bytes;
  };
  std::vector<Saved> saved;
};

/// The plans of an indirect call, by the address of the function: of those in
/// the module whose address is taken and whose parameters fit.
struct IndirectCallPlan {
  std::map<uint64_t, CallPlan> plans;
};

/// Whether it is a call of the function that a register points at.
bool isIndirectCall(const Statement &statement);

/// What a call calls: Instruction::options, which says what its payload is.
enum class CallKind : uint32_t {
  Function,   // a CallPlan
  Indirect,   // an IndirectCallPlan
  AssertFail, // an AssertPlan: __assertfail, which C's assert calls where it
              // fails
  Vprintf,    // a PrintPlan: what printf calls
};
/// AssertFail and Vprintf have no body in any module: CUDA's runtime provides
/// them, and so do we. Function: any other name.
CallKind builtinOf(std::string_view name);

/// Where a call has the condition's text, the file's name and the line: offsets
/// of local memory.
struct AssertPlan {
  uint64_t condition, file, line;
};
/// The format, the address of its arguments and, if wanted, the result.
struct PrintPlan {
  uint64_t format, arguments;
  std::optional<uint64_t> result;
};

/// Lays out registers, shared and local memory and parameters of a kernel and
/// all that it calls.
class Frames {
public:
  Frames(Program &program, const Module &module, const SymbolAddresses &symbols)
      : program(program), module(module), symbols(symbols) {}

  /// Errors: BadInput for a call of something without a body.
  Status layOut(const Function &kernel);

  std::vector<Frame> frames; // [0] is the kernel's

  const Frame *find(std::string_view function) const;
  uint32_t registerOffset(const Frame &frame, uint32_t index) const;
  /// A constant in the register file, `bytes` (0: predicate) per lane.
  uint32_t constant(uint8_t bytes, uint64_t low, uint64_t high = 0);
  uint32_t special(SpecialRegister which, uint8_t bytes);
  uint32_t newRegister(uint32_t bytesPerLane);
  /// The address of a variable in its own space.
  Result<uint64_t> address(const Variable &variable) const;
  /// The address of a function with a body, or none. Errors: BadInput.
  Result<uint64_t> functionAddress(std::string_view name) const;
  /// Functions that some instruction or variable has the address of, without
  /// those that call what has no body (a destructor calls free).
  const std::vector<const Function *> &pointedAt();
  /// .param variables of functions and calls live in local memory.
  bool isCallParameter(const Variable &variable) const {
    return locals.contains(&variable);
  }

private:
  Status addFunction(const Function &function,
                     std::vector<const Function *> &open);
  void addVariable(const Variable &variable);
  void markRecursion();

  Program &program;
  const Module &module;
  const SymbolAddresses &symbols;
  std::map<const Function *, std::vector<uint32_t>> registers;
  std::map<const Variable *, uint64_t> locals;
  std::map<const Variable *, uint64_t> sharedVariables;
  std::map<const Variable *, uint64_t> kernelParameters;
  std::map<std::tuple<uint8_t, uint64_t, uint64_t>, uint32_t> constants;
  std::map<std::pair<SpecialRegister, uint8_t>, uint32_t> specials;
  std::map<const Function *, std::vector<std::string_view>> calls;
  std::optional<std::vector<const Function *>> pointed; // once asked for
};

} // namespace sluice::sim
