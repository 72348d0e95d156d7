#include "runtime/device/sim/program/OperandBinder.h"

#include <algorithm>
#include <fmt/format.h>

namespace sluice::sim {

/// Arguments are .param variables (moved in local memory) or registers and
/// constants, which are first put into the callee's parameter: not modelled, as
/// no compiler prints it.
Result<CallPlan::Copy> OperandBinder::copyOf(const Operand &operand,
                                             const Variable &parameter,
                                             bool toCallee) {
  if (operand.kind != OperandKind::Variable ||
      !frames.isCallParameter(*operand.variable))
    return badInput(fmt::format("expected a .param variable of this function "
                                "for the parameter {}; registers are not "
                                "modelled there",
                                parameter.name));
  if (operand.variable->bytes != parameter.bytes)
    return badInput(fmt::format("expected {} bytes for the parameter {}, found "
                                "{} of {} bytes",
                                parameter.bytes, parameter.name,
                                operand.variable->name,
                                operand.variable->bytes));
  SLUICE_ASSIGN(uint64_t here, frames.address(*operand.variable));
  SLUICE_ASSIGN(uint64_t there, frames.address(parameter));
  auto bytes = static_cast<uint32_t>(parameter.bytes);
  return toCallee ? CallPlan::Copy{here, there, bytes}
                  : CallPlan::Copy{there, here, bytes};
}

/// The place of a .param variable of `bytes` bytes.
Result<uint64_t> OperandBinder::placeOf(const Operand &operand,
                                        uint64_t bytes) {
  if (operand.kind != OperandKind::Variable ||
      !frames.isCallParameter(*operand.variable) ||
      operand.variable->bytes != bytes)
    return badInput(
        fmt::format("expected a .param variable of {} bytes", bytes));
  return frames.address(*operand.variable);
}

Status OperandBinder::bindBuiltin(CallKind builtin,
                                  const std::vector<Operand> &results,
                                  const std::vector<Operand> &arguments) {
  bool prints = builtin == CallKind::Vprintf;
  size_t count = prints ? 2 : 5;
  if (arguments.size() != count || results.size() > (prints ? 1 : 0))
    return badInput(fmt::format("expected {} arguments, found {} of them and "
                                "{} results",
                                count, arguments.size(), results.size()));
  SLUICE_ASSIGN(uint64_t first, placeOf(arguments[0], 8));
  SLUICE_ASSIGN(uint64_t second, placeOf(arguments[1], 8));
  binder.out.options = static_cast<uint32_t>(builtin);
  if (prints) {
    PrintPlan plan{first, second, {}};
    if (!results.empty()) {
      SLUICE_ASSIGN(plan.result, placeOf(results[0], 4));
    }
    binder.out.payload.data = binder.keep(plan);
  } else {
    SLUICE_ASSIGN(uint64_t line, placeOf(arguments[2], 4));
    binder.out.payload.data = binder.keep(AssertPlan{first, second, line});
  }
  return {};
}

Result<CallPlan> OperandBinder::planOf(const Frame &callee,
                                       const std::vector<Operand> &results,
                                       const std::vector<Operand> &arguments) {
  const Function &function = *callee.function;
  if (results.size() != function.results.size() ||
      arguments.size() != function.parameters.size())
    return badInput(fmt::format("expected {} results and {} arguments of {}, "
                                "found {} and {}",
                                function.results.size(),
                                function.parameters.size(), function.name,
                                results.size(), arguments.size()));
  CallPlan plan;
  plan.callee = callee;
  for (uint32_t i = 0; callee.recursive && i < function.registers.size(); ++i) {
    Type type = function.registers[i].type;
    auto bits = static_cast<uint32_t>(typeBits(type));
    plan.saved.push_back({frames.registerOffset(callee, i),
                          type == Type::Pred ? 0 : std::max(bits / 8, 2U)});
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    SLUICE_ASSIGN(CallPlan::Copy copy,
                  copyOf(arguments[i], *function.parameters[i], true));
    plan.arguments.push_back(copy);
  }
  for (size_t i = 0; i < results.size(); ++i) {
    SLUICE_ASSIGN(CallPlan::Copy copy,
                  copyOf(results[i], *function.results[i], false));
    plan.results.push_back(copy);
  }
  return plan;
}

Status OperandBinder::bindIndirect(const Operand &address,
                                   const std::vector<Operand> &results,
                                   const std::vector<Operand> &arguments) {
  int bits = 64;
  SLUICE_TRY(bindRegister(address, 64, false, binder.out.a, bits));
  IndirectCallPlan plan;
  for (const Function *function : frames.pointedAt()) {
    SLUICE_ASSIGN(uint64_t place, frames.functionAddress(function->name));
    auto own = planOf(*frames.find(function->name), results, arguments);
    if (own.ok()) // else it is for other calls
      plan.plans.emplace(place, std::move(*own));
  }
  binder.out.options = static_cast<uint32_t>(CallKind::Indirect);
  binder.out.payload.data = binder.keep(std::move(plan));
  return {};
}

// call (results), function, (arguments), prototype: the lists may be left out,
// the prototype only says what the lists do.
Status OperandBinder::bindCall() {
  const std::vector<Operand> &operands = binder.statement.operands;
  static const std::vector<Operand> none;
  size_t at = 0;
  auto list = [&]() -> const std::vector<Operand> & {
    return at < operands.size() && operands[at].kind == OperandKind::List
               ? operands[at++].elements
               : none;
  };
  const std::vector<Operand> &results = list();
  bool indirect = isIndirectCall(binder.statement);
  if (at >= operands.size() ||
      (!indirect && operands[at].kind != OperandKind::Name))
    return badInput("expected the name of a function or a register");
  const Operand &function = operands[at++];
  const std::vector<Operand> &arguments = list();
  if (at + (indirect ? 1 : 0) != operands.size())
    return badInput("expected call (results), function, (arguments), and of an "
                    "indirect one its prototype");
  if (indirect)
    return bindIndirect(function, results, arguments);
  const Frame *callee = frames.find(function.name);
  if (callee == nullptr)
    return bindBuiltin(builtinOf(function.name), results, arguments)
        .in(fmt::format("call of {}", function.name));
  SLUICE_ASSIGN(CallPlan plan, planOf(*callee, results, arguments));
  binder.out.target = callee->firstCode;
  binder.out.payload.data = binder.keep(std::move(plan));
  return {};
}

} // namespace sluice::sim
