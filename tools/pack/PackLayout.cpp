#include "tools/pack/PackLayout.h"

#include "runtime/base/Quote.h"
#include "runtime/weights/Limits.h"
#include "tools/driver/JsonWriter.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace sluice {

static constexpr std::string_view weightSuffix = ".weight";

// A thread holds one strip of 128 rows.
static constexpr int64_t mostStripBytes = int64_t(128) << 20;

bool PackLayout::uses(BlockFormat format) const {
  return std::any_of(
      tensors.begin(), tensors.end(),
      [&](const PackedTensor &tensor) { return tensor.format == format; });
}

// Of one dimension; what is added to it or divided by cannot overflow.
static constexpr int64_t mostSize = int64_t(1) << 40;

static std::string_view stemOf(const SourceTensor &source) {
  std::string_view stem = source.name;
  if (stem.ends_with(weightSuffix))
    stem.remove_suffix(weightSuffix.size());
  return stem;
}

/// Sizes of the elements and of the scales.
static Status setSizes(PackedTensor &packed) {
  const SourceTensor &source = packed.source;
  packed.bytes = source.bytes;
  if (packed.format == BlockFormat::Plain)
    return {};
  int64_t rows = source.shape[0], columns = source.shape[1];
  if (std::max(rows, columns) > mostSize)
    return invalidArgument(
        fmt::format("{}: expected at most {} rows and columns, found {} and {}",
                    inQuotes(source.name), mostSize, rows, columns));
  if (packed.format == BlockFormat::Mxfp4 && columns % 32 != 0)
    return invalidArgument(fmt::format(
        "{}: expected a multiple of 32 columns for mxfp4, found {}; leave it "
        "out with {}=none or use fp8",
        inQuotes(source.name), columns, stemOf(source)));
  int64_t width = dtypeBytes(source.tensor->dtype) * 128;
  if (packed.format == BlockFormat::Fp8 && columns > mostStripBytes / width)
    return invalidArgument(
        fmt::format("{}: expected at most {} columns for fp8, found {}",
                    inQuotes(source.name), mostStripBytes / width, columns));
  BlockShape block = blockShape(packed.format);
  auto blocks = [](int64_t size, int64_t of) { return (size + of - 1) / of; };
  // Smaller than the source, which fits its file.
  uint64_t elements = uint64_t(rows) * uint64_t(columns);
  packed.bytes = packed.format == BlockFormat::Mxfp4 ? elements / 2 : elements;
  packed.scaleBytes =
      uint64_t(blocks(rows, block.rows) * blocks(columns, block.columns));
  packed.scaleName = fmt::format("{}.scale", stemOf(source));
  return {};
}

/// All experts of a layer are one stack to a kernel: one format.
static Status checkStacks(const std::vector<PackedTensor> &tensors) {
  std::map<std::string, const PackedTensor *> first;
  for (const PackedTensor &packed : tensors) {
    if (packed.source.weights != WeightClass::Experts)
      continue;
    const std::string &name = packed.source.name;
    size_t from = name.find("experts.") + 8;
    std::string stack =
        name.substr(0, from) + name.substr(name.find('.', from));
    const PackedTensor *&other = first.emplace(stack, &packed).first->second;
    if (other->format != packed.format)
      return invalidArgument(fmt::format(
          "expected one format for all experts of a layer, found {} for {} and "
          "{} for {}",
          formatName(other->format), inQuotes(other->source.name),
          formatName(packed.format), inQuotes(name)));
  }
  return {};
}

/// A scale takes a name that the source may have given to something else.
static Status checkScaleNames(const std::vector<PackedTensor> &tensors) {
  std::set<std::string_view> names;
  for (const PackedTensor &packed : tensors)
    names.insert(packed.source.name);
  for (const PackedTensor &packed : tensors)
    if (!packed.scaleName.empty() && !names.insert(packed.scaleName).second)
      return badInput(fmt::format(
          "the scales of {} would be named {}, as a tensor of the source is",
          inQuotes(packed.source.name), inQuotes(packed.scaleName)));
  return {};
}

namespace {
/// One entry of a safetensors header, before it has a place.
struct Entry {
  std::string_view name, dtype;
  uint64_t width = 0, bytes = 0; // of an element, of all
  std::vector<int64_t> shape;
  uint64_t *offset = nullptr;
};
} // namespace

static void addEntries(PackedTensor &packed, std::vector<Entry> &entries) {
  const SourceTensor &source = packed.source;
  if (packed.format == BlockFormat::Plain) {
    DType dtype = source.tensor->dtype;
    entries.push_back({source.name, dtypeName(dtype), dtypeBytes(dtype),
                       packed.bytes, source.shape, &packed.offset});
    return;
  }
  bool isFp8 = packed.format == BlockFormat::Fp8;
  int64_t rows = source.shape[0], columns = source.shape[1];
  BlockShape block = blockShape(packed.format);
  entries.push_back({source.name, dtypeName(isFp8 ? DType::F8E4M3 : DType::I8),
                     1, packed.bytes,
                     std::vector{rows, isFp8 ? columns : columns / 2},
                     &packed.offset});
  entries.push_back({packed.scaleName, dtypeName(DType::F8E8M0), 1,
                     packed.scaleBytes,
                     std::vector{(rows + block.rows - 1) / block.rows,
                                 (columns + block.columns - 1) / block.columns},
                     &packed.scaleOffset});
}

/// Gives the tensors of `shard` their places: wide elements first, so that
/// each is aligned to its own width.
static void placeTensors(PackLayout &layout, PackedShard &shard) {
  std::vector<Entry> entries;
  for (size_t i = shard.firstTensor; i < shard.endTensor; ++i)
    addEntries(layout.tensors[i], entries);
  JsonWriter json;
  json.beginObject().key("__metadata__").beginObject();
  json.field("format", "pt").endObject();
  uint64_t end = 0;
  for (uint64_t width : {8, 4, 2, 1})
    for (const Entry &entry : entries) {
      if (entry.width != width)
        continue;
      json.key(entry.name).beginObject().field("dtype", entry.dtype);
      json.key("shape").beginList();
      for (int64_t size : entry.shape)
        json.value(size);
      json.endList().key("data_offsets").beginList();
      json.value(end).value(end + entry.bytes).endList().endObject();
      *entry.offset = end;
      end += entry.bytes;
    }
  std::string text = json.endObject().text();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  uint64_t length = text.size();
  for (int i = 0; i < 8; ++i)
    shard.header += char(length >> (8 * i));
  shard.header += text;
  for (const Entry &entry : entries)
    *entry.offset += shard.header.size();
  shard.bytes = shard.header.size() + end;
}

static void fillShards(PackLayout &layout, uint64_t shardBytes) {
  uint64_t inShard = 0;
  for (size_t i = 0; i < layout.tensors.size(); ++i) {
    PackedTensor &packed = layout.tensors[i];
    uint64_t bytes = packed.bytes + packed.scaleBytes;
    if (layout.shards.empty() || inShard + bytes > shardBytes) {
      layout.shards.emplace_back().firstTensor = i;
      inShard = 0;
    }
    inShard += bytes;
    layout.shards.back().endTensor = i + 1;
    packed.shard = uint32_t(layout.shards.size() - 1);
  }
}

static std::string indexText(const PackLayout &layout) {
  uint64_t total = 0;
  std::map<std::string_view, std::string_view> files;
  for (const PackedTensor &packed : layout.tensors) {
    std::string_view file = layout.shards[packed.shard].name;
    files.emplace(packed.source.name, file);
    if (!packed.scaleName.empty())
      files.emplace(packed.scaleName, file);
    total += packed.bytes + packed.scaleBytes;
  }
  JsonWriter json;
  json.beginObject().key("metadata").beginObject();
  json.field("total_size", total).endObject();
  json.key("weight_map").beginObject();
  for (auto [name, file] : files)
    json.field(name, file);
  return json.endObject().endObject().text() + "\n";
}

Result<PackLayout> layOut(std::vector<SourceTensor> sources,
                          QuantizeRules &rules, uint64_t shardBytes) {
  PackLayout layout;
  for (SourceTensor &source : sources) {
    PackedTensor packed;
    packed.source = std::move(source);
    if (packed.source.weights) {
      SLUICE_ASSIGN(packed.format,
                    rules.formatOf(packed.source.name, *packed.source.weights));
    }
    SLUICE_TRY(setSizes(packed));
    layout.sourceBytes += packed.source.bytes;
    layout.tensors.push_back(std::move(packed));
  }
  SLUICE_TRY(rules.checkUsed());
  SLUICE_TRY(checkStacks(layout.tensors));
  SLUICE_TRY(checkScaleNames(layout.tensors));
  fillShards(layout, shardBytes);
  if (layout.shards.size() > mostShards)
    return invalidArgument(fmt::format(
        "expected shards large enough for at most {} of them, found "
        "{} of {} bytes",
        mostShards, layout.shards.size(), shardBytes));
  for (size_t i = 0; i < layout.shards.size(); ++i) {
    PackedShard &shard = layout.shards[i];
    shard.name = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1,
                             layout.shards.size());
    placeTensors(layout, shard);
    layout.bytes += shard.bytes;
  }
  layout.index = indexText(layout);
  return layout;
}

} // namespace sluice
