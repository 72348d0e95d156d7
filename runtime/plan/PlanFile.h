#pragma once

#include "runtime/base/MappedFile.h"
#include "runtime/plan/PlanView.h"

#include <string>

namespace sluice {

/// A plan file, mapped and checked: the load level that is safe on hostile
/// bytes. Nothing of it is executable. Constant after open: any number of
/// threads may read.
class PlanFile {
public:
  /// Errors: BadInput or Incompatible with a sentence that begins with `path`;
  /// OutOfMemory.
  static Result<PlanFile> open(const std::string &path);

  const std::string &path() const { return thePath; }
  uint64_t bytes() const { return file.size(); }
  /// Points into the mapped file, which moves with this object.
  const Container &container() const { return theContainer; }
  const PlanView &plan() const { return thePlan; }

private:
  std::string thePath;
  MappedFile file;
  Container theContainer;
  PlanView thePlan;
};

} // namespace sluice
