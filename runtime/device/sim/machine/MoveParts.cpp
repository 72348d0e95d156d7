// mov between a register and the vector of its parts.

#include "runtime/device/sim/machine/Alu.h"

#include <cstring>

namespace sluice::sim {
namespace {

/// Each part has the units of the whole that it is.
void partTaint(Warp &w, const Instruction &i, uint32_t whole, bool pack,
               LaneMask mask) {
  if (!w.tracksTaint())
    return;
  const uint32_t *parts = w.launch->program->operands.data() + i.list;
  uint32_t units = i.bytes / 2U;
  for (uint32_t k = 0; k < i.listCount; ++k)
    for (uint32_t u = 0; u < units; ++u) {
      uint32_t part = parts[k] / kUnit + u, own = whole / kUnit + k * units + u;
      pack ? w.setTaint(own, w.taint(part), mask)
           : w.setTaint(part, w.taint(own), mask);
    }
}

// A word of up to 64 bits of all lanes, and the registers of its parts, the
// lowest first.
using Pack = void(void *word, const void *const *parts);
using Unpack = void(const void *word, void *const *parts);

template <typename Part, typename Word, int Count>
SLUICE_SIM_INLINE void pack(void *word, const void *const *parts) {
  auto *to = static_cast<Word *>(word);
  SLUICE_SIM_LOOP {
    Word bits = 0;
    for (int k = 0; k < Count; ++k)
      bits |= static_cast<Word>(
          static_cast<Word>(static_cast<const Part *>(parts[k])[lane])
          << (k * 8 * sizeof(Part)));
    to[lane] = bits;
  }
}
template <typename Part, typename Word, int Count>
SLUICE_SIM_INLINE void unpack(const void *word, void *const *parts) {
  const auto *from = static_cast<const Word *>(word);
  for (int k = 0; k < Count; ++k) {
    auto *to = static_cast<Part *>(parts[k]);
    SLUICE_SIM_LOOP to[lane] =
        static_cast<Part>(from[lane] >> (k * 8 * sizeof(Part)));
  }
}
#define PARTS(name, Part, Word, Count)                                         \
  SLUICE_SIM_MULTIVERSION void pack##name(void *word,                          \
                                          const void *const *parts) {          \
    pack<Part, Word, Count>(word, parts);                                      \
  }                                                                            \
  SLUICE_SIM_MULTIVERSION void unpack##name(const void *word,                  \
                                            void *const *parts) {              \
    unpack<Part, Word, Count>(word, parts);                                    \
  }
PARTS(2x16, uint16_t, uint32_t, 2)
PARTS(4x16, uint16_t, uint64_t, 4)
PARTS(2x32, uint32_t, uint64_t, 2)
PARTS(1x64, uint64_t, uint64_t, 1)

/// How `count` parts of `bytes` bytes lie in words. 128 bits are two words.
struct Layout {
  Pack *pack;
  Unpack *unpack;
  int perWord;
};
Layout layoutOf(int bytes, int count) {
  if (bytes == 2 && count == 2)
    return {pack2x16, unpack2x16, 2};
  if (bytes == 2)
    return {pack4x16, unpack4x16, 4};
  return bytes == 4 ? Layout{pack2x32, unpack2x32, 2}
                    : Layout{pack1x64, unpack1x64, 1};
}

/// What lanes of `mask` have in `from`, to `to`.
void blend(std::byte *to, const std::byte *from, size_t bytes, LaneMask mask) {
  for (; mask != 0; mask &= mask - 1) {
    auto at = static_cast<size_t>(std::countr_zero(mask)) * bytes;
    std::memcpy(to + at, from + at, bytes);
  }
}

constexpr size_t kMostBytes = kWarpLanes * sizeof(uint64_t);

void runPackParts(Warp &w, const Instruction &i, LaneMask mask) {
  const uint32_t *list = w.launch->program->operands.data() + i.list;
  Layout layout = layoutOf(i.bytes, i.listCount);
  auto bytes = static_cast<size_t>(layout.perWord) * i.bytes;
  partTaint(w, i, i.d, /*pack=*/true, mask);
  std::byte *word = w.registers + i.d;
  for (int k = 0; k < i.listCount; k += layout.perWord) {
    const void *parts[4];
    for (int j = 0; j < layout.perWord; ++j)
      parts[j] = w.registers + list[k + j];
    if (mask == kAllLanes) {
      layout.pack(word, parts);
    } else {
      alignas(64) std::byte result[kMostBytes];
      layout.pack(result, parts);
      blend(word, result, bytes, mask);
    }
    word += bytes * kWarpLanes;
  }
}

void runUnpackParts(Warp &w, const Instruction &i, LaneMask mask) {
  const uint32_t *list = w.launch->program->operands.data() + i.list;
  Layout layout = layoutOf(i.bytes, i.listCount);
  auto bytes = static_cast<size_t>(layout.perWord) * i.bytes;
  partTaint(w, i, i.a, /*pack=*/false, mask);
  const std::byte *word = w.registers + i.a;
  for (int k = 0; k < i.listCount; k += layout.perWord) {
    void *parts[4];
    alignas(64) std::byte results[4][kMostBytes];
    for (int j = 0; j < layout.perWord; ++j)
      parts[j] = mask == kAllLanes ? w.registers + list[k + j] : results[j];
    layout.unpack(word, parts);
    for (int j = 0; mask != kAllLanes && j < layout.perWord; ++j)
      blend(w.registers + list[k + j], results[j], i.bytes, mask);
    word += bytes * kWarpLanes;
  }
}

} // namespace

bool bindParts(Binder &b, int bits, bool pack, bool unpack) {
  const BoundOperand &to = b.operand(0);
  const BoundOperand &from = b.operand(1);
  const BoundOperand &vector = pack ? from : to;
  const BoundOperand &whole = pack ? to : from;
  auto count = static_cast<int>(vector.list.size());
  if (pack == unpack || whole.list.size() != 1 || (count != 2 && count != 4) ||
      bits / count < 8)
    return b.fail("expected a register on one side and 2 or 4 parts of it on "
                  "the other");
  if (bits / count == 8)
    return b.fail("parts of 8 bits are not modelled");
  b.setList(vector.list);
  b.out.bytes = static_cast<uint8_t>(bits / count / 8);
  b.out.d = to.offset;
  b.out.a = from.offset;
  b.out.ownTaint = true;
  b.use(pack ? &runPackParts : &runUnpackParts);
  return true;
}

} // namespace sluice::sim
