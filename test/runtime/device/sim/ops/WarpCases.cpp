#include "test/runtime/device/sim/ops/WarpCase.h"

#include <algorithm>

namespace sluice::sim {
namespace {

using u32 = uint32_t;
using u64 = uint64_t;
using s32 = int32_t;

/// PTX 9.7.9.6 for whole warps: the value, and whether it came from another
/// lane's place inside the segment.
u64 shuffled(const WarpInputs &in, u32 lane, const std::string &mode, u32 b,
             u32 c, bool predicate) {
  int segment = static_cast<int>(c >> 8 & 31);
  int clamp = static_cast<int>(c & 31);
  int first = static_cast<int>(lane) & segment;
  int last = first | (clamp & ~segment);
  int from = 0;
  bool good = false;
  int me = static_cast<int>(lane);
  int n = static_cast<int>(b & 31);
  if (mode == "up") {
    from = me - n;
    good = from >= last;
  } else if (mode == "down") {
    from = me + n;
    good = from <= last;
  } else if (mode == "bfly") {
    from = me ^ n;
    good = from <= last;
  } else {
    from = first | (n & ~segment);
    good = from <= last;
  }
  if (predicate)
    return good ? 1 : 0;
  return in.a[static_cast<size_t>(good ? from : me)] & 0xffffffff;
}

void addShuffles(std::vector<WarpCase> &cases) {
  for (std::string mode : {"up", "down", "bfly", "idx"})
    for (u32 c : {0U, 31U, 0x1c1fU, 0x181fU, 0x1000U, 0x100fU})
      for (bool predicate : {false, true}) {
        std::string clamp = std::to_string(c);
        auto expect = [=](auto distance) {
          return [=](const WarpInputs &in, u32 lane) {
            return shuffled(in, lane, mode, distance(in, lane), c, predicate);
          };
        };
        char result = predicate ? 'p' : 'w';
        std::string to = predicate ? "%r4|%p0" : "%r0";
        cases.push_back({"shfl.sync." + mode + ".b32 " + to + ", %r1, 3, " +
                             clamp + ", 0xffffffff;",
                         result,
                         expect([](const WarpInputs &, u32) { return 3U; })});
        cases.push_back({"shfl.sync." + mode + ".b32 " + to + ", %r1, %r2, " +
                             clamp + ", 0xffffffff;",
                         result, expect([](const WarpInputs &in, u32 lane) {
                           return static_cast<u32>(in.b[lane]);
                         })});
      }
  // Within a half warp that went its own way.
  cases.push_back({"mov.u32 %r4, %tid.x;\n  and.b32 %r4, %r4, 16;\n"
                   "  setp.ne.u32 %p4, %r4, 0;\n  mov.b32 %r0, %r1;\n"
                   "  @%p4 shfl.sync.bfly.b32 %r0, %r1, 1, 31, 0xffff0000;",
                   'w', [](const WarpInputs &in, u32 lane) {
                     return in.a[lane >= 16 ? lane ^ 1 : lane] & 0xffffffff;
                   }});
}

u32 ballot(const WarpInputs &in) {
  u32 mask = 0;
  for (u32 lane = 0; lane < 32; ++lane)
    mask |= static_cast<u32>(in.a[lane] & 1) << lane;
  return mask;
}

void addVotes(std::vector<WarpCase> &cases) {
  cases.push_back({"vote.sync.ballot.b32 %r0, %p1, 0xffffffff;", 'w',
                   [](const WarpInputs &in, u32) { return u64{ballot(in)}; }});
  cases.push_back({"vote.ballot.sync.b32 %r0, %p1, 0xffffffff;", 'w',
                   [](const WarpInputs &in, u32) { return u64{ballot(in)}; }});
  cases.push_back({"vote.sync.ballot.b32 %r0, !%p1, 0xffffffff;", 'w',
                   [](const WarpInputs &in, u32) { return u64{~ballot(in)}; }});
  // A predicate that is often the same in a warp: of its first lane's bits.
  std::string same = "shfl.sync.idx.b32 %r4, %r2, 0, 31, 0xffffffff;\n"
                     "  and.b32 %r5, %r4, 3;\n  setp.eq.u32 %p4, %r5, 0;\n"
                     "  setp.eq.u32 %p5, %r5, 1;\n  or.pred %p6, %p1, %p4;\n"
                     "  not.pred %p5, %p5;\n  and.pred %p6, %p6, %p5;\n  ";
  auto voted = [](const WarpInputs &in) {
    u32 kind = in.b[0] & 3;
    return kind == 0 ? 0xffffffff : kind == 1 ? 0 : ballot(in);
  };
  cases.push_back({same + "vote.sync.all.pred %p0, %p6, 0xffffffff;", 'p',
                   [=](const WarpInputs &in, u32) {
                     return u64{voted(in) == 0xffffffff};
                   }});
  cases.push_back(
      {same + "vote.sync.any.pred %p0, %p6, 0xffffffff;", 'p',
       [=](const WarpInputs &in, u32) { return u64{voted(in) != 0}; }});
  cases.push_back({same + "vote.sync.uni.pred %p0, %p6, 0xffffffff;", 'p',
                   [=](const WarpInputs &in, u32) {
                     return u64{voted(in) == 0 || voted(in) == 0xffffffff};
                   }});
}

void addMatches(std::vector<WarpCase> &cases) {
  auto equal = [](const WarpInputs &in, u32 lane, u64 bits) {
    u32 mask = 0;
    for (u32 other = 0; other < 32; ++other)
      mask |= u32{(in.a[other] & bits) == (in.a[lane] & bits)} << other;
    return u64{mask};
  };
  cases.push_back({"and.b32 %r4, %r1, 3;\n"
                   "  match.any.sync.b32 %r0, %r4, 0xffffffff;",
                   'w', [=](const WarpInputs &in, u32 lane) {
                     return equal(in, lane, 3);
                   }});
  cases.push_back({"and.b64 %rd4, %rd1, 7;\n"
                   "  match.any.sync.b64 %r0, %rd4, 0xffffffff;",
                   'w', [=](const WarpInputs &in, u32 lane) {
                     return equal(in, lane, 7);
                   }});
  for (const char *width : {"b32 ", "b64 "}) {
    bool wide = std::string(width) == "b64 ";
    std::string reg = wide ? "%rd4" : "%r4";
    std::string text = std::string("and.") + width + reg + ", " +
                       (wide ? "%rd1" : "%r1") + ", 0x0;\n  match.all.sync." +
                       width;
    cases.push_back({text + "%r0|%p4, " + reg + ", 0xffffffff;", 'w',
                     [](const WarpInputs &, u32) { return u64{0xffffffff}; }});
    cases.push_back({std::string("match.all.sync.") + width + "%r4|%p0, " +
                         (wide ? "%rd1" : "%r1") + ", 0xffffffff;",
                     'p', [=](const WarpInputs &in, u32 lane) {
                       return u64{
                           equal(in, lane, wide ? ~u64{0} : 0xffffffff) ==
                           0xffffffff};
                     }});
  }
}

template <typename T, typename F>
void addRedux(std::vector<WarpCase> &cases, const std::string &name, F f) {
  cases.push_back({"redux.sync." + name + " %r0, %r1, 0xffffffff;", 'w',
                   [=](const WarpInputs &in, u32) {
                     T result = fromBits<T>(in.a[0]);
                     for (u32 lane = 1; lane < 32; ++lane)
                       result = f(result, fromBits<T>(in.a[lane]));
                     return toBits(result);
                   }});
}

void addReductions(std::vector<WarpCase> &cases) {
  auto sum = [](auto a, decltype(a) b) {
    return static_cast<decltype(a)>(u32(a) + u32(b));
  };
  auto least = [](auto a, decltype(a) b) { return std::min(a, b); };
  auto most = [](auto a, decltype(a) b) { return std::max(a, b); };
  addRedux<u32>(cases, "add.u32", sum);
  addRedux<s32>(cases, "add.s32", sum);
  addRedux<u32>(cases, "min.u32", least);
  addRedux<s32>(cases, "min.s32", least);
  addRedux<u32>(cases, "max.u32", most);
  addRedux<s32>(cases, "max.s32", most);
  addRedux<u32>(cases, "and.b32", [](u32 a, u32 b) { return a & b; });
  addRedux<u32>(cases, "or.b32", [](u32 a, u32 b) { return a | b; });
  addRedux<u32>(cases, "xor.b32", [](u32 a, u32 b) { return a ^ b; });
  for (bool max : {false, true})
    for (bool absolute : {false, true}) {
      std::string name =
          std::string(max ? "max" : "min") + (absolute ? ".abs" : "");
      cases.push_back({"cvt.rn.f32.s8 %f4, %rs1;\n  redux.sync." + name +
                           ".f32 %f0, %f4, 0xffffffff;",
                       'f',
                       [=](const WarpInputs &in, u32) {
                         float result = 0;
                         for (u32 lane = 0; lane < 32; ++lane) {
                           float x = static_cast<int8_t>(in.a[lane]);
                           x = absolute ? std::fabs(x) : x;
                           if (lane == 0 || (max ? x > result : x < result))
                             result = x;
                         }
                         return toBits(result);
                       },
                       "sm_100a"});
    }
}

void addOthers(std::vector<WarpCase> &cases) {
  cases.push_back({"activemask.b32 %r0;", 'w',
                   [](const WarpInputs &, u32) { return u64{0xffffffff}; }});
  cases.push_back({"elect.sync %r0|%p4, 0xffffffff;", 'w',
                   [](const WarpInputs &, u32) { return u64{0}; }});
  cases.push_back(
      {"elect.sync _|%p0, 0xffffffff;", 'p',
       [](const WarpInputs &, u32 lane) { return u64{lane == 0}; }});
  struct Special {
    const char *name;
    u64 (*f)(u32);
  };
  for (const Special &special :
       {Special{"%laneid", [](u32 lane) { return u64{lane}; }},
        {"%lanemask_eq", [](u32 lane) { return u64{1} << lane; }},
        {"%lanemask_le", [](u32 lane) { return (u64{2} << lane) - 1; }},
        {"%lanemask_lt", [](u32 lane) { return (u64{1} << lane) - 1; }},
        {"%lanemask_ge",
         [](u32 lane) { return 0xffffffff - ((u64{1} << lane) - 1); }},
        {"%lanemask_gt",
         [](u32 lane) { return 0xffffffff - ((u64{2} << lane) - 1); }},
        {"%ntid.x", [](u32) { return u64{256}; }},
        {"%ntid.y", [](u32) { return u64{1}; }},
        {"%nctaid.x", [](u32) { return u64{4}; }}}) {
    auto f = special.f;
    cases.push_back({std::string("mov.u32 %r0, ") + special.name + ";", 'w',
                     [=](const WarpInputs &, u32 lane) { return f(lane); }});
  }
  // Barriers: what another warp of the block has said. The block has 8 warps;
  // the warps' own votes are those of warp w ^ 1, through shared memory.
  const char *const neighbour =
      "{ .shared .align 8 .b8 s[2048];\n  .reg .b32 %t<9>;\n"
      "  mov.u32 %t1, s;\n  mov.u32 %t2, %tid.x;\n  shl.b32 %t3, %t2, 3;\n"
      "  add.u32 %t3, %t3, %t1;\n  st.shared.u64 [%t3], %rd1;\n  ";
  const char *const after =
      "\n  xor.b32 %t4, %t2, 7;\n  shl.b32 %t4, %t4, 3;\n"
      "  add.u32 %t4, %t4, %t1;\n  ld.shared.u64 %rd0, [%t4]; }";
  for (const char *sync :
       {"bar.sync 0;", "bar.sync 3, 256;", "bar.cta.sync 1;", "barrier.sync 2;",
        "barrier.cta.sync.aligned 4, 256;", "bar.warp.sync 0xffffffff;",
        "membar.cta;\n  bar.warp.sync -1;", "fence.acq_rel.gpu;\n  bar.sync 0;",
        "fence.release.cta;\n  fence.acquire.cta;\n  bar.sync 0;",
        "fence.proxy.async;\n  bar.sync 0;",
        "fence.proxy.async.shared::cta;\n  bar.sync 0;",
        "fence.mbarrier_init.release.cluster;\n  bar.sync 0;",
        "nanosleep.u32 20;\n  bar.sync 0;", "pmevent 3;\n  bar.sync 0;",
        "griddepcontrol.wait;\n  bar.sync 0;",
        "griddepcontrol.launch_dependents;\n  bar.sync 0;",
        "bar.arrive 5, 512;\n  barrier.arrive 5, 512;\n  bar.sync 0;",
        "setmaxnreg.inc.sync.aligned.u32 64;\n  bar.sync 0;"})
    cases.push_back(
        {std::string(neighbour) + sync + after, 'l',
         [](const WarpInputs &in, u32 lane) { return in.a[lane ^ 7]; },
         std::string(sync).starts_with("setmaxnreg") ? "sm_90a" : "sm_90"});
  // bar.red over the block: all of its threads vote as their tid says.
  std::string votes = "mov.u32 %r4, %tid.x;\n  setp.lt.u32 %p4, %r4, 77;\n"
                      "  setp.lt.u32 %p5, %r4, 256;\n  ";
  for (const char *name :
       {"bar.red", "bar.cta.red", "barrier.red", "barrier.cta.red"}) {
    std::string n = name;
    for (const char *count : {"0, ", "1, 256, "}) {
      std::string c = count;
      cases.push_back({votes + n + ".popc.u32 %r0, " + c + "%p4;", 'w',
                       [](const WarpInputs &, u32) { return u64{77}; }});
      cases.push_back({votes + n + ".popc.u32 %r0, " + c + "!%p4;", 'w',
                       [](const WarpInputs &, u32) { return u64{179}; }});
      cases.push_back({votes + n + ".and.pred %p0, " + c + "%p4;", 'p',
                       [](const WarpInputs &, u32) { return u64{0}; }});
      cases.push_back({votes + n + ".and.pred %p0, " + c + "%p5;", 'p',
                       [](const WarpInputs &, u32) { return u64{1}; }});
      cases.push_back({votes + n + ".or.pred %p0, " + c + "%p4;", 'p',
                       [](const WarpInputs &, u32) { return u64{1}; }});
      cases.push_back({votes + n + ".or.pred %p0, " + c + "!%p5;", 'p',
                       [](const WarpInputs &, u32) { return u64{0}; }});
    }
  }
}

} // namespace

std::vector<WarpCase> warpCases() {
  std::vector<WarpCase> cases;
  addShuffles(cases);
  addVotes(cases);
  addMatches(cases);
  addReductions(cases);
  addOthers(cases);
  for (const char *name : {"min", "max.abs"})
    cases.push_back({std::string("cvt.rn.f32.s8 %f4, %rs1;\n"
                                 "  mov.u32 %r5, %laneid;\n"
                                 "  setp.eq.u32 %p4, %r5, 9;\n"
                                 "  selp.f32 %f4, 0f7fc00000, %f4, %p4;\n"
                                 "  redux.sync.") +
                         name +
                         ".NaN.f32 %f5, %f4, 0xffffffff;\n"
                         "  testp.notanumber.f32 %p0, %f5;",
                     'p', [](const WarpInputs &, u32) { return u64{1}; },
                     "sm_100a"});
  return cases;
}

} // namespace sluice::sim
