#include "test/runtime/device/sim/corpus/RunCase.h"

#include "test/runtime/device/sim/hardware/Recording.h"

#include <fstream>
#include <sstream>

namespace sluice::sim::corpus {
namespace {

// Allocates and fills the buffers of a case; their addresses.
Result<std::vector<uint64_t>> placeBuffers(const Case &example,
                                           GlobalMemory &memory) {
  std::vector<uint64_t> addresses;
  for (const Buffer &buffer : example.buffers) {
    Result<uint64_t> address = memory.allocate(buffer.name, buffer.bytes);
    if (!address.ok())
      return address.status();
    if (!buffer.contents.empty())
      SLUICE_TRY(memory.write(*address, buffer.contents.data(), buffer.bytes));
    addresses.push_back(*address);
  }
  return addresses;
}

Simulator::Grid gridOf(const Launch &launch) {
  return {.blocks = {launch.grid.x, launch.grid.y, launch.grid.z},
          .threads = {launch.block.x, launch.block.y, launch.block.z},
          .dynamicShared = launch.dynamicShared};
}

std::vector<Recording::Memory>
memoriesOf(const Case &example, const std::vector<uint64_t> &addresses,
           const GlobalMemory &memory) {
  std::vector<Recording::Memory> memories;
  for (size_t i = 0; i < example.buffers.size(); ++i) {
    std::string bytes(example.buffers[i].bytes, '\0');
    if (memory.read(addresses[i], bytes.data(), bytes.size()).ok())
      memories.push_back({addresses[i], std::move(bytes), {}});
  }
  return memories;
}

void recordLaunch(Recording &recording, const Launch &launch,
                  const std::vector<std::byte> &parameters,
                  const std::vector<Recording::Memory> &after) {
  Simulator::Grid grid = gridOf(launch);
  recording.kernel = launch.kernel;
  std::copy_n(grid.blocks, 3, recording.blocks);
  std::copy_n(grid.threads, 3, recording.threads);
  recording.dynamicShared = grid.dynamicShared;
  recording.parameters.assign(reinterpret_cast<const char *>(parameters.data()),
                              parameters.size());
  for (size_t i = 0; i < after.size(); ++i)
    recording.memories[i].after = after[i].before;
  record(recording);
}

// Of "kernel.ptx:12".
uint32_t lineOf(const std::string &place) {
  return static_cast<uint32_t>(std::stoul(place.substr(place.rfind(':') + 1)));
}

} // namespace

std::string Outcome::text() const {
  std::string all = difference;
  for (const Finding &finding : findings)
    all += textOf(finding);
  return all;
}

Result<Outcome> runCase(const Case &example, std::string ptx, std::string file,
                        const LaunchOptions &options) {
  // Sums in f64 and approximations moved on purpose are no GPU's.
  bool isRecorded =
      isRecording() && !options.perturb && options.matrix == MatrixMode::Fast;
  Recording recording;
  recording.name = "Corpus." + example.name + " " + file;
  recording.ptx = isRecorded ? ptx : "";
  Simulator simulator;
  Result<LoadedModule *> module =
      simulator.load(std::move(ptx), std::move(file));
  if (!module.ok())
    return module.status();
  Result<std::vector<uint64_t>> addresses =
      placeBuffers(example, simulator.memory());
  if (!addresses.ok())
    return addresses.status();

  Outcome outcome;
  for (const Launch &launch : example.launches) {
    if (isRecorded)
      recording.memories = memoriesOf(example, *addresses, simulator.memory());
    Result<LaunchReport> report =
        simulator.launch(**module, launch.kernel, gridOf(launch),
                         parameterBlock(launch, *addresses), options);
    if (!report.ok())
      return report.status();
    outcome.warpInstructions += report->warpInstructions;
    for (const CountedLine &line : report->counters.lines)
      outcome.linesRun.insert(lineOf(line.place));
    outcome.findings = std::move(report->findings);
    if (isRecorded && outcome.findings.empty())
      recordLaunch(recording, launch, parameterBlock(launch, *addresses),
                   memoriesOf(example, *addresses, simulator.memory()));
    if (!outcome.findings.empty())
      break;
  }
  for (size_t i = 0; i < example.buffers.size(); ++i) {
    std::vector<std::byte> bytes(example.buffers[i].bytes);
    SLUICE_TRY(
        simulator.memory().read((*addresses)[i], bytes.data(), bytes.size()));
    outcome.buffers.push_back(std::move(bytes));
  }
  if (outcome.findings.empty())
    for (const Expectation &expectation : example.expectations)
      if (outcome.difference.empty())
        outcome.difference = firstDifference(
            example, expectation, outcome.buffers[expectation.buffer]);
  return outcome;
}

std::string textOfFile(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

} // namespace sluice::sim::corpus
