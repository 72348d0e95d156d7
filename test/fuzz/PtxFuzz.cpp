// PTX of any bytes is refused with a sentence that names a place, or its
// kernels run: a block of two warps on zeros, for some thousand instructions,
// with everything checked.

#include "runtime/device/sim/Simulator.h"

#include <cstdint>
#include <cstdlib>

using namespace sluice;
using namespace sluice::sim;

static void require(bool condition) {
  if (!condition)
    std::abort(); // libFuzzer keeps the input
}

static void requireSentence(const Status &status) {
  require(!status.message().empty() && status.message().size() < 4096);
}

static void run(Simulator &simulator, LoadedModule &module,
                const std::string &name) {
  auto info = simulator.kernel(module, name);
  if (!info.ok()) {
    requireSentence(info.status());
    return;
  }
  LaunchOptions options;
  options.checks = Checks::all();
  options.counters = true;
  options.maxInstructions = 3000;
  Simulator::Grid grid;
  grid.threads[0] = 64;
  grid.dynamicShared = 1024;
  std::vector<std::byte> parameters(info->parameterBytes);
  auto report = simulator.launch(module, name, grid, parameters, options);
  if (!report.ok()) {
    requireSentence(report.status());
    return;
  }
  for (const Finding &finding : report->findings)
    require(!textOf(finding).empty() && !jsonOf(finding).empty());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Simulator simulator;
  simulator.memory().setLimit(uint64_t(64) << 20);
  auto module = simulator.load(
      std::string(reinterpret_cast<const char *>(data), size), "f.ptx");
  if (!module.ok()) {
    requireSentence(module.status());
    require(module.status().code() != StatusCode::BadInput ||
            module.status().message().starts_with("f.ptx:"));
    return 0;
  }
  for (const std::string &name : simulator.kernels(**module))
    run(simulator, **module, name);
  return 0;
}
