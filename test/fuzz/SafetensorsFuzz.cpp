// Any bytes are a safetensors file, an index, or a refusal with a sentence;
// what is accepted keeps the promises that users of TensorInfo build on.

#include "runtime/base/Checked.h"
#include "runtime/weights/SafetensorsHeader.h"
#include "runtime/weights/ShardIndex.h"

#include <cstdint>
#include <cstdlib>

using namespace sluice;

static void require(bool condition) {
  if (!condition)
    std::abort(); // libFuzzer keeps the input
}

static void requireSentence(const Status &status) {
  require(status.code() == StatusCode::BadInput);
  require(status.message().starts_with("f: ") &&
          status.message().size() < 4096);
}

static void readHeader(std::span<const std::byte> file) {
  Result<std::vector<TensorInfo>> tensors = readSafetensorsHeader(file, "f");
  if (!tensors.ok())
    return requireSentence(tensors.status());
  uint64_t covered = 0;
  for (const TensorInfo &tensor : *tensors) {
    require(inRange(tensor.offset, tensor.bytes, file.size()));
    require(tensor.name.size() <= 512 && tensor.shape.size() <= 8);
    uint64_t bytes = dtypeBytes(tensor.dtype);
    for (int64_t dim : tensor.shape)
      bytes *= static_cast<uint64_t>(dim);
    require(bytes == tensor.bytes);
    covered += tensor.bytes;
  }
  require(covered < file.size());
}

static void readIndex(std::string_view text) {
  Result<ShardIndex> index = readShardIndex(text, "f");
  if (!index.ok())
    return requireSentence(index.status());
  for (const std::string &shard : index->shards)
    require(shard.find('/') == std::string::npos && shard != "..");
  for (const auto &[tensor, shard] : index->tensors)
    require(shard < index->shards.size());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  readHeader({reinterpret_cast<const std::byte *>(data), size});
  readIndex({reinterpret_cast<const char *>(data), size});
  // A mutator seldom keeps the length right: the same bytes as a header alone.
  std::string file;
  for (int i = 0; i < 8; ++i)
    file += static_cast<char>(static_cast<uint64_t>(size) >> (8 * i));
  file.append(reinterpret_cast<const char *>(data), size);
  file.append(16, '\0');
  readHeader({reinterpret_cast<const std::byte *>(file.data()), file.size()});
  return 0;
}
