#include "runtime/device/sim/machine/Alu.h"
#include "runtime/device/sim/machine/Collective.h"

#include <cstring>
#include <utility>

namespace sluice::sim {
namespace {

enum class Mode : uint32_t { Up, Down, Butterfly, Index };

/// PTX 9.7.9.6: where each lane reads from, and whether that is in its segment.
template <Mode Which>
SLUICE_SIM_INLINE LaneMask sources(const uint32_t *b, const uint32_t *c,
                                   uint32_t *from) {
  return maskOf([=](int index) __attribute__((always_inline)) {
    auto lane = static_cast<uint32_t>(index);
    uint32_t distance = b[lane] & 31;
    uint32_t clamp = c[lane] & 31;
    uint32_t segment = c[lane] >> 8 & 31;
    uint32_t most = (lane & segment) | (clamp & ~segment);
    uint32_t least = lane & segment;
    uint32_t j = Which == Mode::Up          ? lane - distance
                 : Which == Mode::Down      ? lane + distance
                 : Which == Mode::Butterfly ? lane ^ distance
                                            : least | (distance & ~segment);
    bool good = Which == Mode::Up
                    ? static_cast<int32_t>(j) >= static_cast<int32_t>(most)
                    : j <= most;
    from[lane] = good ? j : lane;
    return good;
  });
}
#define SOURCES(name, mode)                                                    \
  SLUICE_SIM_MULTIVERSION LaneMask name(const uint32_t *b, const uint32_t *c,  \
                                        uint32_t *from) {                      \
    return sources<Mode::mode>(b, c, from);                                    \
  }
SOURCES(sourcesUp, Up)
SOURCES(sourcesDown, Down)
SOURCES(sourcesButterfly, Butterfly)
SOURCES(sourcesIndex, Index)

// Where all lanes give the same distance and the warp is one segment, which is
// nearly always, the exchange is one that vector units have.
template <int Distance, int... Lane>
SLUICE_SIM_INLINE void swapBlocks(uint32_t *to, const uint32_t *a,
                                  std::integer_sequence<int, Lane...>) {
  using Row = uint32_t __attribute__((ext_vector_type(kWarpLanes)));
  Row row;
  std::memcpy(&row, a, sizeof row);
  row = __builtin_shufflevector(row, row, (Lane ^ Distance)...);
  std::memcpy(to, &row, sizeof row);
}
#define BUTTERFLY(distance)                                                    \
  SLUICE_SIM_MULTIVERSION void butterfly##distance(uint32_t *to,               \
                                                   const uint32_t *a) {        \
    swapBlocks<distance>(to, a, std::make_integer_sequence<int, 32>());        \
  }
BUTTERFLY(1)
BUTTERFLY(2)
BUTTERFLY(4)
BUTTERFLY(8)
BUTTERFLY(16)

/// True: done.
bool exchangedBlocks(uint32_t *to, const uint32_t *a, uint32_t distance) {
  switch (distance) {
  case 1:
    butterfly1(to, a);
    return true;
  case 2:
    butterfly2(to, a);
    return true;
  case 4:
    butterfly4(to, a);
    return true;
  case 8:
    butterfly8(to, a);
    return true;
  case 16:
    butterfly16(to, a);
    return true;
  default:
    return false;
  }
}

using SourcesFunction = LaneMask(const uint32_t *, const uint32_t *,
                                 uint32_t *);

// What a lane reads from one that does not take part is undefined.
constexpr uint32_t kUndefined = 0xffffffff;

// Options: what the text says of a shuffle, so that lanes need not be compared.
constexpr uint32_t kUniformSources = 1; // b and c are constants
constexpr uint32_t kAllMembers = 2;     // the mask of members is that of all

template <SourcesFunction *Sources>
void runShuffle(Warp &w, const Instruction &i, LaneMask mask) {
  forEachGroup(
      w, i, mask, i.list,
      [&](LaneMask lanes) {
        if constexpr (Sources == sourcesButterfly) {
          const auto *distances = w.lanes<uint32_t>(i.b);
          if (lanes == kAllLanes && !w.tracksTaint() &&
              *w.lanes<uint32_t>(i.c) == 31 &&
              ((i.options & kUniformSources) != 0 ||
               (allLanesAre(distances, *distances) &&
                allLanesAre(w.lanes<uint32_t>(i.c), 31))) &&
              exchangedBlocks(w.lanes<uint32_t>(i.d), w.lanes<uint32_t>(i.a),
                              *distances)) {
            if (i.q != kNone)
              w.predicate(i.q) = kAllLanes;
            return;
          }
        }
        uint32_t from[kWarpLanes];
        LaneMask inside =
            Sources(w.lanes<uint32_t>(i.b), w.lanes<uint32_t>(i.c), from);
        const auto *a = w.lanes<uint32_t>(i.a);
        uint32_t result[kWarpLanes];
        LaneMask undefined = 0;
        for (uint32_t lane = 0; lane < kWarpLanes; ++lane)
          result[lane] = a[from[lane]];
        if (lanes != kAllLanes)
          for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
            int lane = std::countr_zero(rest);
            if ((lanes >> from[lane] & 1) == 0) {
              result[lane] = kUndefined;
              undefined |= LaneMask{1} << lane;
            }
          }
        if (w.tracksTaint()) {
          LaneMask whence = w.taintOf(i.b, 4) | w.taintOf(i.c, 4);
          for (uint32_t unit = 0; unit < 2; ++unit) {
            LaneMask tainted = undefined | whence;
            LaneMask source = w.taint(i.a / kUnit + unit);
            for (uint32_t lane = 0; lane < kWarpLanes; ++lane)
              tainted |= (source >> from[lane] & 1) << lane;
            w.setTaint(i.d / kUnit + unit, tainted, lanes);
          }
          if (i.q != kNone)
            w.setTaint(i.q / kUnit, whence, lanes);
        }
        auto *d = w.lanes<uint32_t>(i.d);
        if (lanes == kAllLanes)
          for (int lane = 0; lane < kWarpLanes; ++lane)
            d[lane] = result[lane];
        else
          for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
            int lane = std::countr_zero(rest);
            d[lane] = result[lane];
          }
        if (i.q != kNone)
          w.setPredicate(i.q, inside, lanes);
      },
      (i.options & kAllMembers) != 0);
}

enum class Voting : uint32_t { All, Any, Uniform, Ballot };

template <Voting Which>
void runVote(Warp &w, const Instruction &i, LaneMask mask) {
  forEachGroup(w, i, mask, i.base, [&](LaneMask lanes) {
    LaneMask votes = w.source(i.a, (i.options & 1) != 0) & lanes;
    shareTaint(w, i, lanes);
    if constexpr (Which == Voting::Ballot) {
      auto *d = w.lanes<uint32_t>(i.d);
      for (LaneMask rest = lanes; rest != 0; rest &= rest - 1)
        d[std::countr_zero(rest)] = votes;
    } else {
      bool result = Which == Voting::All   ? votes == lanes
                    : Which == Voting::Any ? votes != 0
                                           : votes == 0 || votes == lanes;
      w.setPredicate(i.d, result ? kAllLanes : 0, lanes);
    }
  });
}

template <typename T, bool All>
void runMatch(Warp &w, const Instruction &i, LaneMask mask) {
  forEachGroup(w, i, mask, i.b, [&](LaneMask lanes) {
    const auto *a = w.lanes<T>(i.a);
    T values[kWarpLanes];
    std::copy(a, a + kWarpLanes, values); // d may be a
    shareTaint(w, i, lanes);
    auto *d = w.lanes<uint32_t>(i.d);
    LaneMask whole = 0;
    for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
      int lane = std::countr_zero(rest);
      LaneMask equal = 0;
      for (LaneMask others = lanes; others != 0; others &= others - 1) {
        int other = std::countr_zero(others);
        equal |= values[other] == values[lane] ? LaneMask{1} << other : 0;
      }
      whole |= equal == lanes ? LaneMask{1} << lane : 0;
      if constexpr (All)
        d[lane] = equal == lanes ? lanes : 0;
      else
        d[lane] = equal;
    }
    if (All && i.q != kNone)
      w.setPredicate(i.q, whole, lanes);
  });
}

void runActiveMask(Warp &w, const Instruction &i, LaneMask mask) {
  auto *d = w.lanes<uint32_t>(i.d);
  for (LaneMask rest = mask; rest != 0; rest &= rest - 1)
    d[std::countr_zero(rest)] = mask;
}

void runElect(Warp &w, const Instruction &i, LaneMask mask) {
  forEachGroup(w, i, mask, i.a, [&](LaneMask lanes) {
    auto leader = static_cast<uint32_t>(std::countr_zero(lanes));
    auto *d = w.lanes<uint32_t>(i.d);
    for (LaneMask rest = lanes; rest != 0; rest &= rest - 1)
      d[std::countr_zero(rest)] = leader;
    if (i.q != kNone)
      w.setPredicate(i.q, LaneMask{1} << leader, lanes);
  });
}

void runWarpSync(Warp &w, const Instruction &i, LaneMask mask) {
  forEachGroup(w, i, mask, i.a, [&](LaneMask lanes) { w.lanesMeet(lanes); });
}

} // namespace

bool bindShuffle(Binder &b) {
  b.out.c = b.operand(3).offset;
  // The fourth source has no field of its own.
  b.out.list = b.operand(4).offset;
  b.out.ownTaint = true;
  const BoundOperand &members = b.operand(4);
  b.out.options =
      (b.operand(2).immediate && b.operand(3).immediate ? kUniformSources : 0) |
      (members.immediate && members.value == kAllLanes ? kAllMembers : 0);
  b.use(b.has("up")     ? &runShuffle<sourcesUp>
        : b.has("down") ? &runShuffle<sourcesDown>
        : b.has("bfly") ? &runShuffle<sourcesButterfly>
                        : &runShuffle<sourcesIndex>);
  return true;
}

bool bindVote(Binder &b) {
  b.out.a = b.operand(1).offset;
  b.out.options = b.operand(1).negated ? 1 : 0;
  b.out.base = b.operand(2).offset;
  b.out.d = b.operand(0).offset;
  b.out.p = kNone;
  b.use(b.has("all")   ? &runVote<Voting::All>
        : b.has("any") ? &runVote<Voting::Any>
        : b.has("uni") ? &runVote<Voting::Uniform>
                       : &runVote<Voting::Ballot>);
  return true;
}

bool bindMatch(Binder &b) {
  bool wide = typeBits(b.type()) == 64;
  if (b.has("all"))
    b.use(wide ? &runMatch<uint64_t, true> : &runMatch<uint32_t, true>);
  else
    b.use(wide ? &runMatch<uint64_t, false> : &runMatch<uint32_t, false>);
  return true;
}

bool bindActiveMask(Binder &b) {
  b.use(&runActiveMask);
  return true;
}

bool bindElect(Binder &b) {
  b.use(&runElect);
  return true;
}

bool bindWarpSync(Binder &b) {
  b.use(&runWarpSync);
  return true;
}

} // namespace sluice::sim
