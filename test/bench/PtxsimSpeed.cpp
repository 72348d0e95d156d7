// How fast the PTX simulator runs on one thread, as lines of JSON: millions of
// warp instructions a second (of a GEMM also GFLOP/s), plain and with what can
// be switched on, and how much slower that is. Not a test: numbers to compare
// on a quiet machine with the goals, which each line names.
//
//   ptxsim-speed [REPETITIONS [CASE [MODE]]]    5 unless given, the best counts
#include "test/runtime/device/sim/corpus/RunCase.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

using namespace sluice::sim;
using namespace sluice::sim::corpus;

namespace {

struct Mode {
  const char *name;
  Checks checks;
  bool counters;
  double mostSlower; // goal: times the plain run's time
};

// Bounds, alignment and lifetime are checked always.
const Mode kModes[] = {
    {"plain", {}, false, 1},
    {"counters", {}, true, 3},
    {"memory checks and counters", {.uninitialised = true}, true, 3},
    {"everything", Checks::all(), true, 8},
};

struct Goal {
  const char *file;
  double instructions; // millions a second
  double gflops;       // 0: none
};
const Goal kGoals[] = {{"block_reduce", 100, 0},
                       {"softmax", 100, 0},
                       {"gemv_bf16", 80, 0},
                       {"vector_add", 50, 0},
                       {"gemm_bf16_mma", 0, 20}};

struct Timing {
  double seconds = 1e30; // of all launches, the best
  uint64_t instructions = 0;
  bool correct = true;
};

void fail(const sluice::Status &status) {
  fmt::print(stderr, "ptxsim-speed: {}\n", status.message());
  std::exit(1);
}

/// Time of the processor that this thread had, so that neighbours do not count.
double threadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

/// A simulator with the module and the buffers of a case. Runs after the first
/// find decoded programs and memory that has been touched, as those of a plan
/// do.
class Runner {
public:
  Runner(const Case &example, const std::string &ptx) : example(example) {
    auto loaded = simulator.load(ptx, example.file + ".ptx");
    if (!loaded.ok())
      fail(loaded.status());
    module = *loaded;
    for (const Buffer &buffer : example.buffers) {
      auto address = simulator.memory().allocate(buffer.name, buffer.bytes);
      if (!address.ok())
        fail(address.status());
      addresses.push_back(*address);
    }
  }

  /// One run; only the launches are timed.
  void run(const Mode &mode, Timing &timing) {
    fillBuffers();
    LaunchOptions options;
    options.checks = mode.checks;
    options.counters = mode.counters;
    double seconds = 0;
    uint64_t instructions = 0;
    for (const corpus::Launch &launch : example.launches) {
      auto parameters = parameterBlock(launch, addresses);
      Simulator::Grid grid{
          .blocks = {launch.grid.x, launch.grid.y, launch.grid.z},
          .threads = {launch.block.x, launch.block.y, launch.block.z},
          .dynamicShared = launch.dynamicShared};
      double begin = threadSeconds();
      auto report =
          simulator.launch(*module, launch.kernel, grid, parameters, options);
      seconds += threadSeconds() - begin;
      if (!report.ok())
        fail(report.status());
      instructions += report->warpInstructions;
      timing.correct = timing.correct && report->findings.empty();
    }
    timing.correct = timing.correct && isCorrect();
    timing.seconds = std::min(timing.seconds, seconds);
    timing.instructions = instructions;
  }

private:
  void fillBuffers() {
    for (size_t i = 0; i < addresses.size(); ++i) {
      const Buffer &buffer = example.buffers[i];
      if (buffer.contents.empty())
        continue;
      if (auto status = simulator.memory().write(
              addresses[i], buffer.contents.data(), buffer.bytes);
          !status.ok())
        fail(status);
    }
  }

  bool isCorrect() const {
    for (const Expectation &expectation : example.expectations) {
      std::vector<std::byte> bytes(example.buffers[expectation.buffer].bytes);
      if (auto status = simulator.memory().read(addresses[expectation.buffer],
                                                bytes.data(), bytes.size());
          !status.ok())
        fail(status);
      if (!firstDifference(example, expectation, bytes).empty())
        return false;
    }
    return true;
  }

  const Case &example;
  mutable Simulator simulator;
  LoadedModule *module = nullptr;
  std::vector<uint64_t> addresses;
};

/// Whether all that was measured is correct.
bool measure(const Case &example, int repetitions, std::string_view only) {
  std::string ptx = textOfFile(ptxPath(example, "sm_80"));
  const Goal *goal =
      std::find_if(std::begin(kGoals), std::end(kGoals),
                   [&](const Goal &one) { return example.file == one.file; });
  double plain = 0;
  bool correct = true;
  for (const Mode &mode : kModes) {
    if (!only.empty() && only != mode.name)
      continue;
    Timing timing;
    Runner runner(example, ptx);
    for (int i = 0; i < repetitions; ++i)
      runner.run(mode, timing);
    correct = correct && timing.correct;
    double rate = static_cast<double>(timing.instructions) / timing.seconds;
    plain = plain == 0 ? timing.seconds : plain;
    double slower = timing.seconds / plain;
    bool met = slower <= mode.mostSlower;
    std::string text = fmt::format(
        R"({{"bench":"ptxsim","case":"{}","mode":"{}","warp_instructions":{},)"
        R"("seconds":{:.6f},"minstr_per_s":{:.1f})",
        example.name, mode.name, timing.instructions, timing.seconds,
        rate * 1e-6);
    if (goal->gflops != 0) {
      double gflops = 2.0 * 256 * 256 * 256 / timing.seconds * 1e-9;
      text += fmt::format(R"(,"gflops":{:.2f})", gflops);
      if (&mode == kModes) {
        met = gflops >= goal->gflops;
        text += fmt::format(R"(,"goal_gflops":{})", goal->gflops);
      }
    } else if (&mode == kModes) {
      met = rate * 1e-6 >= goal->instructions;
      text += fmt::format(R"(,"goal_minstr_per_s":{})", goal->instructions);
    }
    if (&mode != kModes)
      text += fmt::format(R"(,"slower":{:.2f},"goal_slower":{})", slower,
                          mode.mostSlower);
    fmt::print("{},\"met\":{},\"correct\":{}}}\n", text, met, timing.correct);
    std::fflush(stdout);
  }
  return correct;
}

} // namespace

int main(int argc, char **argv) {
  int repetitions =
      argc > 1 ? std::max<int>(
                     static_cast<int>(std::strtol(argv[1], nullptr, 10)), 1)
               : 5;
  bool correct = true;
  for (const Case &example : benchCases())
    if (argc < 3 || example.file == argv[2])
      correct =
          measure(example, repetitions, argc < 4 ? "" : argv[3]) && correct;
  return correct ? 0 : 1;
}
