#pragma once

#include "test/reference/TensorSource.h"

#include <map>
#include <memory>

namespace sluice::reference {

/// A tensor as its file holds it.
struct StoredTensor {
  std::string type; // "F32", "BF16", "F8_E4M3", ..
  std::vector<std::int64_t> shape;
  std::span<const unsigned char> bytes;
};

/// One tensor file, read whole.
class SafetensorsFile {
public:
  explicit SafetensorsFile(const std::string &path);

  const std::map<std::string, StoredTensor> &tensors() const {
    return theTensors;
  }

private:
  std::vector<unsigned char> content;
  std::map<std::string, StoredTensor> theTensors;
};

/// F32, BF16 and I64 as they are; no scales.
Values decodePlain(const StoredTensor &tensor);

/// A directory with model.safetensors, or an index and its shards. FP8 is worth
/// element * scale of its 128x128 block; I8 is packed MXFP4, low nibble first,
/// one scale for 32 elements of a row.
class Checkpoint : public TensorSource {
public:
  explicit Checkpoint(const std::string &directory);

  bool has(const std::string &name) const override;
  Values read(const std::string &name,
              const std::vector<std::int64_t> &shape) const override;

private:
  const StoredTensor &scaleOf(const std::string &name) const;

  std::vector<std::unique_ptr<SafetensorsFile>> files;
  std::map<std::string, const StoredTensor *> tensors;
};

} // namespace sluice::reference
