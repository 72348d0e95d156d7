#include "dialects/scaled/ScaledDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::sluice::scaled;

#include "dialects/scaled/ScaledDialect.cpp.inc"

void ScaledDialect::initialize() {
  registerAttributes();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "dialects/scaled/ScaledOps.cpp.inc"
      >();
}
