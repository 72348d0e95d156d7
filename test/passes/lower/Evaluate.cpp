#include "test/passes/lower/Evaluate.h"

using namespace mlir::sluice;

namespace sluice::test {

std::int64_t evaluate(plan::ExprAttr expr, const Symbols &symbols) {
  const std::int64_t values[] = {
      symbols.T,    symbols.S,    symbols.L,    symbols.N,     symbols.maxT,
      symbols.maxS, symbols.maxL, symbols.maxN, symbols.slots, symbols.P};
  std::vector<std::int64_t> stack;
  for (const plan::ExprStep &step : expr.getSteps()) {
    if (step.op == plan::ExprOp::Constant || step.op == plan::ExprOp::Symbol) {
      stack.push_back(step.op == plan::ExprOp::Constant ? step.value
                                                        : values[step.value]);
      continue;
    }
    std::int64_t y = stack.back();
    stack.pop_back();
    std::int64_t &x = stack.back();
    switch (step.op) {
    case plan::ExprOp::Add:
      x = x + y;
      break;
    case plan::ExprOp::Mul:
      x = x * y;
      break;
    case plan::ExprOp::FloorDiv:
      x = x / y;
      break;
    case plan::ExprOp::CeilDiv:
      x = (x + y - 1) / y;
      break;
    case plan::ExprOp::Mod:
      x = x % y;
      break;
    case plan::ExprOp::Min:
      x = std::min(x, y);
      break;
    default:
      x = std::max(x, y);
      break;
    }
  }
  return stack.back();
}

} // namespace sluice::test
