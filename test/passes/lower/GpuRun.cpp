#include "test/passes/lower/GpuRun.h"

#include "codegen/nvptx/EmitPtx.h"
#include "runtime/device/sim/Simulator.h"
#include "test/passes/lower/Evaluate.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>

using namespace mlir;
using namespace mlir::sluice;

namespace sluice::test {

std::vector<std::string> gpuTargets() {
  const char *text = std::getenv("SLUICE_KERNEL_TARGETS");
  std::istringstream words(text ? text : "");
  std::vector<std::string> targets;
  for (std::string name; std::getline(words, name, ',');)
    targets.push_back(name);
  return targets;
}

namespace {
/// One run on a GPU of its own.
class Run {
public:
  explicit Run(const std::string &ptx) {
    auto loaded = simulator.load(ptx, "kernel.ptx");
    if (loaded.ok())
      module = *loaded;
    else
      ADD_FAILURE() << loaded.status().message() << ptx;
  }

  /// The word as this GPU has it: a host address becomes one of a copy.
  std::uint64_t translated(std::uint64_t word) {
    const HostRange *range = rememberedAt(word);
    return range ? addressOf(*range) + (word - range->address) : word;
  }

  std::uint64_t buffer(std::int64_t bytes) {
    auto address = simulator.memory().allocate("buffer", bytes + 1);
    return address.ok() ? *address : 0;
  }

  void launch(plan::StageOp stage, const Symbols &symbols,
              const std::vector<std::uint64_t> &words,
              const sim::LaunchOptions &options) {
    sim::Simulator::Grid grid;
    for (int i = 0; i < 3; ++i) {
      grid.blocks[i] =
          evaluate(cast<plan::ExprAttr>(stage.getGrid()[i]), symbols);
      if (grid.blocks[i] == 0)
        return;
    }
    grid.threads[0] = stage.getThreads();
    grid.dynamicShared = evaluate(stage.getScratch(), symbols);
    auto report = simulator.launch(*module, stage.getCode().str(), grid,
                                   std::as_bytes(std::span(words)), options);
    ASSERT_TRUE(report.ok()) << report.status().message();
    for (const sim::Finding &finding : report->findings)
      ADD_FAILURE() << sim::textOf(finding);
  }

  void read(Bytes bytes) {
    auto address = reinterpret_cast<std::uint64_t>(bytes.data());
    if (!bytes.empty() && rememberedAt(address)) {
      auto status = simulator.memory().read(translated(address), bytes.data(),
                                            bytes.size());
      EXPECT_TRUE(status.ok()) << status.message();
    }
  }

  sim::LoadedModule *module = nullptr;

private:
  std::uint64_t addressOf(const HostRange &range) {
    if (auto known = copies.find(range.address); known != copies.end())
      return known->second;
    std::vector<std::byte> bytes(range.bytes);
    std::memcpy(bytes.data(), reinterpret_cast<void *>(range.address),
                range.bytes);
    for (std::size_t at = 0; range.isTable && at < bytes.size(); at += 8) {
      std::uint64_t entry;
      std::memcpy(&entry, &bytes[at], 8);
      entry = translated(entry);
      std::memcpy(&bytes[at], &entry, 8);
    }
    auto address = simulator.memory().allocate("memory", range.bytes);
    EXPECT_TRUE(
        address.ok() &&
        simulator.memory().write(*address, bytes.data(), bytes.size()).ok());
    return copies[range.address] = *address;
  }

  sim::Simulator simulator;
  std::map<std::uint64_t, std::uint64_t> copies; // by host address
};

std::vector<sim::LaunchOptions> modes() {
  std::vector<sim::LaunchOptions> result;
  for (sim::Schedule schedule :
       {sim::Schedule::RoundRobin, sim::Schedule::ProducerLast,
        sim::Schedule::Random})
    for (sim::AsyncMode async : {sim::AsyncMode::Late, sim::AsyncMode::Early,
                                 sim::AsyncMode::Random}) {
      sim::LaunchOptions options;
      options.checks = sim::Checks::all();
      options.schedule = schedule;
      options.async = async;
      options.seed = 7;
      options.timeoutSeconds = 60;
      result.push_back(options);
    }
  return result;
}
} // namespace

void runOnSimulator(plan::KernelOp kernel, plan::VariantOp variant,
                    const Symbols &symbols,
                    const std::vector<std::uint64_t> &words,
                    const std::vector<Bytes> &written) {
  auto module = kernel->getParentOfType<ModuleOp>();
  FailureOr<std::string> ptx = emitPtx(module, variant.getTarget());
  ASSERT_TRUE(succeeded(ptx));
  using Copies = std::vector<std::vector<std::byte>>;
  std::optional<Copies> first;
  for (const sim::LaunchOptions &options : modes()) {
    Run run(*ptx);
    ASSERT_TRUE(run.module);
    std::vector<std::uint64_t> own;
    for (std::uint64_t word : words)
      own.push_back(run.translated(word));
    for (Attribute value : kernel.getValuesAttr())
      own.push_back(evaluate(cast<plan::ExprAttr>(value), symbols));
    for (Attribute bytes : variant.getBuffers())
      own.push_back(run.buffer(evaluate(cast<plan::ExprAttr>(bytes), symbols)));
    for (plan::StageOp stage : variant.getBody().getOps<plan::StageOp>())
      run.launch(stage, symbols, own, options);
    Copies result;
    for (Bytes bytes : written) {
      std::vector<std::byte> host(bytes.begin(), bytes.end());
      run.read(bytes);
      result.emplace_back(bytes.begin(), bytes.end());
      std::copy(host.begin(), host.end(), bytes.begin()); // as it was
    }
    if (!first)
      first = result;
    ASSERT_TRUE(*first == result) << "schedules leave different bytes";
  }
  for (std::size_t i = 0; i < written.size(); ++i)
    std::copy((*first)[i].begin(), (*first)[i].end(), written[i].begin());
}

} // namespace sluice::test
