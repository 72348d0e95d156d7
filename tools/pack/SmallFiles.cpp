#include "tools/pack/SmallFiles.h"

#include "runtime/base/Quote.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>

namespace sluice {

namespace fs = std::filesystem;

static constexpr uintmax_t mostBytes = uintmax_t(64) << 20; // of one file

/// Written anew, or weights.
static bool isModel(std::string_view name) {
  return name == "config.json" || name.ends_with(".safetensors") ||
         name.ends_with(".safetensors.index.json") || name.starts_with('.');
}

static bool isOtherWeights(std::string_view name) {
  constexpr std::array<std::string_view, 5> endings = {".bin", ".pt", ".pth",
                                                       ".gguf", ".onnx"};
  return std::any_of(endings.begin(), endings.end(),
                     [&](auto ending) { return name.ends_with(ending); });
}

Result<std::vector<std::pair<std::string, std::string>>>
smallFiles(const std::string &directory, std::vector<std::string> &warnings) {
  std::vector<std::pair<std::string, std::string>> files;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::string name = it->path().filename().string();
    if (isModel(name))
      continue;
    std::error_code unknown;
    bool isFile = it->is_regular_file(unknown); // links are followed
    const char *why = !isFile                ? "it is no file"
                      : isOtherWeights(name) ? "it holds other weights"
                      : it->file_size(unknown) > mostBytes ? "it is large"
                                                           : nullptr;
    if (why) {
      warnings.push_back(
          fmt::format("{} is not copied: {}", inQuotes(name), why));
      continue;
    }
    files.emplace_back(std::move(name), it->path().string());
  }
  if (error)
    return badInput(fmt::format("cannot read the folder {}: {}",
                                inQuotes(directory), error.message()));
  std::sort(files.begin(), files.end());
  std::sort(warnings.begin(), warnings.end());
  return files;
}

} // namespace sluice
