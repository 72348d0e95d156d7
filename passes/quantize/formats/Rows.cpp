#include "passes/quantize/formats/Rows.h"

#include "passes/quantize/formats/Lanes.h"

#include <cmath>
#include <cstring>

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

/// Of numbers that are only copied: those whose bits reach `infinity` when the
/// sign is away.
template <typename Stored>
static int64_t findFrom(const std::byte *data, int64_t size, Stored infinity) {
  constexpr auto sign = Stored(Stored(1) << (8 * sizeof(Stored) - 1));
  for (int64_t i = 0; i < size; ++i) {
    Stored bits;
    std::memcpy(&bits, data + i * int64_t(sizeof bits), sizeof bits);
    if (Stored(bits & Stored(~sign)) >= infinity)
      return i;
  }
  return -1;
}

/// E8M0 has no sign, and one code that is no number.
static int64_t findE8M0(const std::byte *data, int64_t size) {
  const void *found = std::memchr(data, 0xff, size_t(size));
  return found ? static_cast<const std::byte *>(found) - data : -1;
}

static int64_t find(DType dtype, const std::byte *data, int64_t size) {
  switch (dtype) {
  case DType::F32:
    return findF32(data, size);
  case DType::BF16:
    return findBf16(data, size);
  case DType::F64:
    return findFrom<uint64_t>(data, size, 0x7ff0000000000000);
  case DType::F16:
    return findFrom<uint16_t>(data, size, 0x7c00);
  case DType::F8E4M3:
    return findFrom<uint8_t>(data, size, 0x7f);
  case DType::F8E5M2:
    return findFrom<uint8_t>(data, size, 0x7c);
  case DType::F8E8M0:
    return findE8M0(data, size);
  default: // whole numbers
    return -1;
  }
}

std::optional<int64_t> firstNotFinite(const Rows &rows) {
  int64_t at = find(rows.dtype, rows.data, rows.rows * rows.columns);
  return at < 0 ? std::nullopt : std::optional(at);
}

} // namespace sluice
