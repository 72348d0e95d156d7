#pragma once

#include "runtime/plan/PlanFile.h"
#include "runtime/weights/Checkpoint.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sluice {

/// The directory of the checkpoint that the plan file `planPath` runs with:
/// `given`, or if that is empty the environment's SLUICE_MODEL, or else what
/// the file `planPath` + ".model" says, which the compiler left there. Errors:
/// BadInput if there is none of the three.
Result<std::string> findModelDirectory(const std::string &planPath,
                                       const std::string &given);

/// A plan and the checkpoint it runs with, checked against each other: every
/// weight the plan names is there with the type and shape it was compiled for.
/// Weights are mapped and not touched. Constant after open: any number of
/// threads and contexts may use it.
class Model {
public:
  /// `directory` as for findModelDirectory. Errors: BadInput for a damaged
  /// file; Incompatible if the plan was made for another model; OutOfMemory.
  static Result<std::shared_ptr<const Model>>
  open(const std::string &planPath, const std::string &directory = {});

  const PlanFile &file() const { return theFile; }
  const PlanView &plan() const { return theFile.plan(); }
  const Checkpoint &checkpoint() const { return theCheckpoint; }

  /// The tensors behind layer `layer` (a position in the stack's layers) of
  /// stack `stack`: one, or with "{e}" in its name one for each entry of the
  /// table.
  std::span<const TensorInfo *const> tensors(uint32_t stack,
                                             uint32_t layer) const;

  /// Bytes of all tensors the plan uses, each counted once.
  uint64_t weightBytes() const { return theWeightBytes; }

private:
  Model() = default;
  Status checkConfig() const;
  Status findTensors();
  Status findTensors(const PlanView::Stack &stack);
  Status checkIdentity();

  PlanFile theFile;
  Checkpoint theCheckpoint;
  std::vector<const TensorInfo *> found; // of all stacks, layer by layer
  std::vector<size_t> firstOf;           // into found, by stack
  uint64_t theWeightBytes = 0;
};

} // namespace sluice
