#include "passes/quantize/numerics/Rewrites.h"

#include "dialects/attn/AttnDialect.h"
#include "dialects/moe/MoeDialect.h"
#include "dialects/scaled/ScaledDialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::sluice;
using scaled::RoundingAttr;
using scaled::RoundOp;

// The sites and sizes of DeepSeek's released inference code.
static constexpr int64_t kProductGroup = 128, kRowGroup = 64, kIndexGroup = 32;

namespace {
class Rewriter {
public:
  explicit Rewriter(func::FuncOp entry)
      : entry(entry), f8(Float8E4M3FNType::get(entry.getContext())),
        f4(Float4E2M1FNType::get(entry.getContext())) {}

  LogicalResult run();

private:
  RoundOp roundAfter(Value x, RoundingAttr rounding, int64_t heads = 1);
  void productInput(OpOperand &x, Type weight);
  void windowRows(attn::AttendOp attend);
  LogicalResult entries(attn::CompressOp compress);
  LogicalResult indexQueries(attn::SelectOp select);
  void weighEarly(moe::CombineOp combine);

  RoundingAttr rounding(Type element, int64_t group, int64_t channels = 0,
                        bool hadamard = false) {
    return RoundingAttr::get(entry.getContext(), element, group, channels,
                             hadamard);
  }

  func::FuncOp entry;
  Type f8, f4;
  DenseMap<Value, Value> inputs; // of products: x, rounded
};
} // namespace

/// A rounded copy of x, right after x.
RoundOp Rewriter::roundAfter(Value x, RoundingAttr rounding, int64_t heads) {
  OpBuilder builder(entry.getContext());
  builder.setInsertionPointAfterValue(x);
  return RoundOp::create(builder, x.getLoc(), x.getType(), x, rounding, heads);
}

/// The input of a product whose weight is block-scaled.
void Rewriter::productInput(OpOperand &x, Type weight) {
  if (!isa<scaled::ScaledTensorType>(weight))
    return;
  Value &rounded = inputs[x.get()];
  if (!rounded)
    rounded = roundAfter(x.get(), rounding(f8, kProductGroup));
  x.set(rounded);
}

/// Rows that go into a window: the channels that are not rotated.
void Rewriter::windowRows(attn::AttendOp attend) {
  Value rows = attend.getRows();
  auto rope = rows.getDefiningOp<attn::RopeOp>();
  if (!rope)
    return;
  int64_t still =
      attend.getRows().getType().getDimSize(1) - rope.getRope().getDims();
  if (still == 0)
    return;
  RoundOp rounded = roundAfter(rows, rounding(f8, kRowGroup, still));
  rows.replaceAllUsesExcept(rounded, rounded);
}

LogicalResult Rewriter::entries(attn::CompressOp compress) {
  int64_t d = compress.getInto().getType().getShape().back();
  bool keys = llvm::any_of(compress->getUsers(), [](Operation *user) {
    return isa<attn::SelectOp>(user);
  });
  int64_t still = d - compress.getRope().getDims();
  if (!keys && still == 0)
    return success();
  RoundingAttr attr = keys ? rounding(f4, kIndexGroup, 0, /*hadamard=*/true)
                           : rounding(f8, kRowGroup, still);
  if (!attr.fits(d))
    return compress.emitOpError("expected index keys of a power of two "
                                "channels for native numerics, got ")
           << d;
  compress.setRoundingAttr(attr);
  return success();
}

LogicalResult Rewriter::indexQueries(attn::SelectOp select) {
  int64_t heads = select.getG().getType().getDimSize(1);
  RoundingAttr attr = rounding(f4, kIndexGroup, 0, /*hadamard=*/true);
  if (!attr.fits(select.getQ().getType().getDimSize(1) / heads))
    return select.emitOpError("expected index queries of a power of two "
                              "channels for native numerics, got ")
           << select.getQ().getType().getDimSize(1) / heads;
  select.getQMutable().assign(roundAfter(select.getQ(), attr, heads));
  return success();
}

/// An expert's weight moves from its output to the input of its last product.
void Rewriter::weighEarly(moe::CombineOp combine) {
  auto down = combine.getY().getDefiningOp<moe::MatmulOp>();
  auto glu = down ? down.getX().getDefiningOp<moe::GluOp>() : moe::GluOp();
  auto gate =
      glu ? glu.getGate().getDefiningOp<moe::MatmulOp>() : moe::MatmulOp();
  if (!gate || !gate.getRow() || !combine.getWeights() || glu.getTimes())
    return;
  glu.getTimesMutable().assign(combine.getWeights());
  glu.getRowMutable().assign(gate.getRow());
  combine.getWeightsMutable().clear();
}

LogicalResult Rewriter::run() {
  SmallVector<Operation *> ops;
  for (Operation &op : entry.getBody().front())
    ops.push_back(&op);
  for (Operation *op : ops) {
    if (auto attend = dyn_cast<attn::AttendOp>(op)) {
      windowRows(attend);
    } else if (auto compress = dyn_cast<attn::CompressOp>(op)) {
      if (failed(entries(compress)))
        return failure();
    } else if (auto select = dyn_cast<attn::SelectOp>(op)) {
      if (failed(indexQueries(select)))
        return failure();
    } else if (auto combine = dyn_cast<moe::CombineOp>(op)) {
      weighEarly(combine);
    }
  }
  // Last: what enters a product is rounded as it is by then.
  for (Operation *op : ops) {
    if (auto product = dyn_cast<scaled::LinearOp>(op)) {
      // The first half of a grouped output projection runs unquantized.
      if (product.getGroups() == 1)
        productInput(product.getXMutable(), product.getW().getType());
    } else if (auto product = dyn_cast<moe::MatmulOp>(op)) {
      productInput(product.getXMutable(), product.getW().getType());
    }
  }
  return success();
}

LogicalResult numerics::roundAsTrained(func::FuncOp entry) {
  return Rewriter(entry).run();
}
