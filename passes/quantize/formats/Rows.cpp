#include "passes/quantize/formats/Rows.h"

#include "passes/quantize/formats/Lanes.h"

#include <cmath>

namespace sluice {

std::optional<double> Distortion::decibels() const {
  if (noise == 0)
    return std::nullopt;
  return 10 * std::log10(signal / noise);
}

template <typename Stored>
SLUICE_INLINE int64_t findNotFinite(const std::byte *data, int64_t size) {
  using namespace lanes;
  const auto *x = reinterpret_cast<const Stored *>(data);
  for (int64_t i = 0; i < size; i += count) {
    U32 bits;
    load(x + i, size - i, bits);
    if (__builtin_reduce_max(bits & ~signBit) < infinity)
      continue;
    for (int64_t lane = 0; lane < count; ++lane)
      if ((bits[lane] & ~signBit) >= infinity)
        return i + lane;
  }
  return -1;
}

SLUICE_FOR_EACH_ISA
static int64_t findF32(const std::byte *data, int64_t size) {
  return findNotFinite<uint32_t>(data, size);
}
SLUICE_FOR_EACH_ISA
static int64_t findBf16(const std::byte *data, int64_t size) {
  return findNotFinite<uint16_t>(data, size);
}

std::optional<int64_t> firstNotFinite(const Rows &rows) {
  int64_t size = rows.rows * rows.columns;
  int64_t at = rows.dtype == DType::F32 ? findF32(rows.data, size)
                                        : findBf16(rows.data, size);
  return at < 0 ? std::nullopt : std::optional(at);
}

} // namespace sluice
