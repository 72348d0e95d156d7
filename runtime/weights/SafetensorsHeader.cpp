#include "runtime/weights/SafetensorsHeader.h"

#include "runtime/base/Checked.h"
#include "runtime/base/Json.h"
#include "runtime/base/Quote.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>

namespace sluice {

static constexpr uint64_t longestHeader =
    100'000'000;                           // bytes; the format's own
static constexpr size_t longestName = 512; // bytes
static constexpr size_t highestRank = 8;

std::string describe(const TensorInfo &tensor) {
  return fmt::format("{} {} [{}]", inQuotes(tensor.name),
                     dtypeName(tensor.dtype), fmt::join(tensor.shape, ", "));
}

/// Its JSON text, without the length before it.
static Result<std::string_view> headerText(std::span<const std::byte> file,
                                           const std::string &fileName) {
  if (file.size() < 8)
    return badInput(fmt::format("{}: expected a safetensors file, which begins "
                                "with 8 bytes of header length, found {} bytes "
                                "in all",
                                fileName, file.size()));
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | std::to_integer<uint64_t>(file[i]);
  if (length > longestHeader)
    return badInput(
        fmt::format("{}: expected a safetensors header of at most {} "
                    "bytes, found a length of {}",
                    fileName, longestHeader, length));
  if (!inRange(8, length, file.size()))
    return badInput(
        fmt::format("{}: expected a header of {} bytes, found only {} "
                    "after its length; the file is cut",
                    fileName, length, file.size() - 8));
  std::string_view text(reinterpret_cast<const char *>(file.data()) + 8,
                        length);
  if (!text.starts_with('{'))
    return badInput(
        fmt::format("{}: expected the header to begin with '{{'; this "
                    "is no safetensors file",
                    fileName));
  return text;
}

/// One entry of the header. `data` is where tensor data begins in the file.
static Result<TensorInfo> readEntry(std::string_view name, const Json &entry,
                                    uint64_t data, uint64_t dataBytes) {
  TensorInfo tensor;
  if (name.size() > longestName)
    return entry.error(
        fmt::format("expected a tensor name of at most {} bytes, "
                    "found {}",
                    longestName, name.size()));
  tensor.name = name;

  SLUICE_ASSIGN(Json dtype, entry.get("dtype"));
  SLUICE_ASSIGN(std::string_view dtypeText, dtype.string());
  std::optional<DType> known = dtypeFromName(dtypeText);
  if (!known)
    return dtype.mismatch("one of " + dtypeNames());
  tensor.dtype = *known;

  SLUICE_ASSIGN(Json shape, entry.get("shape"));
  SLUICE_ASSIGN(std::vector<Json> dims, shape.items());
  if (dims.size() > highestRank)
    return shape.mismatch(fmt::format("at most {} dimensions", highestRank));
  std::optional<uint64_t> bytes = dtypeBytes(tensor.dtype);
  for (const Json &dim : dims) {
    SLUICE_ASSIGN(int64_t size,
                  dim.integer(0, std::numeric_limits<int64_t>::max()));
    tensor.shape.push_back(size);
    // A later 0 would hide an overflow, and code behind us multiplies too: the
    // dimensions other than 0 must fit by themselves.
    if (bytes && size != 0)
      bytes = checkedMul<uint64_t>(*bytes, static_cast<uint64_t>(size));
  }
  if (!bytes)
    return entry.error(fmt::format(
        "expected a size that fits 64 bits, found {}", describe(tensor)));
  bool empty = std::find(tensor.shape.begin(), tensor.shape.end(), 0) !=
               tensor.shape.end();
  tensor.bytes = empty ? 0 : *bytes;

  SLUICE_ASSIGN(Json offsets, entry.get("data_offsets"));
  SLUICE_ASSIGN(std::vector<Json> ends, offsets.items());
  if (ends.size() != 2)
    return offsets.mismatch("a list [begin, end]");
  int64_t most = std::numeric_limits<int64_t>::max();
  SLUICE_ASSIGN(int64_t begin, ends[0].integer(0, most));
  SLUICE_ASSIGN(int64_t end, ends[1].integer(0, most));
  if (end < begin)
    return offsets.error(fmt::format(
        "expected an end that is not before the begin, found [{}, {}]", begin,
        end));
  if (static_cast<uint64_t>(end) > dataBytes)
    return offsets.error(
        fmt::format("expected tensor data to end within the {} "
                    "bytes of data in the file, found an end of "
                    "{}; the file is cut or damaged",
                    dataBytes, end));
  if (static_cast<uint64_t>(end - begin) != tensor.bytes)
    return offsets.error(
        fmt::format("expected {} bytes for {}, found [{}, {}], "
                    "which is {}",
                    tensor.bytes, describe(tensor), begin, end, end - begin));
  tensor.offset = data + static_cast<uint64_t>(begin); // both within the file
  return tensor;
}

/// Whether the ranges lie side by side from `data` to `fileBytes`. A hole would
/// hide bytes that no reader looks at, an overlap would make one tensor alter
/// another.
static Status checkCover(const std::vector<TensorInfo> &tensors, uint64_t data,
                         uint64_t fileBytes, const std::string &fileName) {
  std::vector<const TensorInfo *> order;
  order.reserve(tensors.size());
  for (const TensorInfo &tensor : tensors)
    order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const auto *a, const auto *b) {
    return std::pair(a->offset, a->bytes) < std::pair(b->offset, b->bytes);
  });
  uint64_t next = data;
  for (const TensorInfo *tensor : order) {
    if (tensor->offset != next)
      return badInput(fmt::format(
          "{}: expected tensor data without {}, found {} at byte {} of the "
          "data "
          "where {} was due",
          fileName, tensor->offset > next ? "holes" : "overlap",
          inQuotes(tensor->name), tensor->offset - data, next - data));
    next = tensor->offset + tensor->bytes; // inside the file, checked before
  }
  if (next != fileBytes)
    return badInput(
        fmt::format("{}: expected the tensors to cover the file, found "
                    "{} bytes after the last one",
                    fileName, fileBytes - next));
  return {};
}

static Status checkMetadata(const Json &metadata) {
  SLUICE_ASSIGN(auto members, metadata.members());
  for (const auto &[key, value] : members)
    SLUICE_TRY(value.string().status());
  return {};
}

Result<std::vector<TensorInfo>>
readSafetensorsHeader(std::span<const std::byte> file,
                      const std::string &fileName) {
  SLUICE_ASSIGN(std::string_view text, headerText(file, fileName));
  SLUICE_ASSIGN(
      JsonDocument document,
      JsonDocument::parse(text, fileName,
                          {.maxBytes = longestHeader, .maxDepth = 32}));
  uint64_t data = 8 + text.size();
  SLUICE_ASSIGN(auto members, document.root().members());
  std::vector<TensorInfo> tensors;
  tensors.reserve(members.size());
  for (const auto &[name, entry] : members) {
    if (name == "__metadata__") {
      SLUICE_TRY(checkMetadata(entry));
      continue;
    }
    SLUICE_ASSIGN(TensorInfo tensor,
                  readEntry(name, entry, data, file.size() - data));
    tensors.push_back(std::move(tensor));
  }
  SLUICE_TRY(checkCover(tensors, data, file.size(), fileName));
  return tensors;
}

} // namespace sluice
