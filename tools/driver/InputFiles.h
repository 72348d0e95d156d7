#pragma once

#include "runtime/executor/Model.h"

#include <optional>
#include <string>

namespace sluice {

/// The files that a verb reads, which none of its outputs may replace.
class InputFiles {
public:
  InputFiles(const std::string &plan, const Model &model);

  /// A file that a flag names: a text, or the ids of "@ids.npy". "-" and ids
  /// themselves are none.
  void addText(const std::string &path);
  void addIds(const std::optional<std::string> &ids);

  /// Errors: InvalidArgument if `output` is one of them.
  Status check(std::string_view what, const std::string &output) const;

private:
  struct File {
    std::string what, path;
  };
  std::vector<File> files;
};

} // namespace sluice
