#include "runtime/device/sim/program/Frames.h"

#include "runtime/device/sim/memory/Windows.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <set>

namespace sluice::sim {
namespace {

uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

constexpr uint64_t kMostRegisterBytes = uint64_t{1} << 26; // of a warp
constexpr size_t kMostFunctions = 4096;
constexpr uint64_t kMostLocalBytes = uint64_t{1} << 19; // of a lane, as sm_90

void forEachOperand(const std::vector<Operand> &operands,
                    const std::function<void(const Operand &)> &visit) {
  for (const Operand &operand : operands) {
    visit(operand);
    forEachOperand(operand.elements, visit);
  }
}

/// Whether all that it calls by name, and what they call, can be called.
bool isComplete(const Module &module, const Function &function) {
  std::set<const Function *> seen;
  std::vector<const Function *> open{&function};
  bool complete = true;
  while (complete && !open.empty()) {
    const Function *next = open.back();
    open.pop_back();
    if (!seen.insert(next).second)
      continue;
    for (const Statement &statement : next->body)
      if (statement.row->name == "call" && !isIndirectCall(statement))
        forEachOperand(statement.operands, [&](const Operand &operand) {
          if (operand.kind != OperandKind::Name)
            return;
          if (const Function *callee = module.function(operand.name))
            open.push_back(callee);
          else
            complete &= builtinOf(operand.name) != CallKind::Function;
        });
  }
  return complete;
}

} // namespace

bool isIndirectCall(const Statement &statement) {
  if (statement.row->name != "call")
    return false;
  for (const Operand &operand : statement.operands)
    if (operand.kind != OperandKind::List)
      return operand.kind == OperandKind::Register;
  return false;
}

uint32_t Frames::newRegister(uint32_t bytesPerLane) {
  uint32_t offset = program.registerBytes;
  program.registerBytes += static_cast<uint32_t>(
      alignUp(std::max<uint32_t>(bytesPerLane * kWarpLanes, kUnit), kUnit));
  return offset;
}

uint32_t Frames::constant(uint8_t bytes, uint64_t low, uint64_t high) {
  auto [slot, fresh] = constants.emplace(std::tuple(bytes, low, high), 0);
  if (fresh) {
    slot->second = newRegister(bytes);
    program.constants.push_back({slot->second, bytes, low, high});
  }
  return slot->second;
}

uint32_t Frames::special(SpecialRegister which, uint8_t bytes) {
  auto [slot, fresh] = specials.emplace(std::pair(which, bytes), 0);
  if (fresh) {
    slot->second = newRegister(bytes);
    program.specials.push_back({slot->second, bytes, which});
    program.readsClock |= which == SpecialRegister::Clock ||
                          which == SpecialRegister::Clock64 ||
                          which == SpecialRegister::GlobalTimer;
  }
  return slot->second;
}

uint32_t Frames::registerOffset(const Frame &frame, uint32_t index) const {
  return registers.at(frame.function)[index];
}

const Frame *Frames::find(std::string_view function) const {
  for (const Frame &frame : frames)
    if (frame.function->name == function)
      return &frame;
  return nullptr;
}

CallKind builtinOf(std::string_view name) {
  return name == "__assertfail" ? CallKind::AssertFail
         : name == "vprintf"    ? CallKind::Vprintf
                                : CallKind::Function;
}

void Frames::addVariable(const Variable &variable) {
  if (variable.space == Space::Shared) {
    if (sharedVariables.contains(&variable))
      return;
    if (variable.bytes == 0) { // dynamic: placed behind all others, later
      sharedVariables.emplace(&variable, 0);
      return;
    }
    program.sharedBytes = alignUp(program.sharedBytes, variable.alignment);
    sharedVariables.emplace(&variable, program.sharedBytes);
    program.shared.push_back(
        {std::string(variable.name), program.sharedBytes, variable.bytes});
    program.sharedBytes += variable.bytes;
    return;
  }
  if (locals.contains(&variable))
    return;
  program.localBytes = alignUp(program.localBytes, variable.alignment);
  locals.emplace(&variable, program.localBytes);
  program.local.push_back(
      {std::string(variable.name), program.localBytes, variable.bytes});
  program.localBytes += variable.bytes;
}

// `open` gets what it calls.
Status Frames::addFunction(const Function &function,
                           std::vector<const Function *> &open) {
  Frame frame;
  frame.function = &function;
  frame.firstRegister = program.registerBytes;
  frame.firstLocal = program.localBytes;
  std::vector<uint32_t> &offsets = registers[&function];
  for (const Register &reg : function.registers) {
    auto bits = static_cast<uint32_t>(typeBits(reg.type));
    offsets.push_back(
        newRegister(reg.type == Type::Pred ? 0 : std::max(bits / 8, 2U)));
    if (program.registerBytes > kMostRegisterBytes)
      return badInput(
          fmt::format("{}:{}: {} has more registers than the 64 MiB "
                      "of a warp's register file",
                      module.file, function.place.line, function.name));
  }
  frame.registerEnd = program.registerBytes;
  // Only the kernel's parameters come from the launch.
  if (!function.isEntry)
    for (const auto *list : {&function.parameters, &function.results})
      for (const auto &variable : *list)
        addVariable(*variable);
  for (const auto &variable : function.variables)
    addVariable(*variable);
  frame.localEnd = program.localBytes;
  if (program.localBytes > kMostLocalBytes)
    return badInput(fmt::format("{}: {} and what it calls need {} bytes of "
                                "local memory, at most {} are possible",
                                module.file, function.name, program.localBytes,
                                kMostLocalBytes));
  frames.push_back(frame);
  std::vector<std::string_view> &callees = calls[&function];
  for (const Statement &statement : function.body) {
    bool isCall = statement.row->name == "call";
    if (isIndirectCall(statement))
      for (const Function *callee : pointedAt()) {
        callees.push_back(callee->name);
        open.push_back(callee);
      }
    Status status;
    forEachOperand(statement.operands, [&](const Operand &operand) {
      if (operand.variable != nullptr &&
          operand.variable->space == Space::Shared)
        addVariable(*operand.variable);
      if (!isCall || operand.kind != OperandKind::Name)
        return;
      const Function *callee = module.function(operand.name);
      if (callee == nullptr && builtinOf(operand.name) != CallKind::Function)
        return;
      if (callee == nullptr || callee->isEntry) {
        status = badInput(fmt::format(
            "{}:{}:{}: {} has no body in this module, so it cannot be called",
            module.file, operand.place.line, operand.place.column,
            operand.name));
        return;
      }
      callees.push_back(callee->name);
      open.push_back(callee);
    });
    SLUICE_TRY(status);
  }
  return {};
}

const std::vector<const Function *> &Frames::pointedAt() {
  if (pointed)
    return *pointed;
  pointed.emplace();
  std::set<std::string_view> names;
  for (const auto &function : module.functions)
    for (const Statement &statement : function->body)
      if (statement.row->name != "call")
        forEachOperand(statement.operands, [&](const Operand &operand) {
          if (operand.kind == OperandKind::Name)
            names.insert(operand.name);
        });
  for (const auto &variable : module.variables)
    for (const Variable::Relocation &relocation : variable->relocations)
      names.insert(relocation.symbol);
  for (const auto &function : module.functions)
    if (function->hasBody && !function->isEntry &&
        names.contains(function->name) && isComplete(module, *function))
      pointed->push_back(function.get());
  return *pointed;
}

Result<uint64_t> Frames::functionAddress(std::string_view name) const {
  auto found = symbols.find(name);
  if (found == symbols.end())
    return badInput(fmt::format("{} is not declared, or has no body in this "
                                "module",
                                name));
  return found->second;
}

void Frames::markRecursion() {
  for (Frame &frame : frames) {
    std::set<std::string_view> seen;
    std::vector<std::string_view> open = calls[frame.function];
    while (!open.empty()) {
      std::string_view name = open.back();
      open.pop_back();
      if (!seen.insert(name).second)
        continue;
      const Frame *next = find(name);
      for (std::string_view callee : calls[next->function])
        open.push_back(callee);
    }
    frame.recursive = seen.contains(frame.function->name);
  }
}

Status Frames::layOut(const Function &kernel) {
  program.sharedBytes = kSharedStart;
  program.localBytes = kLocalStart;
  newRegister(16); // offset 0: unused operands, and what goes into a sink
  for (const auto &variable : kernel.parameters) {
    auto offset = static_cast<uint32_t>(
        alignUp(program.parameterBytes, variable->alignment));
    kernelParameters.emplace(variable.get(), offset);
    program.parameters.push_back({std::string(variable->name), offset,
                                  static_cast<uint32_t>(variable->bytes),
                                  variable->alignment, variable->type});
    program.parameterBytes = offset + static_cast<uint32_t>(variable->bytes);
  }
  std::vector<const Function *> open{&kernel};
  while (!open.empty()) {
    const Function *next = open.back();
    open.pop_back();
    if (registers.contains(next))
      continue;
    if (frames.size() == kMostFunctions)
      return badInput(fmt::format("{}: {} and what it calls are more than {} "
                                  "functions",
                                  module.file, kernel.name, kMostFunctions));
    SLUICE_TRY(addFunction(*next, open));
  }
  markRecursion();
  uint64_t alignment = 16;
  for (const auto &[variable, offset] : sharedVariables)
    if (variable->bytes == 0)
      alignment = std::max<uint64_t>(alignment, variable->alignment);
  program.dynamicShared = alignUp(program.sharedBytes, alignment);
  for (auto &[variable, offset] : sharedVariables)
    if (variable->bytes == 0)
      offset = program.dynamicShared;
  return {};
}

Result<uint64_t> Frames::address(const Variable &variable) const {
  switch (variable.space) {
  case Space::Shared:
    return sharedVariables.at(&variable);
  case Space::Local:
  case Space::Param: {
    if (auto found = locals.find(&variable); found != locals.end())
      return found->second;
    auto found = kernelParameters.find(&variable);
    if (found == kernelParameters.end())
      return badInput(
          fmt::format("{} belongs to another function", variable.name));
    return found->second;
  }
  default: {
    auto found = symbols.find(variable.name);
    if (found == symbols.end())
      return badInput(fmt::format("{} is declared, but not defined in this "
                                  "module",
                                  variable.name));
    return found->second;
  }
  }
}

} // namespace sluice::sim
