#include "tools/pack/Pack.h"

#include "frontend/config/ModelConfig.h"
#include "runtime/base/Hash.h"
#include "runtime/base/MappedFile.h"
#include "runtime/base/Quote.h"
#include "runtime/weights/Checkpoint.h"
#include "tools/driver/JsonWriter.h"
#include "tools/pack/PackConfig.h"
#include "tools/pack/PackFolder.h"
#include "tools/pack/SmallFiles.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <mutex>
#include <optional>
#include <sys/stat.h>

namespace sluice {
namespace {

namespace fs = std::filesystem;

// Raised whenever the same job would write other bytes: an unfinished folder
// of an older program is then refused.
constexpr int bytesVersion = 2;

class Packing {
public:
  explicit Packing(const PackOptions &options) : options(options) {}

  Result<PackSummary> run();
  Result<bool> check();

private:
  Status readSource();
  Result<std::string> jobText() const;
  Status checkRoom() const;
  Status packAll(PackFolder &folder);
  Result<std::vector<Distortion>> packOne(PackFolder &folder,
                                          const PackedShard &shard);
  Status finish(PackFolder &folder);
  void addWeights(const PackedShard &shard,
                  const std::vector<Distortion> &costs);
  bool advance(uint64_t bytes);

  const PackOptions &options;
  ModelConfig config;
  Checkpoint checkpoint;
  PackLayout layout;
  std::string sourceConfig, packedConfigText;
  std::vector<std::pair<std::string, std::string>> others; // name, source
  std::vector<SourceFile> sources; // by shard of the checkpoint
  PackSummary summary;
  std::mutex mutex;
  uint64_t done = 0; // bytes of the source; under `mutex`
};

Status Packing::readSource() {
  std::string path = options.model + "/config.json";
  SLUICE_ASSIGN(MappedFile text, MappedFile::open(path));
  sourceConfig = text.text();
  SLUICE_ASSIGN(config, readModelConfig(sourceConfig, path));
  SLUICE_ASSIGN(checkpoint, Checkpoint::open(options.model));
  SLUICE_ASSIGN(QuantizeRules rules, QuantizeRules::parse(options.rules));
  SLUICE_ASSIGN(auto tensors,
                sourceTensors(checkpoint, config, summary.warnings));
  SLUICE_ASSIGN(layout, layOut(std::move(tensors), rules, options.shardBytes));
  SLUICE_ASSIGN(packedConfigText,
                packedConfig(sourceConfig, path, layout, config));
  SLUICE_ASSIGN(others, smallFiles(options.model, summary.warnings));
  for (const std::string &shard : checkpoint.shards()) {
    SLUICE_ASSIGN(SourceFile file,
                  SourceFile::open(checkpoint.directory() + "/" + shard));
    sources.push_back(std::move(file));
  }
  return {};
}

/// Of a safetensors file up to the tensor data.
std::string headerHash(const MappedFile &file) {
  uint64_t length = 0;
  std::memcpy(&length, file.text().data(),
              std::min(sizeof length, file.text().size()));
  Hasher hasher;
  hasher.update(file.text().substr(0, 8 + length));
  return hasher.hash().hex();
}

/// All that the bytes of the result depend on, but for the weights' own: of
/// their files it counts which they are, their headers and times.
Result<std::string> Packing::jobText() const {
  Hasher settings;
  settings.update(packedConfigText);
  for (const auto &[name, path] : others) {
    SLUICE_ASSIGN(MappedFile file, MappedFile::open(path));
    settings.update(fmt::format("{} {} ", name, file.size()));
    settings.update(file.text());
  }
  for (const auto &[name, columns] : options.importance) {
    settings.update(fmt::format("{} {} ", name, columns.size()));
    settings.update(columns.data(), columns.size() * sizeof(float));
  }
  JsonWriter json;
  json.beginObject().field("version", bytesVersion);
  json.field("quantize", options.rules);
  json.field("scales",
             options.scales == ScaleChoice::Search ? "search" : "plain");
  json.field("shard_bytes", options.shardBytes);
  json.field("settings", settings.hash().hex());
  json.key("source").beginList();
  for (uint32_t i = 0; i < checkpoint.shards().size(); ++i) {
    std::string path = checkpoint.directory() + "/" + checkpoint.shards()[i];
    std::error_code error;
    auto time = fs::last_write_time(path, error).time_since_epoch().count();
    if (error)
      return badInput(
          fmt::format("cannot read {}: {}", inQuotes(path), error.message()));
    json.beginObject().field("file", checkpoint.shards()[i]);
    json.field("bytes", checkpoint.shardBytes(i)).field("time", time);
    SLUICE_ASSIGN(MappedFile mapped, MappedFile::open(path));
    json.field("header", headerHash(mapped));
    struct stat status = {};
    if (stat(path.c_str(), &status) == 0)
      json.field("file_id", fmt::format("{}:{}", status.st_dev, status.st_ino));
    json.endObject();
  }
  return json.endList().endObject().text() + "\n";
}

/// Better now than after hours; that a disk fills up meanwhile is found too.
Status Packing::checkRoom() const {
  std::error_code error;
  fs::space_info room = fs::space(options.output, error);
  if (error || room.capacity == 0 || room.available >= layout.bytes)
    return {};
  return outputNotWritten(fmt::format(
      "the packed model takes {} bytes, {} has room for {}; free some space, "
      "or choose another place",
      layout.bytes, inQuotes(options.output), room.available));
}

bool Packing::advance(uint64_t bytes) {
  std::lock_guard guard(mutex);
  done += bytes;
  return !options.progress || options.progress(done, layout.sourceBytes);
}

std::string noteName(const PackedShard &shard) { return shard.name + ".costs"; }

/// What the encoding of each tensor costs, exactly.
std::string noteText(const std::vector<Distortion> &costs) {
  std::string text;
  for (const Distortion &cost : costs)
    text += fmt::format("{:a} {:a}\n", cost.signal, cost.noise);
  return text;
}

std::optional<std::vector<Distortion>> readNote(const std::string &text,
                                                size_t count) {
  std::vector<Distortion> costs(count);
  const char *at = text.c_str();
  for (Distortion &cost : costs)
    for (double *number : {&cost.signal, &cost.noise}) {
      char *end = nullptr;
      *number = std::strtod(at, &end);
      if (end == at)
        return std::nullopt;
      at = end;
    }
  return costs;
}

Result<std::vector<Distortion>> Packing::packOne(PackFolder &folder,
                                                 const PackedShard &shard) {
  if (folder.has(shard.name)) {
    SLUICE_ASSIGN(std::string text, folder.note(noteName(shard)));
    auto costs = readNote(text, shard.endTensor - shard.firstTensor);
    if (!costs)
      return badInput(fmt::format("the note {} of the unfinished pack in {} is "
                                  "damaged; remove the folder",
                                  inQuotes(noteName(shard)),
                                  inQuotes(options.output)));
    for (size_t i = shard.firstTensor; i < shard.endTensor; ++i)
      advance(layout.tensors[i].source.bytes);
    return *std::move(costs);
  }
  ShardWork work;
  work.scales = options.scales;
  work.importance = options.importance.empty() ? nullptr : &options.importance;
  work.threads = options.threads;
  work.progress = [this](uint64_t bytes) { return advance(bytes); };
  SLUICE_ASSIGN(ShardFile file,
                ShardFile::create(folder.writingPath(), shard.bytes));
  SLUICE_ASSIGN(auto costs, packShard(layout, shard, sources, file, work));
  SLUICE_TRY(file.commit());
  SLUICE_TRY(folder.keepNote(noteName(shard), noteText(costs)));
  SLUICE_TRY(folder.keep(shard.name));
  return costs;
}

void Packing::addWeights(const PackedShard &shard,
                         const std::vector<Distortion> &costs) {
  for (size_t i = shard.firstTensor; i < shard.endTensor; ++i) {
    const PackedTensor &packed = layout.tensors[i];
    if (packed.format == BlockFormat::Plain)
      continue;
    summary.weights.push_back({packed.source.name, packed.format,
                               packed.source.shape[0], packed.source.shape[1],
                               packed.bytes + packed.scaleBytes,
                               costs[i - shard.firstTensor]});
  }
}

Status Packing::packAll(PackFolder &folder) {
  if (!folder.resumed())
    SLUICE_TRY(checkRoom());
  for (const PackedShard &shard : layout.shards) {
    SLUICE_ASSIGN(auto costs, packOne(folder, shard));
    addWeights(shard, costs);
  }
  return {};
}

Status Packing::finish(PackFolder &folder) {
  std::vector<std::string> files;
  for (const PackedShard &shard : layout.shards)
    files.push_back(shard.name);
  for (const auto &[name, path] : others) {
    SLUICE_ASSIGN(MappedFile file, MappedFile::open(path));
    SLUICE_TRY(folder.write(name, file.text()));
    files.push_back(name);
  }
  SLUICE_TRY(folder.write("config.json", packedConfigText));
  files.emplace_back("config.json");
  SLUICE_TRY(folder.write(PackFolder::indexFile, layout.index));
  files.emplace_back(PackFolder::indexFile); // last: it makes it a model
  return folder.finish(files);
}

Result<bool> Packing::check() {
  SLUICE_TRY(readSource());
  SLUICE_ASSIGN(bool isPart, PackFolder::probe(options.output));
  if (!isPart)
    SLUICE_TRY(checkRoom());
  return layout.uses(BlockFormat::Mxfp4);
}

Result<PackSummary> Packing::run() {
  SLUICE_TRY(readSource());
  SLUICE_ASSIGN(std::string job, jobText());
  SLUICE_ASSIGN(PackFolder folder, PackFolder::open(options.output, job));
  Status status = packAll(folder);
  if (status.ok())
    status = finish(folder);
  if (!status.ok()) {
    folder.giveUp();
    return status;
  }
  summary.sourceBytes = layout.sourceBytes;
  summary.bytes = layout.bytes;
  summary.tensors = layout.tensors.size();
  summary.shards = layout.shards.size();
  summary.resumed = folder.resumed();
  return std::move(summary);
}

} // namespace

Result<PackSummary> packModel(const PackOptions &options) {
  return Packing(options).run();
}

Result<bool> checkPack(const PackOptions &options) {
  return Packing(options).check();
}

} // namespace sluice
