#include "runtime/device/sim/machine/Alu.h"

#include <cstring>

namespace sluice::sim {
namespace {

/// The bits of the mask as such: AVX-512 has them in a register.
template <typename T>
SLUICE_SIM_INLINE void blend(void *d, const void *from, LaneMask mask) {
  using Bits = bool __attribute__((ext_vector_type(kWarpLanes)));
  using Row = T __attribute__((ext_vector_type(kWarpLanes)));
  Row old;
  Row row;
  std::memcpy(&old, d, sizeof old);
  std::memcpy(&row, from, sizeof row);
  auto chosen =
      __builtin_convertvector(__builtin_bit_cast(Bits, mask), Row) != 0;
  row = chosen ? row : old;
  std::memcpy(d, &row, sizeof row);
}

SLUICE_SIM_MULTIVERSION void blend2(void *d, const void *from, LaneMask mask) {
  blend<uint16_t>(d, from, mask);
}
SLUICE_SIM_MULTIVERSION void blend4(void *d, const void *from, LaneMask mask) {
  blend<uint32_t>(d, from, mask);
}
SLUICE_SIM_MULTIVERSION void blend8(void *d, const void *from, LaneMask mask) {
  blend<uint64_t>(d, from, mask);
}

template <int Bytes> void blendLanes(void *d, const void *from, LaneMask mask) {
  if constexpr (Bytes == 2)
    blend2(d, from, mask);
  else if constexpr (Bytes == 4)
    blend4(d, from, mask);
  else
    blend8(d, from, mask);
}

// Not all lanes. Apart from the functions below, which need no room then.
template <int Bytes>
[[gnu::noinline]] void runSomeLanes(Warp &warp, const Instruction &i,
                                    LaneMask mask) {
  std::byte *r = warp.registers;
  alignas(64) std::byte result[Bytes * kWarpLanes];
  i.payload.lanes(result, r + i.a, r + i.b, r + i.c, i.options);
  blendLanes<Bytes>(r + i.d, result, mask);
}

} // namespace

template <int Bytes>
void runLanes(Warp &warp, const Instruction &i, LaneMask mask) {
  std::byte *r = warp.registers;
  if (mask == kAllLanes) [[likely]]
    i.payload.lanes(r + i.d, r + i.a, r + i.b, r + i.c, i.options);
  else
    runSomeLanes<Bytes>(warp, i, mask);
}

template void runLanes<2>(Warp &, const Instruction &, LaneMask);
template void runLanes<4>(Warp &, const Instruction &, LaneMask);
template void runLanes<8>(Warp &, const Instruction &, LaneMask);

bool useLanes(Binder &binder, LanesOp *op, int bits, uint32_t options) {
  if (op == nullptr)
    return binder.fail("this combination of modifiers is not modelled");
  binder.out.payload.lanes = op;
  binder.out.options = options;
  binder.use(bits <= 16   ? &runLanes<2>
             : bits == 32 ? &runLanes<4>
                          : &runLanes<8>);
  binder.out.isPlain = true;
  return true;
}

bool useBits(Binder &binder, LanesOp *op, int bits, uint8_t sources,
             uint32_t options, int sourceBits) {
  binder.out.bitSources = sources;
  binder.out.bitUnits =
      static_cast<uint8_t>((sourceBits != 0 ? sourceBits : bits) / 16);
  return useLanes(binder, op, bits, options);
}

SLUICE_SIM_MULTIVERSION LaneMask lanesWith(const uint32_t *lanes,
                                           uint32_t value) {
  return maskOf([=](int lane) __attribute__((always_inline)) {
    return lanes[lane] == value;
  });
}

bool allLanesAre(const uint32_t *lanes, uint32_t value) {
  return lanesWith(lanes, value) == kAllLanes;
}

int integerIndex(Type type) {
  switch (type) {
  case Type::U16:
  case Type::B16:
    return 0;
  case Type::U32:
  case Type::B32:
    return 1;
  case Type::U64:
  case Type::B64:
    return 2;
  case Type::S16:
    return 3;
  case Type::S32:
    return 4;
  case Type::S64:
    return 5;
  default:
    return -1;
  }
}

} // namespace sluice::sim
