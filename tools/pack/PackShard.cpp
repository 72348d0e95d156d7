#include "tools/pack/PackShard.h"

#include "passes/quantize/formats/EncodeFp8.h"
#include "passes/quantize/formats/Rows.h"
#include "runtime/base/Quote.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

namespace sluice {
namespace {

constexpr int64_t pieceBytes = int64_t(4) << 20; // of the source, about

/// Rows of one tensor that a thread does at a time. A tensor that is copied
/// counts as rows of one element.
struct Piece {
  size_t tensor; // index into PackLayout::tensors
  int64_t row, rows;
};

int64_t columnsOf(const PackedTensor &packed) {
  return packed.format == BlockFormat::Plain ? 1 : packed.source.shape[1];
}

int64_t rowBytesOf(const PackedTensor &packed) {
  return columnsOf(packed) * int64_t(dtypeBytes(packed.source.tensor->dtype));
}

std::vector<Piece> cut(const PackLayout &layout, const PackedShard &shard) {
  std::vector<Piece> pieces;
  for (size_t i = shard.firstTensor; i < shard.endTensor; ++i) {
    const PackedTensor &packed = layout.tensors[i];
    if (packed.source.bytes == 0)
      continue;
    int64_t rowBytes = rowBytesOf(packed);
    int64_t rows = int64_t(packed.source.bytes) / rowBytes;
    int64_t unit = packed.format == BlockFormat::Plain
                       ? 1
                       : blockShape(packed.format).rows;
    int64_t step = std::max<int64_t>(1, pieceBytes / rowBytes / unit) * unit;
    for (int64_t row = 0; row < rows; row += step)
      pieces.push_back({i, row, std::min(step, rows - row)});
  }
  return pieces;
}

/// A thread's memory, reused.
class Buffer {
public:
  std::byte *of(size_t size) {
    if (size > capacity) {
      bytes.reset(new std::byte[size]);
      capacity = size;
    }
    return bytes.get();
  }
  uint8_t *codes(size_t size) { return reinterpret_cast<uint8_t *>(of(size)); }

private:
  std::unique_ptr<std::byte[]> bytes; // not cleared, unlike a vector
  size_t capacity = 0;
};

class ShardPacker {
public:
  ShardPacker(const PackLayout &layout, const PackedShard &shard,
              const std::vector<SourceFile> &sources, const ShardFile &output,
              const ShardWork &work)
      : layout(layout), shard(shard), sources(sources), output(output),
        work(work), pieces(cut(layout, shard)), costs(pieces.size()) {}

  Result<std::vector<Distortion>> run();

private:
  void runThread();
  Result<Distortion> pack(const Piece &piece, Buffer &input, Buffer &codes,
                          Buffer &scales) const;
  Status checkFinite(const PackedTensor &packed, const Piece &piece,
                     const Rows &rows) const;
  Mxfp4Options mxfp4(const PackedTensor &packed) const;
  void fail(size_t piece, Status status);

  const PackLayout &layout;
  const PackedShard &shard;
  const std::vector<SourceFile> &sources;
  const ShardFile &output;
  const ShardWork &work;
  std::vector<Piece> pieces;
  std::vector<Distortion> costs; // by piece
  std::atomic<size_t> next = 0;
  std::atomic<bool> stopped = false;
  std::mutex mutex;
  std::optional<std::pair<size_t, Status>> firstFailure; // by piece
};

Status ShardPacker::checkFinite(const PackedTensor &packed, const Piece &piece,
                                const Rows &rows) const {
  std::optional<int64_t> bad = firstNotFinite(rows);
  if (!bad)
    return {};
  const TensorInfo &tensor = *packed.source.tensor;
  // Counted from the start of the tensor in the file, which may be a stack.
  int64_t index = int64_t(packed.source.offset - tensor.offset) /
                      int64_t(dtypeBytes(tensor.dtype)) +
                  piece.row * columnsOf(packed) + *bad;
  std::string place;
  for (size_t d = tensor.shape.size(); d-- > 0;) {
    place = fmt::format("{}{}{}", index % tensor.shape[d],
                        place.empty() ? "" : ", ", place);
    index /= tensor.shape[d];
  }
  return badInput(fmt::format(
      "tensor {}: expected finite numbers, found an infinity or NaN at [{}]",
      inQuotes(tensor.name), place));
}

Mxfp4Options ShardPacker::mxfp4(const PackedTensor &packed) const {
  Mxfp4Options options{work.scales, nullptr};
  if (!work.importance)
    return options;
  auto it = work.importance->find(packed.source.name);
  if (it != work.importance->end() &&
      int64_t(it->second.size()) == packed.source.shape[1])
    options.importance = it->second.data();
  return options;
}

Result<Distortion> ShardPacker::pack(const Piece &piece, Buffer &input,
                                     Buffer &codes, Buffer &scales) const {
  const PackedTensor &packed = layout.tensors[piece.tensor];
  const TensorInfo &tensor = *packed.source.tensor;
  int64_t columns = columnsOf(packed), rowBytes = rowBytesOf(packed);
  auto bytes = size_t(piece.rows * rowBytes);
  uint64_t from = uint64_t(piece.row * rowBytes);
  std::byte *data = input.of(bytes);
  SLUICE_TRY(
      sources[tensor.shard].readAt(packed.source.offset + from, data, bytes));
  Rows rows{data, tensor.dtype, piece.rows, columns};
  SLUICE_TRY(checkFinite(packed, piece, rows));
  if (packed.format == BlockFormat::Plain) {
    SLUICE_TRY(output.writeAt(packed.offset + from, data, bytes));
    return Distortion{};
  }
  BlockShape block = blockShape(packed.format);
  int64_t scaleColumns = (columns + block.columns - 1) / block.columns;
  int64_t scaleRows = (piece.rows + block.rows - 1) / block.rows;
  bool isFp8 = packed.format == BlockFormat::Fp8;
  int64_t codeBytes = isFp8 ? columns : columns / 2; // of a row
  uint8_t *code = codes.codes(size_t(piece.rows * codeBytes));
  uint8_t *scale = scales.codes(size_t(scaleRows * scaleColumns));
  Distortion cost;
  if (isFp8)
    for (int64_t row = 0; row < piece.rows; row += block.rows) {
      Rows strip{data + row * rowBytes, tensor.dtype,
                 std::min(block.rows, piece.rows - row), columns};
      cost += encodeFp8Strip(strip, code + row * columns,
                             scale + row / block.rows * scaleColumns);
    }
  else
    cost = encodeMxfp4Rows(rows, mxfp4(packed), code, scale);
  SLUICE_TRY(output.writeAt(packed.offset + uint64_t(piece.row * codeBytes),
                            code, size_t(piece.rows * codeBytes)));
  SLUICE_TRY(output.writeAt(packed.scaleOffset +
                                uint64_t(piece.row / block.rows * scaleColumns),
                            scale, size_t(scaleRows * scaleColumns)));
  return cost;
}

/// The failure that counts is that of the first piece: which it is does not
/// depend on threads, since pieces are begun in order.
void ShardPacker::fail(size_t piece, Status status) {
  stopped = true;
  std::lock_guard guard(mutex);
  if (!firstFailure || piece < firstFailure->first)
    firstFailure.emplace(piece, std::move(status));
}

void ShardPacker::runThread() {
  Buffer input, codes, scales;
  while (!stopped) {
    size_t at = next++;
    if (at >= pieces.size())
      return;
    try {
      Result<Distortion> cost = pack(pieces[at], input, codes, scales);
      if (!cost.ok())
        return fail(at, cost.status());
      costs[at] = *cost;
    } catch (const std::bad_alloc &) {
      return fail(at, outOfMemory("out of memory"));
    }
    int64_t rowBytes = rowBytesOf(layout.tensors[pieces[at].tensor]);
    if (work.progress && !work.progress(uint64_t(pieces[at].rows * rowBytes)))
      return fail(at, {StatusCode::Failed, "interrupted"});
  }
}

Result<std::vector<Distortion>> ShardPacker::run() {
  std::vector<std::thread> others;
  try {
    for (unsigned i = 1; i < work.threads; ++i)
      others.emplace_back([this] { runThread(); });
  } catch (const std::exception &) { // NOLINT(bugprone-empty-catch):
    // Fewer threads do the same.
  }
  runThread();
  for (std::thread &other : others)
    other.join();
  if (firstFailure)
    return firstFailure->second;
  std::vector<Distortion> result(shard.endTensor - shard.firstTensor);
  for (size_t i = 0; i < pieces.size(); ++i)
    result[pieces[i].tensor - shard.firstTensor] += costs[i];
  return result;
}

} // namespace

Result<std::vector<Distortion>>
packShard(const PackLayout &layout, const PackedShard &shard,
          const std::vector<SourceFile> &sources, const ShardFile &output,
          const ShardWork &work) {
  SLUICE_TRY(output.writeAt(0, shard.header.data(), shard.header.size()));
  return ShardPacker(layout, shard, sources, output, work).run();
}

} // namespace sluice
