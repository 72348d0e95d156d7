#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/Collective.h"
#include "runtime/device/sim/machine/FloatOptions.h"
#include "runtime/device/sim/machine/IntegerOps.h"
#include "runtime/device/sim/numerics/MinMax.h"

namespace sluice::sim {
namespace {

template <typename T, T (*Combine)(T, T)>
void runRedux(Warp &w, const Instruction &i, LaneMask mask) {
  forEachGroup(w, i, mask, i.b, [&](LaneMask lanes) {
    const auto *a = w.lanes<T>(i.a);
    LaneMask rest = lanes;
    T result = a[std::countr_zero(rest)];
    for (rest &= rest - 1; rest != 0; rest &= rest - 1)
      result = Combine(result, a[std::countr_zero(rest)]);
    shareTaint(w, i, lanes);
    auto *d = w.lanes<T>(i.d);
    for (rest = lanes; rest != 0; rest &= rest - 1)
      d[std::countr_zero(rest)] = result;
  });
}

/// .abs: of magnitudes; .NaN: one NaN makes the result one.
template <bool Max>
void runReduxFloat(Warp &w, const Instruction &i, LaneMask mask) {
  forEachGroup(w, i, mask, i.b, [&](LaneMask lanes) {
    uint32_t clear = (i.options & kXorSign) != 0 ? 0x7fffffff : 0xffffffff;
    bool nan = (i.options & kNan) != 0;
    const auto *a = w.lanes<uint32_t>(i.a);
    LaneMask rest = lanes;
    uint32_t result = a[std::countr_zero(rest)] & clear;
    for (rest &= rest - 1; rest != 0; rest &= rest - 1)
      result = minMax<kF32, Max>(result, a[std::countr_zero(rest)] & clear, nan,
                                 false, false);
    // One lane alone: a NaN is canonical all the same.
    result = minMax<kF32, Max>(result, result, nan, false, false);
    shareTaint(w, i, lanes);
    auto *d = w.lanes<uint32_t>(i.d);
    for (rest = lanes; rest != 0; rest &= rest - 1)
      d[std::countr_zero(rest)] = result;
  });
}

} // namespace

bool bindRedux(Binder &b) {
  Type type = b.type();
  if (type == Type::F32) {
    b.out.options = floatOptions(b) | (b.has("abs") ? kXorSign : 0);
    b.use(b.has("max") ? &runReduxFloat<true> : &runReduxFloat<false>);
    return true;
  }
  bool sign = type == Type::S32;
  if (b.has("add"))
    b.use(&runRedux<uint32_t, ops::add<uint32_t>>);
  else if (b.has("min"))
    b.use(sign ? &runRedux<int32_t, ops::min<int32_t>>
               : &runRedux<uint32_t, ops::min<uint32_t>>);
  else if (b.has("max"))
    b.use(sign ? &runRedux<int32_t, ops::max<int32_t>>
               : &runRedux<uint32_t, ops::max<uint32_t>>);
  else
    b.use(b.has("and")  ? &runRedux<uint32_t, ops::bitAnd<uint32_t>>
          : b.has("or") ? &runRedux<uint32_t, ops::bitOr<uint32_t>>
                        : &runRedux<uint32_t, ops::bitXor<uint32_t>>);
  return true;
}

} // namespace sluice::sim
