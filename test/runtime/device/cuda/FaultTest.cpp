// Each call of the driver that fails, in each phase of a run: the documented
// error, said once, and everything given back.

#include "runtime/device/cuda/CudaDevice.h"
#include "test/runtime/device/cuda/FakeCuda.h"
#include "test/runtime/executor/TinyModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

using namespace sluice;
using testing::HasSubstr;

namespace {

constexpr int kCodes[] = {2, 200, 209, 214, 222, 700, 719, 802, 999};

const std::vector<std::string> &entryPoints() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
#define SLUICE_CUDA_ENTRY(field, symbol, parameters)                           \
  result.push_back(symbol);                                                    \
  if (result.back().ends_with("_v2"))                                          \
    result.back().resize(result.back().size() - 3);
#include "runtime/device/cuda/EntryPoints.def"
#undef SLUICE_CUDA_ENTRY
    return result;
  }();
  return names;
}

const std::set<std::string> kReleases = {
    "cuMemFree",      "cuMemFreeHost",  "cuStreamDestroy",
    "cuEventDestroy", "cuModuleUnload", "cuDevicePrimaryCtxRelease"};

StatusCode classOf(int code) {
  return code == 2                                   ? StatusCode::OutOfMemory
         : code == 200 || code == 209 || code == 222 ? StatusCode::Incompatible
                                                     : StatusCode::DeviceError;
}

enum Phase { Load, Prefill, Decode, Teardown, Phases };
constexpr const char *kPhaseNames[] = {"load", "prefill", "decode", "teardown"};

struct FaultTest : testing::Test {
  FaultTest() {
    tiny.addGpu();
    tiny.write();
    (void)listCudaDevices(); // opens the driver
    control.reset();
  }

  Status load() {
    Result<std::shared_ptr<const Model>> model = tiny.open();
    if (!model.ok())
      return model.status();
    Result<std::unique_ptr<Context>> made = Context::create(
        *model,
        {.maxRows = 8, .maxContext = 32, .device = "cuda", .poison = true});
    if (made.ok())
      context = *std::move(made);
    return made.status();
  }

  Status step(const std::vector<int32_t> &tokens) {
    TinySteps before = steps;
    StepInput input = steps.make({{0, tokens}});
    Status status = context->step(input);
    Result<std::span<const float>> logits =
        status.ok() ? context->logits() : status;
    if (logits.ok())
      EXPECT_EQ(std::vector(logits->begin(), logits->end()),
                steps.expected(tokens.size() <= 2));
    else
      steps = before;
    return logits.status();
  }

  Status run(Phase phase) {
    switch (phase) {
    case Load:
      return load();
    case Prefill:
      return step({1, 2, 3, 4, 5});
    case Decode:
      return step({6});
    default:
      context.reset();
      return {};
    }
  }

  /// Calls of each entry point in each phase, when nothing fails.
  std::map<std::string, std::array<uint64_t, Phases>> cleanRun() {
    std::map<std::string, std::array<uint64_t, Phases>> calls;
    for (int phase = Load; phase < Phases; ++phase) {
      std::map<std::string, uint64_t> before;
      for (const std::string &call : entryPoints())
        before[call] = control.count(call.c_str());
      Status status = run(Phase(phase));
      EXPECT_TRUE(status.ok()) << status.message();
      for (const std::string &call : entryPoints())
        calls[call][phase] = control.count(call.c_str()) - before[call];
    }
    EXPECT_STREQ(control.held(), "");
    return calls;
  }

  /// A run in which the `count`-th `call` of `phase` returns `code`.
  void faultyRun(const std::string &call, Phase phase, uint64_t count,
                 int code) {
    steps = {};
    control.reset();
    for (int before = Load; before < phase; ++before)
      ASSERT_TRUE(run(Phase(before)).ok());
    control.fault(call.c_str(), count, code);
    Status status = run(phase);
    ASSERT_TRUE(control.fired());
    if (!kReleases.contains(call))
      expectFailure(status, call, phase, code);
    context.reset();
    EXPECT_STREQ(control.held(), "");
  }

  void expectFailure(const Status &status, const std::string &call, Phase phase,
                     int code) {
    EXPECT_EQ(status.code(), classOf(code));
    EXPECT_THAT(status.message(), HasSubstr(call + " failed: "));
    EXPECT_THAT(status.message(), HasSubstr("(" + std::to_string(code) + ")"));
    if (call == "cuLaunchKernel")
      EXPECT_THAT(status.message(), HasSubstr("Entry")); // a kernel's name
    if (phase == Decode && classOf(code) == StatusCode::DeviceError)
      EXPECT_THAT(status.message(),
                  HasSubstr("; the last kernels, latest first: "));
    if (classOf(code) != StatusCode::DeviceError)
      return;
    if (context) {
      std::string first(control.callsSince());
      EXPECT_EQ(context->step(steps.make({{0, {7}}})).message(),
                status.message());
      EXPECT_EQ(control.callsSince(), first) << "the driver was called again";
    }
    std::istringstream after(control.callsSince());
    for (std::string name; after >> name;)
      EXPECT_TRUE(kReleases.contains(name) || name == "cuGetErrorName") << name;
  }

  const fake::Control &control = fake::control();
  TinyModel tiny;
  TinySteps steps;
  std::unique_ptr<Context> context;
};

} // namespace

TEST_F(FaultTest, EveryCallInEveryPhaseWithEveryCode) {
  for (const auto &[call, counts] : cleanRun())
    for (int phase = Load; phase < Phases; ++phase)
      for (uint64_t count : std::set<uint64_t>{1, counts[phase]})
        for (int code : kCodes) {
          if (counts[phase] == 0 || call == "cuGetErrorName")
            continue;
          SCOPED_TRACE(call + " " + std::to_string(count) + " of " +
                       std::to_string(counts[phase]) + " in " +
                       kPhaseNames[phase] + " returns " + std::to_string(code));
          ASSERT_NO_FATAL_FAILURE(faultyRun(call, Phase(phase), count, code));
        }
}

TEST_F(FaultTest, EveryEntryPointIsCalledSomewhere) {
  const std::set<std::string> elsewhere = {
      "cuInit",          "cuDriverGetVersion", "cuGetErrorName", // below
      "cuDeviceGetName", "cuStreamWaitEvent",  "cuCtxSynchronize",
      "cuMemcpyHtoD",    "cuMemcpyDtoH"}; // sim-replay
  for (const auto &[call, counts] : cleanRun())
    EXPECT_TRUE(elsewhere.contains(call) ||
                std::any_of(counts.begin(), counts.end(),
                            [](uint64_t n) { return n > 0; }))
        << call;
}

TEST_F(FaultTest, AnErrorWithoutANameHasItsNumber) {
  control.fault("cuGetErrorName", 1, 1);
  control.fault("cuMemGetInfo", 1, 4711);
  Status status = load();
  EXPECT_EQ(status.code(), StatusCode::DeviceError);
  EXPECT_THAT(status.message(),
              HasSubstr("cuMemGetInfo failed: an error without a name (4711)"));
}

TEST_F(FaultTest, WhatToLookAtIfTheMachineIsAtFault) {
  const std::pair<int, const char *> advice[] = {{3, "shut the driver down"},
                                                 {100, "CUDA_VISIBLE_DEVICES"},
                                                 {101, "--list-devices"},
                                                 {802, "nvidia-fabricmanager"},
                                                 {803, "without a restart?"}};
  for (auto [code, words] : advice) {
    control.fault("cuDeviceGet", 1, code);
    EXPECT_THAT(load().message(), HasSubstr(words)) << code;
  }
}

TEST_F(FaultTest, AGpuThatDoesNotSayItsNameIsNotListed) {
  EXPECT_EQ(listCudaDevices().size(), 1u);
  for (const char *call : {"cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName",
                           "cuDeviceGetAttribute"}) {
    control.fault(call, 1, 802);
    EXPECT_TRUE(listCudaDevices().empty()) << call;
  }
}

TEST_F(FaultTest, StreamsThatWaitForEachOther) {
  for (int code : kCodes) {
    control.reset();
    Result<std::unique_ptr<Device>> device = createCudaDevice(0);
    ASSERT_TRUE(device.ok());
    auto stream = (*device)->createStream();
    auto event = (*device)->createEvent();
    ASSERT_TRUE(stream.ok() && event.ok());
    ASSERT_TRUE((*device)->record(**stream, **event).ok());
    ASSERT_TRUE((*device)->wait(**stream, **event).ok());
    ASSERT_TRUE((*device)->synchronize(**event).ok());
    control.fault("cuStreamWaitEvent", 1, code);
    Status status = (*device)->wait(**stream, **event);
    EXPECT_EQ(status.code(), classOf(code));
    EXPECT_THAT(status.message(), HasSubstr("cuStreamWaitEvent failed: "));
  }
  EXPECT_STREQ(control.held(), "");
}

TEST_F(FaultTest, AModelLargerThanWhatIsFreeIsRefusedFirst) {
  control.limit(1000);
  Status status = load();
  EXPECT_EQ(status.code(), StatusCode::OutOfMemory);
  EXPECT_THAT(status.message(), HasSubstr(", 1000 are free; "));
  EXPECT_EQ(control.count("cuMemAlloc"), 0u);
}

// The driver is opened once in a process: each in a process of its own.
struct StartTest : testing::TestWithParam<std::tuple<const char *, int>> {
  StartTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_P(StartTest, ADriverThatDoesNotStart) {
  auto [call, code] = GetParam();
  auto start = [call = call, code = code] {
    fake::control().fault(call, 1, code);
    Result<std::unique_ptr<Device>> device = createCudaDevice(0);
    fputs(device.status().message().c_str(), stderr);
    exit(int(device.status().code()));
  };
  EXPECT_EXIT(start(), testing::ExitedWithCode(int(classOf(code))),
              testing::AllOf(HasSubstr(call),
                             HasSubstr("(" + std::to_string(code) + ")")));
}

INSTANTIATE_TEST_SUITE_P(Codes, StartTest,
                         testing::Combine(testing::Values("cuInit",
                                                          "cuDriverGetVersion"),
                                          testing::ValuesIn(kCodes)));
