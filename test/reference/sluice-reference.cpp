#include "test/reference/Evaluate.h"

int main(int argc, char **argv) {
  return sluice::reference::evaluateMain(argc, argv);
}
