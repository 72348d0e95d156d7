#include "tools/compiler/UsedTensors.h"

#include "dialects/plan/PlanDialect.h"
#include "dialects/scaled/ScaledTypes.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::sluice;
using ::sluice::Checkpoint;
using ::sluice::TensorInfo;

/// `text` with its one `hole`, if there, filled by `number`.
static std::string filled(StringRef text, StringRef hole, int64_t number) {
  auto [before, after] = text.split(hole);
  return before.size() == text.size() ? text.str()
                                      : (before + Twine(number) + after).str();
}

std::vector<const TensorInfo *>
mlir::sluice::usedTensors(ModuleOp module, const Checkpoint &checkpoint) {
  SymbolTable symbols(module);
  SetVector<plan::StackOp> stacks;
  module.walk([&](plan::WeightOp weight) {
    if (auto stack = symbols.lookup<plan::StackOp>(weight.getStack()))
      stacks.insert(stack);
  });
  SetVector<const TensorInfo *> used;
  for (plan::StackOp stack : stacks) {
    SmallVector<int64_t> layers(stack.getLayers());
    if (layers.empty())
      layers.push_back(0); // its names have no hole
    for (StringRef name : {stack.getName(), stack.getScale().value_or("")})
      for (int64_t layer : layers) {
        std::string ofLayer = filled(name, "{}", layer);
        int64_t entries =
            name.contains("{e}") ? scaled::weightShape(stack.getType())[0] : 1;
        for (int64_t entry = 0; entry < entries; ++entry)
          if (const TensorInfo *tensor =
                  checkpoint.find(filled(ofLayer, "{e}", entry)))
            used.insert(tensor);
      }
  }
  return {used.begin(), used.end()};
}
