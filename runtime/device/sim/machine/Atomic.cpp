#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/IntegerOps.h"
#include "runtime/device/sim/machine/MemoryEvents.h"
#include "runtime/device/sim/machine/MemoryOperands.h"
#include "runtime/device/sim/machine/Places.h"
#include "runtime/device/sim/numerics/HalfArithmetic.h"

#include <cstring>
#include <mutex>

namespace sluice::sim {
namespace {

// What becomes of memory from its value and the operand.
template <typename T> T exchange(T, T value) { return value; }
template <typename T> T addNumbers(T old, T value) { return old + value; }
uint32_t increment(uint32_t old, uint32_t limit) {
  return old >= limit ? 0 : old + 1;
}
uint32_t decrement(uint32_t old, uint32_t limit) {
  return old == 0 || old > limit ? limit : old - 1;
}
float addF32Atomic(float old, float value) { return canonical(old + value); }
// Global atomics flush subnormals, PTX 9.7.13.5.
float addF32Global(float old, float value) {
  return canonical(flushed(flushed(old) + flushed(value)));
}
template <const FloatFormat &F> uint16_t addOneHalf(uint16_t x, uint16_t y) {
  return addHalf<F>(x, y, HalfModifiers{});
}
template <const FloatFormat &F>
uint32_t addTwoHalves(uint32_t old, uint32_t value) {
  return onHalves(addOneHalf<F>, old, value);
}

/// One lane after another; each is atomic for other host threads, too.
template <typename T, T (*Combine)(T, T)>
T combineAtomically(std::byte *at, T value, bool alone) {
  using Bits = std::conditional_t<
      sizeof(T) == 2, uint16_t,
      std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>;
  auto *word = reinterpret_cast<Bits *>(at);
  if (alone) {
    T old = std::bit_cast<T>(*word);
    *word = std::bit_cast<Bits>(Combine(old, value));
    return old;
  }
  Bits before = __atomic_load_n(word, __ATOMIC_RELAXED);
  for (;;) {
    Bits after = std::bit_cast<Bits>(Combine(std::bit_cast<T>(before), value));
    if (__atomic_compare_exchange_n(word, &before, after, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
      return std::bit_cast<T>(before);
  }
}

Request requestOf(const Instruction &i) {
  return {Access::Atomic, i.bytes, i.bytes};
}

bool isAlone(const Warp &w, const Places &places) {
  return places.space != Space::Global || w.launch->options.threads <= 1;
}

template <typename T, T (*Combine)(T, T), T (*CombineGlobal)(T, T)>
void runAtomic(Warp &w, const Instruction &i, LaneMask mask) {
  const auto *a = w.lanes<T>(i.a);
  auto *d = w.lanes<T>(i.d);
  forEachPiece(w, i, AddressOperand::of(i), mask, requestOf(i),
               [&](const Places &places) {
                 bool alone = isAlone(w, places);
                 bool global = places.space == Space::Global;
                 updated(w, i, places);
                 for (LaneMask rest = places.lanes; rest != 0;
                      rest &= rest - 1) {
                   int lane = std::countr_zero(rest);
                   d[lane] = global ? combineAtomically<T, CombineGlobal>(
                                          places.at(lane), a[lane], alone)
                                    : combineAtomically<T, Combine>(
                                          places.at(lane), a[lane], alone);
                 }
               });
}

template <typename T>
void runCas(Warp &w, const Instruction &i, LaneMask mask) {
  const auto *expected = w.lanes<T>(i.a);
  const auto *value = w.lanes<T>(i.b);
  auto *d = w.lanes<T>(i.d);
  forEachPiece(
      w, i, AddressOperand::of(i), mask, requestOf(i),
      [&](const Places &places) {
        updated(w, i, places);
        for (LaneMask rest = places.lanes; rest != 0; rest &= rest - 1) {
          int lane = std::countr_zero(rest);
          T before = expected[lane];
          auto *word = reinterpret_cast<T *>(places.at(lane));
          __atomic_compare_exchange_n(word, &before, value[lane], false,
                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
          d[lane] = before;
        }
      });
}

/// exch and cas of 16 bytes, under a lock of their own.
template <bool Compare>
void runWide(Warp &w, const Instruction &i, LaneMask mask) {
  static std::mutex mutex;
  uint32_t valueRegister = Compare ? i.b : i.a;
  forEachPiece(
      w, i, AddressOperand::of(i), mask, requestOf(i),
      [&](const Places &places) {
        std::lock_guard lock(mutex);
        updated(w, i, places);
        for (LaneMask rest = places.lanes; rest != 0; rest &= rest - 1) {
          int lane = std::countr_zero(rest);
          auto half = [&](uint32_t offset, int k) -> uint64_t & {
            return w.lanes<uint64_t>(offset)[k * kWarpLanes + lane];
          };
          uint64_t old[2];
          std::memcpy(old, places.at(lane), 16);
          if (!Compare || (old[0] == half(i.a, 0) && old[1] == half(i.a, 1))) {
            uint64_t next[2] = {half(valueRegister, 0), half(valueRegister, 1)};
            std::memcpy(places.at(lane), next, 16);
          }
          half(i.d, 0) = old[0];
          half(i.d, 1) = old[1];
        }
      });
}

void runVector(Warp &w, const Instruction &i, LaneMask mask) {
  const uint32_t *registers = w.launch->program->operands.data() + i.list;
  uint32_t bytes = uint32_t{i.bytes} * i.count;
  forEachPiece(
      w, i, AddressOperand::of(i), mask, {Access::Atomic, bytes, bytes},
      [&](const Places &places) {
        updated(w, i, places);
        for (LaneMask rest = places.lanes; rest != 0; rest &= rest - 1) {
          int lane = std::countr_zero(rest);
          for (uint32_t k = 0; k < i.count; ++k)
            combineAtomically<float, addF32Global>(
                places.at(lane) + k * 4, w.lanes<float>(registers[k])[lane],
                isAlone(w, places));
        }
      });
}

template <typename T, T (*Combine)(T, T)> bool use(Binder &b) {
  b.use(&runAtomic<T, Combine, Combine>);
  return true;
}

template <typename T> bool useInteger(Binder &b) {
  using U = std::make_unsigned_t<T>;
  if (b.has("exch"))
    return use<U, exchange<U>>(b);
  if (b.has("and"))
    return use<U, ops::bitAnd<U>>(b);
  if (b.has("or"))
    return use<U, ops::bitOr<U>>(b);
  if (b.has("xor"))
    return use<U, ops::bitXor<U>>(b);
  if (b.has("add"))
    return use<U, ops::add<U>>(b);
  return b.has("min") ? use<T, ops::min<T>>(b) : use<T, ops::max<T>>(b);
}

bool bindCommon(Binder &b) {
  if (!bindSpace(b))
    return false;
  b.out.bytes = static_cast<uint8_t>(typeBits(b.type()) / 8);
  b.out.count = 1;
  b.out.strong = true;
  b.out.acquires = b.has("acquire") || b.has("acq_rel");
  b.out.releases = b.has("release") || b.has("acq_rel");
  return true;
}

} // namespace

bool bindAtomic(Binder &b) {
  if (!bindCommon(b))
    return false;
  if (b.has("inc"))
    return use<uint32_t, increment>(b);
  if (b.has("dec"))
    return use<uint32_t, decrement>(b);
  switch (b.type()) {
  case Type::B128:
    b.use(&runWide<false>);
    return true;
  case Type::F32:
    b.use(&runAtomic<float, addF32Atomic, addF32Global>);
    return true;
  case Type::F64:
    return use<double, addNumbers<double>>(b);
  case Type::F16:
    return use<uint16_t, addOneHalf<kF16>>(b);
  case Type::Bf16:
    return use<uint16_t, addOneHalf<kBf16>>(b);
  case Type::F16x2:
    return use<uint32_t, addTwoHalves<kF16>>(b);
  case Type::Bf16x2:
    return use<uint32_t, addTwoHalves<kBf16>>(b);
  case Type::S32:
    return useInteger<int32_t>(b);
  case Type::S64:
    return useInteger<int64_t>(b);
  case Type::U64:
  case Type::B64:
    return useInteger<uint64_t>(b);
  default:
    return useInteger<uint32_t>(b);
  }
}

bool bindCas(Binder &b) {
  if (!bindCommon(b))
    return false;
  switch (typeBits(b.type())) {
  case 16:
    b.use(&runCas<uint16_t>);
    break;
  case 32:
    b.use(&runCas<uint32_t>);
    break;
  case 64:
    b.use(&runCas<uint64_t>);
    break;
  default:
    b.use(&runWide<true>);
  }
  return true;
}

bool bindAtomicVector(Binder &b) {
  if (!bindCommon(b))
    return false;
  size_t wanted = b.has("v2") ? 2 : 4;
  if (b.operand(1).list.size() != wanted)
    return b.fail("expected as many elements as .v2 or .v4 says");
  b.setList(b.operand(1).list);
  b.out.count = static_cast<uint8_t>(wanted);
  b.use(&runVector);
  return true;
}

} // namespace sluice::sim
