#include "frontend/importer/Layers.h"

#include "dialects/hc/HcDialect.h"

using namespace mlir;
using namespace mlir::sluice;
using namespace mlir::sluice::importer;
using ::sluice::Param;

Entered importer::enter(BlockBuilder &b, Site site, Value streams) {
  bool attn = site == Site::Attention;
  Param fnParam = attn ? Param::HcAttnFn : Param::HcFfnFn;
  Param baseParam = attn ? Param::HcAttnBase : Param::HcFfnBase;
  Param scaleParam = attn ? Param::HcAttnScale : Param::HcFfnScale;
  Param normParam = attn ? Param::AttnNorm : Param::FfnNorm;

  // Where both sites say "fn" under prefixes of their own, they share a kind.
  auto results = b.call(
      "enter", {streams},
      {b.weights.nameOf(fnParam).scope, b.weights.nameOf(normParam).scope},
      [&](BlockBuilder &b, ValueRange args) -> SmallVector<Value> {
        int64_t n = b.config.hcMult, hidden = b.config.hiddenSize;
        int64_t outputs = (2 + n) * n; // pre, post, comb
        Value fn = b.weight(fnParam, {outputs, n * hidden}, Role::Vector);
        Value base = b.weight(baseParam, {outputs}, Role::Vector);
        Value mul = b.weight(scaleParam, {3}, Role::Vector);
        Value w = b.weight(normParam, {hidden}, Role::Vector);
        auto comb =
            RankedTensorType::get({ShapedType::kDynamic, n, n}, b.getF32Type());
        auto pre = hc::PreOp::create(
            b, b.getUnknownLoc(), TypeRange{b.rows(hidden), b.rows(n), comb},
            args[0], fn, base, mul, b.config.hcSinkhornIters,
            APFloat(float(b.config.hcEps)),
            APFloat(float(b.config.rmsNormEps)));
        Value x = b.norm("n", pre.getX(), w);
        return {x, pre.getPost(), pre.getComb()};
      });
  return {results[0], results[1], results[2]};
}
