#pragma once

#include "runtime/base/MappedFile.h"
#include "runtime/plan/PlanView.h"
#include "runtime/text/Tokenizer.h"

#include <string>

namespace sluice {

/// A plan file, mapped, inspected, and nothing of it executed.
struct PlanFile {
  /// Errors begin with `path`: BadInput, Incompatible, OutOfMemory.
  static Result<PlanFile> open(const std::string &path);

  /// The plan's tokenizer. Errors: Incompatible if it has none, BadInput.
  Result<Tokenizer> tokenizer() const;

  const Section *section(SectionKind kind) const;

  std::string path;
  MappedFile file;
  PlanView view; // points into `file`
};

/// Whether the file at `path` begins as a plan does.
bool looksLikePlan(const std::string &path);

} // namespace sluice
