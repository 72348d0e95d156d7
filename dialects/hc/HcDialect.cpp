#include "dialects/hc/HcDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::sluice::hc;

#include "dialects/hc/HcDialect.cpp.inc"

void HcDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/hc/HcOps.cpp.inc"
      >();
}
