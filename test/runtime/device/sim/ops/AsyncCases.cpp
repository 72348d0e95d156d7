#include "test/runtime/device/sim/ops/WarpCase.h"

namespace sluice::sim {

using u32 = uint32_t;
using u64 = uint64_t;

std::vector<WarpCase> asyncCases() {
  std::vector<WarpCase> cases;
  std::string source = "ld.param.u64 %x4, [b];\n  add.u64 %x4, %x4, %rd20;\n  ";
  auto loads = [&](const std::string &copy, const std::string &wait) {
    return std::string(kShared) + source + copy + "\n  " + wait +
           "\n  ld.shared.u64 %rd0, [%x1]; }";
  };
  auto second = [](const WarpInputs &in, u32 lane) { return in.b[lane]; };
  cases.push_back({loads("cp.async.ca.shared.global [%x1], [%x4], 8;",
                         "cp.async.wait_all;"),
                   'l', second});
  cases.push_back({loads("cp.async.ca.shared.global [%x1], [%x4], 8;\n"
                         "  cp.async.commit_group;",
                         "cp.async.wait_group 0;"),
                   'l', second});
  cases.push_back({loads("cp.async.ca.shared.global [%x1], [%x4], 8, 4;",
                         "cp.async.wait_all;"),
                   'l', [](const WarpInputs &in, u32 lane) {
                     return in.b[lane] & 0xffffffff;
                   }});
  cases.push_back({loads("cp.async.ca.shared.global.L2::128B [%x1], [%x4], 8;\n"
                         "  cp.async.commit_group;\n"
                         "  cp.async.ca.shared.global [%x1+8], [%x4], 8;\n"
                         "  cp.async.commit_group;",
                         "cp.async.wait_group 1;"),
                   'l', second});
  cases.push_back(
      {std::string(kShared) + source +
           "and.b64 %x4, %x4, -16;\n"
           "  cp.async.cg.shared.global [%x1], [%x4], 16;\n"
           "  cp.async.wait_all;\n"
           "  ld.shared.u64 %rd0, [%x1+8]; }",
       'l', [](const WarpInputs &in, u32 lane) { return in.b[lane | 1]; }});
  // Lanes that copy 16, 8 or no bytes; the rest is zeros.
  cases.push_back({std::string(kShared) + source +
                       "and.b64 %x4, %x4, -16;\n"
                       "  mov.u32 %t2, %laneid;\n  and.b32 %t2, %t2, 3;\n"
                       "  shl.b32 %t2, %t2, 3;\n  min.u32 %t2, %t2, 16;\n"
                       "  cp.async.cg.shared.global [%x1], [%x4], 16, %t2;\n"
                       "  cp.async.wait_all;\n"
                       "  ld.shared.v2.u64 {%rd0, %x5}, [%x1];\n"
                       "  xor.b64 %rd0, %rd0, %x5; }",
                   'l', [](const WarpInputs &in, u32 lane) {
                     u64 first = lane % 4 > 0 ? in.b[lane & ~1U] : 0;
                     return first ^ (lane % 4 > 1 ? in.b[lane | 1] : 0);
                   }});
  // An mbarrier for each warp.
  std::string barrier =
      "{ .shared .align 8 .b8 m[64];\n  .reg .b32 %u<9>;\n  .reg .b64 %y<9>;\n"
      "  mov.u32 %u1, %warpid;\n  shl.b32 %u1, %u1, 3;\n  mov.u32 %u2, m;\n"
      "  add.u32 %u1, %u1, %u2;\n  mov.u32 %u3, %laneid;\n"
      "  setp.eq.u32 %p4, %u3, 0;\n"
      "  @%p4 mbarrier.init.shared.b64 [%u1], 32;\n  bar.warp.sync -1;\n  ";
  std::string wait = "\n$wait:\n  mbarrier.try_wait.parity.shared.b64 %p5, "
                     "[%u1], 0;\n  @!%p5 bra $wait;\n  ";
  std::string read = "xor.b64 %x3, %x1, 32;\n  ld.shared.u64 %rd0, [%x3]; } }";
  auto neighbour = [](const WarpInputs &in, u32 lane) {
    return in.b[lane ^ 1];
  };
  cases.push_back({barrier + kShared + source +
                       "cp.async.ca.shared.global [%x1], [%x4], 8;\n"
                       "  cp.async.mbarrier.arrive.noinc.shared.b64 [%u1];" +
                       wait + read,
                   'l', neighbour});
  cases.push_back({barrier + kShared + source +
                       "cp.async.ca.shared.global [%x1], [%x4], 8;\n"
                       "  cp.async.mbarrier.arrive.shared.b64 [%u1];\n"
                       "  mbarrier.arrive.shared.b64 %y1, [%u1];" +
                       wait + read,
                   'l', neighbour});
  std::string store = std::string(kShared) + "st.shared.u64 [%x1], %rd2;\n  ";
  for (const char *arrive :
       {"mbarrier.arrive.shared.b64 %y1, [%u1];",
        "mbarrier.arrive.shared.b64 %y1, [%u1], 1;",
        "mbarrier.arrive.release.cta.shared.b64 %y1, [%u1];",
        "mbarrier.arrive.release.cluster.shared::cta.b64 %y1, [%u1];",
        "fence.release.cta;\n"
        "  mbarrier.arrive.relaxed.cta.shared::cta.b64 %y1, [%u1];",
        "mbarrier.arrive_drop.shared.b64 %y1, [%u1];",
        "mbarrier.arrive_drop.release.cta.shared.b64 %y1, [%u1];"})
    for (const char *look :
         {"mbarrier.test_wait.shared.b64 %p5, [%u1], %y1;",
          "mbarrier.test_wait.parity.shared.b64 %p5, [%u1], 0;",
          "mbarrier.test_wait.acquire.cta.shared.b64 %p5, [%u1], %y1;",
          "mbarrier.test_wait.acquire.cluster.shared.b64 %p5, [%u1], %y1;",
          "mbarrier.test_wait.parity.acquire.cta.shared.b64 %p5, [%u1], 0;",
          "mbarrier.test_wait.parity.acquire.cluster.shared.b64 %p5, [%u1], 0;",
          "mbarrier.try_wait.acquire.cta.shared.b64 %p5, [%u1], %y1;",
          "mbarrier.try_wait.parity.acquire.cta.shared.b64 %p5, [%u1], 0;",
          "mbarrier.test_wait.relaxed.cta.shared.b64 %p5, [%u1], %y1;",
          "mbarrier.test_wait.parity.relaxed.cta.shared.b64 %p5, [%u1], 0;",
          "mbarrier.try_wait.relaxed.cta.shared.b64 %p5, [%u1], %y1;",
          "mbarrier.try_wait.parity.relaxed.cta.shared.b64 %p5, [%u1], 0;",
          "mbarrier.try_wait.shared.b64 %p5, [%u1], %y1;",
          "mbarrier.try_wait.parity.shared.b64 %p5, [%u1], 0, 100;"})
      cases.push_back(
          {barrier + store + arrive + "\n$wait:\n  " + look +
               "\n  @!%p5 bra $wait;\n  " +
               (std::string_view(look).find("relaxed") != std::string_view::npos
                    ? "fence.acquire.cta;\n  "
                    : "") +
               read,
           'l', neighbour});
  for (const char *arrive :
       {"mbarrier.arrive.noComplete.shared.b64",
        "mbarrier.arrive.noComplete.release.cta.shared.b64",
        "mbarrier.arrive_drop.noComplete.shared.b64"}) {
    std::string first = std::string("  @%p4 ") + arrive + " %y1, [%u1], 5;\n";
    cases.push_back(
        {barrier + kShared + "mov.b64 %y2, 0;\n" + first +
             "  @%p4 mbarrier.arrive.noComplete.shared.b64 %y2, [%u1],"
             " 1;\n  mbarrier.pending_count.b64 %r4, %y2;\n"
             "  shfl.sync.idx.b32 %r0, %r4, 0, 31, -1;\n"
             "  @%p4 mbarrier.inval.shared.b64 [%u1]; } }",
         'w', [](const WarpInputs &, u32) { return u64{27}; }});
  }
  return cases;
}

} // namespace sluice::sim
