#pragma once

namespace mlir::sluice {

/// All of sluice-compile. Returns its exit code (runtime/base/Status.h).
int compileMain(int argc, char **argv);

} // namespace mlir::sluice
