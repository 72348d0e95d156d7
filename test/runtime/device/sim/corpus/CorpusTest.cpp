#include "test/runtime/device/sim/corpus/RunCase.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

using namespace sluice;
using namespace sluice::sim;
using namespace sluice::sim::corpus;

namespace {

struct TargetCase {
  Case example;
  std::string target;
};

std::vector<TargetCase> allRuns() {
  std::vector<TargetCase> runs;
  for (const Case &example : corpusCases())
    for (const std::string &target : example.targets)
      runs.push_back({example, target});
  return runs;
}

std::string testName(const testing::TestParamInfo<TargetCase> &info) {
  std::string name = info.param.example.name + "_" + info.param.target;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
  return name;
}

void PrintTo(const TargetCase &run, std::ostream *out) {
  *out << run.example.name << " " << run.target;
}

LaunchOptions withAllChecks() {
  LaunchOptions options;
  options.checks = Checks::all();
  options.timeoutSeconds = 60;
  return options;
}

// Right, with nothing found, and the same bytes, in every asynchrony mode and
// schedule.
void expectCorrectEverywhere(const TargetCase &run, const std::string &path) {
  std::string ptx = textOfFile(path);
  ASSERT_FALSE(ptx.empty()) << path;
  std::vector<std::vector<std::byte>> first;
  for (AsyncMode async : {AsyncMode::Late, AsyncMode::Early, AsyncMode::Random})
    for (Schedule schedule :
         {Schedule::RoundRobin, Schedule::ProducerLast, Schedule::Random}) {
      SCOPED_TRACE(
          fmt::format("async {}, schedule {}", int(async), int(schedule)));
      LaunchOptions options = withAllChecks();
      options.async = async;
      options.schedule = schedule;
      options.seed = 1 + int(async) * 3 + int(schedule);
      Result<Outcome> outcome = runCase(run.example, ptx, path, options);
      ASSERT_TRUE(outcome.ok()) << outcome.status().message();
      ASSERT_TRUE(outcome->correct()) << outcome->text();
      for (const Expectation &expectation : run.example.expectations) {
        if (first.size() < run.example.expectations.size())
          first.push_back(outcome->buffers[expectation.buffer]);
        size_t index = &expectation - run.example.expectations.data();
        EXPECT_EQ(first[index], outcome->buffers[expectation.buffer]);
      }
    }
}

class Corpus : public testing::TestWithParam<TargetCase> {};

TEST_P(Corpus, ClangsPtxIsCorrectInEveryModeAndSchedule) {
  expectCorrectEverywhere(GetParam(),
                          ptxPath(GetParam().example, GetParam().target));
}

TEST_P(Corpus, NvccsPtxIsCorrectInEveryModeAndSchedule) {
  std::string folder = SLUICE_NVCC_PTX;
  if (folder.empty())
    GTEST_SKIP() << "there was no nvcc when this was built";
  expectCorrectEverywhere(GetParam(),
                          folder + "/" +
                              ptxName(GetParam().example, GetParam().target));
}

// Without checks, with counters, with sums in f64, with approximations that
// are off by what the ISA allows, and on two threads.
TEST_P(Corpus, IsCorrectWithOtherOptions) {
  const TargetCase &run = GetParam();
  std::string path = ptxPath(run.example, run.target);
  std::string ptx = textOfFile(path);
  for (int option = 0; option < 5; ++option) {
    SCOPED_TRACE(option);
    LaunchOptions options = withAllChecks();
    if (option == 0)
      options.checks = {};
    options.counters = option == 1;
    options.matrix = option == 2 ? MatrixMode::Wide : MatrixMode::Fast;
    options.perturb = option == 3;
    options.threads = option == 4 ? 2 : 1;
    Result<Outcome> outcome = runCase(run.example, ptx, path, options);
    ASSERT_TRUE(outcome.ok()) << outcome.status().message();
    EXPECT_TRUE(outcome->correct()) << outcome->text();
  }
}

INSTANTIATE_TEST_SUITE_P(Sim, Corpus, testing::ValuesIn(allRuns()), testName);

} // namespace
