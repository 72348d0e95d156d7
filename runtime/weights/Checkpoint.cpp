#include "runtime/weights/Checkpoint.h"

#include "runtime/base/Quote.h"
#include "runtime/weights/Limits.h"
#include "runtime/weights/ShardIndex.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <new>
#include <optional>
#include <sys/stat.h>

namespace sluice {

static constexpr const char *singleFile = "model.safetensors";
static constexpr const char *indexFile = "model.safetensors.index.json";

static bool exists(const std::string &path) {
  struct stat facts = {};
  return lstat(path.c_str(), &facts) == 0;
}

static Status checkDirectory(const std::string &directory) {
  struct stat facts = {};
  if (directory.find('\0') != std::string::npos ||
      stat(directory.c_str(), &facts) != 0)
    return badInput(
        fmt::format("expected a model directory, found nothing at {}",
                    inQuotes(directory)));
  if (!S_ISDIR(facts.st_mode))
    return badInput(
        fmt::format("expected a model directory, found a file at {}; "
                    "name the directory that holds it",
                    inQuotes(directory)));
  return {};
}

static bool nameBefore(const TensorInfo &a, const TensorInfo &b) {
  return a.name < b.name;
}

/// Whether `index` and the files agree. `tensors` are all tensors of all
/// files, sorted by name.
static Status checkIndex(const ShardIndex &index, const std::string &indexPath,
                         const std::vector<TensorInfo> &tensors) {
  // Both lists ascend by name, so the first difference shows in one walk.
  size_t i = 0;
  for (const TensorInfo &tensor : tensors) {
    bool more = i < index.tensors.size();
    if (more && index.tensors[i].first < tensor.name)
      break; // named, but in no file
    const std::string &file = index.shards[tensor.shard];
    if (!more || index.tensors[i].first != tensor.name)
      return badInput(fmt::format(
          "{}: expected every tensor of the shards, found none named {}, which "
          "lies in {}",
          indexPath, inQuotes(tensor.name), inQuotes(file)));
    if (index.tensors[i].second != tensor.shard)
      return badInput(fmt::format(
          "{}: expected {} in {}, found it in {}", indexPath,
          inQuotes(tensor.name),
          inQuotes(index.shards[index.tensors[i].second]), inQuotes(file)));
    ++i;
  }
  if (i < index.tensors.size())
    return badInput(fmt::format(
        "{}: expected {} in {}, found no such tensor there; the shards and the "
        "index do not belong together",
        indexPath, inQuotes(index.tensors[i].first),
        inQuotes(index.shards[index.tensors[i].second])));
  return {};
}

Result<Checkpoint> Checkpoint::open(const std::string &directory) {
  try {
    SLUICE_TRY(checkDirectory(directory));
    std::string folder = directory.ends_with('/') ? directory : directory + "/";
    Checkpoint result;
    result.theDirectory = directory;
    std::optional<ShardIndex> index;
    if (exists(folder + singleFile)) {
      // As transformers does: one whole file wins over an index beside it.
      result.theShards = {singleFile};
    } else if (exists(folder + indexFile)) {
      SLUICE_ASSIGN(MappedFile text, MappedFile::open(folder + indexFile));
      SLUICE_ASSIGN(index, readShardIndex(text.text(), folder + indexFile));
      result.theShards = index->shards;
    } else {
      return badInput(
          fmt::format("{}: expected {} or {}, found neither; sluice "
                      "reads safetensors only",
                      directory, singleFile, indexFile));
    }

    for (const std::string &shard : result.theShards) {
      Result<MappedFile> file = MappedFile::open(folder + shard);
      if (!file.ok())
        return index ? file.status().in(folder + indexFile + " names a shard")
                     : file.status();
      SLUICE_ASSIGN(std::vector<TensorInfo> tensors,
                    readSafetensorsHeader(file->bytes(), folder + shard));
      if (tensors.size() > mostTensors - result.theTensors.size())
        return badInput(
            fmt::format("{}: expected at most {} tensors in all, found "
                        "more",
                        folder + shard, mostTensors));
      for (TensorInfo &tensor : tensors)
        tensor.shard = static_cast<uint32_t>(result.files.size());
      std::move(tensors.begin(), tensors.end(),
                std::back_inserter(result.theTensors));
      result.files.push_back(*std::move(file));
    }
    std::sort(result.theTensors.begin(), result.theTensors.end(), nameBefore);
    auto twin =
        std::adjacent_find(result.theTensors.begin(), result.theTensors.end(),
                           [](const TensorInfo &a, const TensorInfo &b) {
                             return a.name == b.name;
                           });
    if (twin != result.theTensors.end())
      return badInput(fmt::format(
          "{}: expected every tensor once, found {} in {} and in {}", directory,
          inQuotes(twin->name), inQuotes(result.theShards[twin->shard]),
          inQuotes(result.theShards[std::next(twin)->shard])));
    if (index)
      SLUICE_TRY(checkIndex(*index, folder + indexFile, result.theTensors));
    return result;
  } catch (const std::bad_alloc &) {
    return outOfMemory(fmt::format("{}: no memory for its list of tensors",
                                   inQuotes(directory)));
  }
}

const TensorInfo *Checkpoint::find(std::string_view name) const {
  auto at = std::lower_bound(theTensors.begin(), theTensors.end(), name,
                             [](const TensorInfo &tensor, std::string_view n) {
                               return tensor.name < n;
                             });
  return at != theTensors.end() && at->name == name ? &*at : nullptr;
}

} // namespace sluice
