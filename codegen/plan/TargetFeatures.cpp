#include "codegen/plan/TargetFeatures.h"

#include "llvm/ADT/ArrayRef.h"

using namespace mlir;

// The psABI's levels, less what every x86-64 has.
static constexpr StringRef levels[] = {
    "sse4.2",  "avx",      "avx2",     "fma",      "bmi",
    "bmi2",    "f16c",     "lzcnt",    "movbe",    "popcnt", // -v3 to here
    "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"};

std::optional<ArrayRef<StringRef>>
mlir::sluice::targetFeatures(StringRef name) {
  if (name == "x86-64-v3")
    return ArrayRef(levels).take_front(10);
  if (name == "x86-64-v4")
    return ArrayRef(levels);
  return std::nullopt;
}
