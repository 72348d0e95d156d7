#include "codegen/plan/ExprPool.h"

#include <vector>

using namespace mlir;
using namespace mlir::sluice;
namespace fb = ::sluice::fb;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::Vector;

// An operation goes into the file as the number it has in the dialect.
#define SAME(op) static_assert(int(plan::ExprOp::op) == int(fb::ExprOp::op))
SAME(Constant);
SAME(Symbol);
SAME(Add);
SAME(Mul);
SAME(FloorDiv);
SAME(CeilDiv);
SAME(Mod);
SAME(Min);
SAME(Max);
#undef SAME

uint32_t ExprPool::index(plan::ExprAttr expr) {
  return indices.try_emplace(expr, static_cast<uint32_t>(indices.size()))
      .first->second;
}

Offset<Vector<Offset<fb::Symbol>>>
ExprPool::writeSymbols(FlatBufferBuilder &builder) {
  std::vector<Offset<fb::Symbol>> symbols;
  for (const char *name : plan::symbolNames)
    symbols.push_back(fb::CreateSymbolDirect(builder, name));
  return builder.CreateVector(symbols);
}

Offset<Vector<Offset<fb::Expr>>>
ExprPool::write(FlatBufferBuilder &builder) const {
  std::vector<Offset<fb::Expr>> exprs;
  for (const auto &[expr, index] : indices) {
    std::vector<fb::ExprStep> code;
    for (const plan::ExprStep &step : expr.getSteps())
      code.emplace_back(step.value, static_cast<fb::ExprOp>(step.op));
    exprs.push_back(fb::CreateExprDirect(builder, &code));
  }
  return builder.CreateVector(exprs);
}
