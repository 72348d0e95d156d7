#include "tools/driver/InputFiles.h"

#include "runtime/base/Quote.h"
#include "tools/driver/SameFile.h"

#include <fmt/format.h>

namespace sluice {

InputFiles::InputFiles(const std::string &plan, const Model &model) {
  files.push_back({"the plan", plan});
  const Checkpoint &checkpoint = model.checkpoint();
  std::string folder = checkpoint.directory() + "/";
  for (const std::string &shard : checkpoint.shards())
    files.push_back({"a file of the model", folder + shard});
  for (const char *name : {"config.json", "model.safetensors.index.json"})
    files.push_back({"a file of the model", folder + name});
}

void InputFiles::addText(const std::string &path) {
  if (!path.empty() && path != "-")
    files.push_back({"the text", path});
}

void InputFiles::addIds(const std::optional<std::string> &ids) {
  if (ids && ids->starts_with('@'))
    files.push_back({"the token ids", ids->substr(1)});
}

Status InputFiles::check(std::string_view what,
                         const std::string &output) const {
  for (const File &file : files)
    if (isSameFile(output, file.path))
      return invalidArgument(
          fmt::format("{} would go to {}, which is {}; choose another file",
                      what, inQuotes(output), file.what));
  return {};
}

} // namespace sluice
