// Every case in every schedule and asynchrony mode.

#include "test/runtime/device/sim/check/CheckCase.h"

namespace sluice::sim {

TEST_P(CheckTest, findsThisAndNothingElse) {
  const CheckCase &c = GetParam();
  for (AsyncMode async : {AsyncMode::Late, AsyncMode::Early, AsyncMode::Random})
    for (Schedule schedule :
         {Schedule::RoundRobin, Schedule::ProducerLast, Schedule::Random}) {
      SimKernel sim(std::string(CheckCase::kHead) + c.body + "\n  ret;\n}\n");
      ASSERT_TRUE(sim.loaded()) << sim.error();
      std::vector<uint32_t> numbers(256);
      for (uint32_t i = 0; i < 256; ++i)
        numbers[i] = i * 3 + 1;
      uint64_t in = sim.upload(numbers, "in");
      uint64_t out = sim.reserve<uint32_t>(256, "out");
      sim.options.checks = Checks::all();
      sim.options.async = async;
      sim.options.schedule = schedule;
      sim.options.maxInstructions = 100000;
      auto report = sim.arg(in).arg(out).launch("k", c.blocks, c.threads);
      std::vector<FindingKind> kinds;
      for (const Finding &finding : report.findings)
        if (std::find(kinds.begin(), kinds.end(), finding.kind) == kinds.end())
          kinds.push_back(finding.kind);
      EXPECT_EQ(kinds, c.found) << findingsOf(report);
      EXPECT_NE(findingsOf(report).find(c.says), std::string::npos)
          << findingsOf(report);
    }
}
} // namespace sluice::sim
