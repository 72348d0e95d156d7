#include "runtime/weights/Identity.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

namespace sluice {

static void hashSorted(Hasher &hasher, std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  for (const std::string &line : lines)
    hasher.update(line);
}

Hash128
modelIdentity(std::span<const TensorInfo *const> tensors,
              std::span<const std::pair<std::string, std::string>> fields) {
  Hasher hasher;
  std::vector<std::string> lines;
  lines.reserve(tensors.size());
  for (const TensorInfo *tensor : tensors)
    lines.push_back(fmt::format("{} {} [{}]\n", tensor->name,
                                dtypeName(tensor->dtype),
                                fmt::join(tensor->shape, ", ")));
  hashSorted(hasher, std::move(lines));
  lines.clear();
  for (const auto &[key, value] : fields)
    lines.push_back(fmt::format("{}={}\n", key, value));
  hashSorted(hasher, std::move(lines));
  return hasher.hash();
}

} // namespace sluice
