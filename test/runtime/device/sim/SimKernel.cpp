#include "test/runtime/device/sim/SimKernel.h"

#include "test/runtime/device/sim/hardware/Recording.h"

namespace sluice::sim {

SimKernel::SimKernel(const std::string &body, const std::string &target,
                     const std::string &version) {
  text = ".version " + version + "\n.target " + target +
         "\n.address_size 64\n" + body;
  auto result = simulator.load(text, "test.ptx");
  if (result.ok())
    module = *result;
  else
    message = result.status().message();
}

std::string SimKernel::contents(const Range &range) {
  std::string bytes(range.bytes, '\0');
  EXPECT_TRUE(
      simulator.memory().read(range.address, bytes.data(), range.bytes).ok());
  return bytes;
}

LaunchReport SimKernel::launch(const std::string &kernel, uint32_t blocks,
                               uint32_t threads, uint64_t dynamicShared) {
  EXPECT_TRUE(loaded()) << message;
  if (!loaded())
    return {};
  Simulator::Grid grid;
  grid.blocks[0] = blocks;
  grid.threads[0] = threads;
  grid.dynamicShared = dynamicShared;
  Recording recording;
  if (isRecording())
    for (const Range &range : memories)
      recording.memories.push_back({range.address, contents(range), {}});
  auto report = simulator.launch(*module, kernel, grid, parameters, options);
  if (isRecording() && report.ok() && report->findings.empty()) {
    const auto *test = testing::UnitTest::GetInstance()->current_test_info();
    recording.name = std::string(test->test_suite_name()) + "." + test->name();
    recording.ptx = text;
    recording.kernel = kernel;
    recording.blocks[0] = blocks;
    recording.threads[0] = threads;
    recording.dynamicShared = dynamicShared;
    recording.parameters.assign(
        reinterpret_cast<const char *>(parameters.data()), parameters.size());
    for (size_t i = 0; i < memories.size(); ++i)
      recording.memories[i].after = contents(memories[i]);
    record(recording);
  }
  parameters.clear();
  EXPECT_TRUE(report.ok()) << report.status().message();
  if (!report.ok())
    return {};
  return std::move(*report);
}

std::string findingsOf(const LaunchReport &report) {
  std::string text;
  for (const Finding &finding : report.findings)
    text += textOf(finding);
  return text;
}

} // namespace sluice::sim
