#include "tools/compiler/CommandLine.h"

int main(int argc, char **argv) {
  return mlir::sluice::compileMain(argc, argv);
}
