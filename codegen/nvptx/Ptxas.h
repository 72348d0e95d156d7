#pragma once

#include "runtime/base/Status.h"

#include <functional>
#include <string>
#include <vector>

namespace mlir::sluice {

struct PtxText {
  std::string target; // "sm_80"
  std::string ptx;
};

/// The path of ptxas: in PATH, else where the CUDA toolkit puts it.
/// Errors: Incompatible if there is none.
::sluice::Result<std::string> findPtxas();

/// A cubin of each text for its own target, up to `threads` at a time.
/// `finished` is told a target's name when its cubin is there, one at a time.
/// Errors: Incompatible with what ptxas said; OutputNotWritten if there is no
/// room for temporary files.
::sluice::Result<std::vector<std::string>>
assembleCubins(const std::string &ptxas, const std::vector<PtxText> &texts,
               unsigned threads,
               const std::function<void(const std::string &)> &finished);

} // namespace mlir::sluice
