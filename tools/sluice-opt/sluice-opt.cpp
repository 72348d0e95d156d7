#include "dialects/AllDialects.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "passes/AllPasses.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::sluice::registerAllDialects(registry);
  mlir::sluice::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "sluice pass driver\n", registry));
}
