#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/sim/program/Instruction.h"

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::sim {

/// Special registers that are held in the register file.
enum class SpecialRegister : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  NWarpId,
  SmId,
  NSmId,
  GridId,
  LaneMaskEq,
  LaneMaskLe,
  LaneMaskLt,
  LaneMaskGe,
  LaneMaskGt,
  DynamicSharedBytes,
  TotalSharedBytes,     // of the block, in units of allocation
  AggregateSharedBytes, // with what is the system's
  Clock, // all three: instructions that the warp had run when its turn began
  Clock64,
  GlobalTimer,
  Zero, // of clusters of one block: cluster_ctarank and the like
  One,
};

/// Where an instruction came from, for reports.
struct Source {
  const Statement *statement;
  const Function *function;
};

/// A value that stands in the register file before the first instruction.
struct ConstantSlot {
  uint32_t offset;
  uint8_t bytes; // 2, 4, 8, 16; 0 for a predicate
  uint64_t low;
  uint64_t high; // of 16 bytes
};

struct SpecialSlot {
  uint32_t offset;
  uint8_t bytes;
  SpecialRegister which;
};

/// A named piece of an address window: shared or local memory, parameters.
struct Region {
  std::string name;
  uint64_t offset;
  uint64_t bytes;
};

/// A parameter of the kernel.
struct Parameter {
  std::string name;
  uint32_t offset;
  uint32_t bytes;
  uint32_t alignment;
  Type type;
};

struct BranchTargets {
  std::vector<uint32_t> targets;
  uint32_t reconverge;
};

/// A kernel with every function that it can reach, ready to run. Functions own
/// fixed registers, so that a call moves nothing but arguments; a function that
/// can reach itself saves its registers around such calls.
struct Program {
  const Module *module = nullptr;
  const Function *kernel = nullptr;
  std::vector<Instruction> code;
  std::vector<Source> sources;    // of each instruction
  std::vector<uint32_t> operands; // lists of register offsets
  std::vector<BranchTargets> tables;
  std::vector<ConstantSlot> constants;
  std::vector<SpecialSlot> specials;
  std::vector<uint32_t> zeroed; // units that may be read before written
  std::vector<std::shared_ptr<const void>> owned; // payloads
  /// Of matrix instructions, by their index: operand type and operations.
  struct MatrixWork {
    std::string type;
    uint64_t operations;
  };
  std::map<uint32_t, MatrixWork> matrixWork;
  bool readsClock = false; // has one of the clocks among its specials
  uint32_t registerBytes = 0;
  uint32_t entry = 0;
  uint32_t conditionCode = kNone; // the carry flag, a predicate

  std::vector<Region> shared;
  uint64_t sharedBytes = 0;   // static; dynamic memory follows
  uint64_t dynamicShared = 0; // where it begins
  std::vector<Region> local;
  uint64_t localBytes = 0; // of each lane
  std::vector<Parameter> parameters;
  uint32_t parameterBytes = 0;
  uint32_t callBytes = 0; // of each lane: .param variables of calls

  /// "kernel.ptx:12"
  std::string placeOf(const Instruction &instruction) const;
};

/// Addresses of module variables, by name; made when a module is loaded.
using SymbolAddresses = std::unordered_map<std::string_view, uint64_t>;

/// Decodes `kernel`. Errors: BadInput with file:line for what the parser could
/// not see: operands of the wrong kind or width, unknown names, modifiers whose
/// combination is not modelled.
Result<std::unique_ptr<Program>> decode(const Module &module,
                                        const Function &kernel,
                                        const SymbolAddresses &symbols);

} // namespace sluice::sim
