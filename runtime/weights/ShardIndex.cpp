#include "runtime/weights/ShardIndex.h"

#include "runtime/base/Json.h"
#include "runtime/base/Quote.h"
#include "runtime/weights/Limits.h"

#include <algorithm>
#include <fmt/format.h>

namespace sluice {

static constexpr size_t longestFileName = 255; // bytes; what file systems take

static Status checkShardName(const Json &value, std::string_view name) {
  bool plain = !name.empty() && name.size() <= longestFileName &&
               name[0] != '.' &&
               name.find_first_of(std::string_view("/\\\0", 3)) ==
                   std::string_view::npos &&
               name.ends_with(".safetensors");
  if (!plain)
    return value.mismatch(
        "a plain file name that ends in .safetensors, without "
        "folders");
  return {};
}

Result<ShardIndex> readShardIndex(std::string_view text,
                                  const std::string &fileName) {
  // A name of 512 bytes, a file name and punctuation for each tensor would be
  // more; real ones need about 100 bytes.
  SLUICE_ASSIGN(JsonDocument document,
                JsonDocument::parse(text, fileName,
                                    {.maxBytes = 512'000'000, .maxDepth = 32}));
  SLUICE_ASSIGN(Json map, document.root().get("weight_map"));
  SLUICE_ASSIGN(auto members, map.members());
  if (members.empty())
    return map.mismatch("at least one tensor");
  if (members.size() > mostTensors)
    return map.mismatch(fmt::format("at most {} tensors", mostTensors));

  ShardIndex index;
  std::vector<std::pair<std::string_view, std::string_view>> entries;
  entries.reserve(members.size());
  for (const auto &[tensor, value] : members) {
    SLUICE_ASSIGN(std::string_view shard, value.string());
    SLUICE_TRY(checkShardName(value, shard));
    entries.emplace_back(tensor, shard);
  }
  std::vector<std::string_view> names;
  names.reserve(entries.size());
  for (const auto &[tensor, shard] : entries)
    names.push_back(shard);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.size() > mostShards)
    return map.error(fmt::format("expected at most {} shards, found {}",
                                 mostShards, names.size()));
  index.shards.assign(names.begin(), names.end());

  std::sort(entries.begin(), entries.end());
  index.tensors.reserve(entries.size());
  for (const auto &[tensor, shard] : entries)
    index.tensors.emplace_back(
        tensor,
        std::lower_bound(names.begin(), names.end(), shard) - names.begin());
  return index;
}

} // namespace sluice
