#include "runtime/device/sim/machine/Alu.h"

namespace sluice::sim {
namespace {

// Extended precision, PTX 9.7.2: a carry flag for each lane, a predicate in
// Instruction::q that no program can name.
constexpr uint32_t kReads = 1;
constexpr uint32_t kWrites = 2;
constexpr uint32_t kSubtracts = 4;
constexpr uint32_t kMultiplies = 8;
constexpr uint32_t kHigh = 16;

/// The product's half that is wanted, as `T` unsigned bits.
template <typename T>
SLUICE_SIM_INLINE std::make_unsigned_t<T> half(T x, T y, bool high) {
  using Wide =
      std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
  Wide product = static_cast<Wide>(x) * y;
  return static_cast<std::make_unsigned_t<T>>(high ? product >> (sizeof(T) * 8)
                                                   : product);
}

template <typename T>
void runCarry(Warp &w, const Instruction &i, LaneMask mask) {
  using U = std::make_unsigned_t<T>;
  T *d = w.lanes<T>(i.d);
  LaneMask &flags = w.predicate(i.q);
  uint32_t o = i.options;
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    if ((mask >> lane & 1) == 0)
      continue;
    auto x = static_cast<U>(w.lanes<T>(i.a)[lane]);
    auto y = static_cast<U>(w.lanes<T>(i.b)[lane]);
    if ((o & kMultiplies) != 0) {
      x = half<T>(static_cast<T>(x), static_cast<T>(y), (o & kHigh) != 0);
      y = static_cast<U>(w.lanes<T>(i.c)[lane]);
    }
    bool in = (o & kReads) != 0 && (flags >> lane & 1) != 0;
    // A borrow is the flag itself: CC.CF = 1 if x < y + borrow.
    U sum = (o & kSubtracts) != 0 ? x - y - in : x + y + in;
    bool out = (o & kSubtracts) != 0 ? x < y || (x == y && in)
                                     : sum < x || (sum == x && in);
    d[lane] = static_cast<T>(sum);
    if ((o & kWrites) != 0)
      flags = (flags & ~(LaneMask{1} << lane)) | LaneMask{out} << lane;
  }
}

} // namespace

bool bindCarry(Binder &b) {
  std::string_view name = b.name();
  if (b.program.conditionCode == kNone)
    b.program.conditionCode = b.scratch(2);
  b.out.q = b.program.conditionCode;
  if (name == "addc" || name == "subc" || name == "madc")
    b.out.options |= kReads;
  if (b.has("cc"))
    b.out.options |= kWrites;
  if (name.starts_with("sub"))
    b.out.options |= kSubtracts;
  if (name.starts_with("mad"))
    b.out.options |= kMultiplies | (b.has("hi") ? kHigh : 0);
  switch (b.type()) {
  case Type::U32:
    b.use(&runCarry<uint32_t>);
    break;
  case Type::S32:
    b.use(&runCarry<int32_t>);
    break;
  case Type::U64:
    b.use(&runCarry<uint64_t>);
    break;
  default:
    b.use(&runCarry<int64_t>);
  }
  return true;
}

} // namespace sluice::sim
