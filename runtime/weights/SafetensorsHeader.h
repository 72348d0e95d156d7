#pragma once

#include "runtime/base/Status.h"
#include "runtime/weights/DType.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sluice {

/// Where one tensor lies.
struct TensorInfo {
  std::string name; // at most 512 bytes of UTF-8
  DType dtype = DType::U8;
  std::vector<int64_t> shape; // rank 0 to 8, each >= 0; row-major
  uint32_t shard = 0;         // index of the file in its checkpoint
  uint64_t offset = 0;        // of the first byte, from the start of the file
  uint64_t bytes = 0;         // product of shape times dtypeBytes
};

/// "name F32 [2, 3]", for messages.
std::string describe(const TensorInfo &tensor);

/// The tensors of the safetensors file whose bytes are `file`, in the order of
/// the file. Reads the header and never the tensor data behind it.
///
///     u64 n (little endian) | n bytes of JSON | tensor data
///
/// Everything is checked: n <= 100,000,000 and inside the file; each tensor's
/// range is shape times element size, inside the data, and the ranges cover the
/// data without overlap or hole; names are unique. Failures are BadInput and
/// begin with `fileName`.
Result<std::vector<TensorInfo>>
readSafetensorsHeader(std::span<const std::byte> file,
                      const std::string &fileName);

} // namespace sluice
