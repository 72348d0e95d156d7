// Asynchronous copies that are used, or overwritten, in flight.

#include "test/runtime/device/sim/check/CheckCase.h"

namespace sluice::sim {
namespace {

using enum FindingKind;
const CheckCase kCases[] = {
    {"copyAndWait",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  cp.async.commit_group;
  cp.async.wait_group 0;
  bar.sync 0;
  xor.b32 %r8, %r3, 128;
  add.u32 %r8, %r8, %r4;
  ld.shared.u32 %r9, [%r8];
  st.global.u32 [%rd5], %r9;)",
     1,
     64,
     {}},
    {"copyWithoutWait",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  cp.async.commit_group;
  ld.shared.u32 %r9, [%r5];
  st.shared.u32 [%r5+512], %r9;)",
     1,
     32,
     {InFlightAccess},
     "cp.async"},
    {"copyWithoutCommit",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  cp.async.wait_group 0;
  ld.shared.u32 %r9, [%r5];
  st.shared.u32 [%r5+512], %r9;)",
     1,
     32,
     {InFlightAccess}},
    {"copyThatIsOneGroupTooNew",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  cp.async.commit_group;
  cp.async.wait_group 1;
  ld.shared.u32 %r9, [%r5];
  st.shared.u32 [%r5+512], %r9;)",
     1,
     32,
     {InFlightAccess}},
    {"copyReadByAnotherWarpWithoutBarrier",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  cp.async.wait_all;
  setp.lt.u32 %p1, %r1, 32;
  @%p1 bra $done;
  ld.shared.u32 %r9, [%r5+-128];
  st.shared.u32 [%r5+512], %r9;
$done:)",
     1,
     64,
     {Race}},
    {"storeOverACopy",
     R"(
  cp.async.ca.shared.global [%r5], [%rd4], 4;
  st.shared.u32 [%r5], %r1;
  cp.async.wait_all;)",
     1,
     32,
     {InFlightAccess}},
};

INSTANTIATE_TEST_SUITE_P(Copies, CheckTest, testing::ValuesIn(kCases),
                         nameOfCase);

} // namespace
} // namespace sluice::sim
