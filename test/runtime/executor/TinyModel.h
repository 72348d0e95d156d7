#pragma once

#include "runtime/executor/Context.h"
#include "test/runtime/base/TestFolder.h"
#include "test/runtime/plan/TestPlan.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A plan and a checkpoint in a folder of their own, for the executor to run.
/// The kernels are TinyKernels.c: integer arithmetic on every kind of argument,
/// whose results say what a token has seen. The plan may be spoiled before
/// write().
class TinyModel {
public:
  static constexpr uint32_t vocabulary = 16;
  static constexpr uint32_t pageMultiple = 4;
  /// In the order of the plan: runs anywhere; the same, preferred; nowhere.
  static constexpr const char *targets[] = {"first", "second", "never"};

  TinyModel();

  TestPlan plan;

  /// Adds a target "sm_80" with the same kernels as PTX; those with scratch ask
  /// for more than a GPU gives without being told.
  void addGpu();

  /// Writes plan and checkpoint; identity and config are made to fit.
  void write();
  std::string planPath() const { return folder.path("tiny.plan"); }
  std::string directory() const { return folder.path("model"); }
  /// Replaces a file of the checkpoint.
  void writeModelFile(const std::string &name, std::string_view bytes) {
    folder.write("model/" + name, bytes);
  }
  std::string readModelFile(const std::string &name) const {
    return folder.read("model/" + name);
  }
  void writeFile(const std::string &name, std::string_view bytes) {
    folder.write(name, bytes);
  }

  Result<std::shared_ptr<const Model>> open() const {
    return Model::open(planPath(), directory());
  }

  /// What the table "embed" holds for a token.
  static int32_t embedding(int32_t token) { return token * 7 + 1; }

private:
  void addKernels();
  void addLaunches();
  uint32_t codeOf(const std::string &function, uint32_t target) const;

  TestFolder folder;
};

/// One sequence's part of a step.
struct TinyChunk {
  int32_t slot;
  std::vector<int32_t> tokens;
};

/// Puts steps together and says what TinyModel must answer.
class TinySteps {
public:
  /// The step that appends `chunks`; logits of every row.
  StepInput make(const std::vector<TinyChunk> &chunks);
  /// The logits of that step, once it has run: [T, 16]. `twoStages`: which
  /// variant runs.
  std::vector<float> expected(bool twoStages) const;
  void forget(int32_t slot) { history.erase(slot); }
  uint32_t pages = 0;

private:
  std::map<int32_t, std::vector<int32_t>> history; // tokens by slot
  std::vector<int32_t> ids, pos, slot, rows, logitRows;
};

} // namespace sluice
