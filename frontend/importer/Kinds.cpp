#include "frontend/importer/Kinds.h"

#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace mlir::sluice::importer;

func::FuncOp Kinds::add(StringRef name, func::FuncOp function) {
  SmallVector<func::FuncOp> &known = kinds[name];
  for (func::FuncOp other : known) {
    if (other.getFunctionType() != function.getFunctionType() ||
        !OperationEquivalence::isRegionEquivalentTo(
            &other.getBody(), &function.getBody(),
            OperationEquivalence::IgnoreLocations))
      continue;
    function.erase();
    return other;
  }
  known.push_back(function);
  function.setName(known.size() == 1
                       ? name.str()
                       : (name + "_" + Twine(known.size())).str());
  function.setPrivate();
  module.push_back(function);
  return function;
}
