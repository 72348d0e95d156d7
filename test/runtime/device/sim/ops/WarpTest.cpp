#include "test/runtime/device/sim/SimKernel.h"
#include "test/runtime/device/sim/ops/WarpCase.h"

namespace sluice::sim {
namespace {

class WarpTest : public testing::TestWithParam<WarpCase> {};

TEST_P(WarpTest, equalsItsReferenceWithNothingFound) {
  const WarpCase &c = GetParam();
  SCOPED_TRACE(c.text);
  OpCase op{c.text, c.result, 'i', nullptr, c.target};
  SimKernel sim(opKernel(op, "op"), c.target);
  ASSERT_TRUE(sim.loaded()) << sim.error();
  constexpr size_t threads = 1024;
  std::vector<uint64_t> in[3];
  uint64_t state = 1;
  for (auto &values : in) {
    for (size_t i = 0; i < threads; ++i) {
      state = state * 6364136223846793005 + 1442695040888963407;
      values.push_back(state ^ state >> 29);
    }
    sim.arg(sim.upload(values));
  }
  uint64_t out = sim.reserve<uint64_t>(threads);
  sim.options.checks = Checks::all();
  auto report = sim.arg(out).launch("op", 4, 256);
  EXPECT_EQ(findingsOf(report), "");
  std::vector<uint64_t> got = sim.download<uint64_t>(out, threads);
  int bad = 0;
  for (size_t i = 0; i < threads && bad < 4; ++i) {
    size_t warp = i / 32 * 32;
    auto lanes = [&](size_t k) {
      return std::span<const uint64_t>(in[k]).subspan(warp, 32);
    };
    uint64_t expected =
        c.expect({lanes(0), lanes(1), lanes(2)}, static_cast<uint32_t>(i % 32));
    if (c.result == 'w')
      expected &= 0xffffffff;
    if (c.result == 'h')
      expected &= 0xffff;
    if (got[i] == expected)
      continue;
    ++bad;
    ADD_FAILURE() << "thread " << i << std::hex << ": got " << got[i]
                  << ", expected " << expected;
  }
}

std::string caseName(const testing::TestParamInfo<WarpCase> &info) {
  return std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Lanes, WarpTest, testing::ValuesIn(warpCases()),
                         caseName);
INSTANTIATE_TEST_SUITE_P(Memory, WarpTest, testing::ValuesIn(memoryCases()),
                         caseName);
INSTANTIATE_TEST_SUITE_P(Async, WarpTest, testing::ValuesIn(asyncCases()),
                         caseName);

} // namespace
} // namespace sluice::sim
