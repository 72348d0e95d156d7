#include "runtime/device/sim/Simulator.h"

#include "runtime/device/sim/machine/Machine.h"
#include "runtime/device/sim/memory/Windows.h"
#include "runtime/device/sim/ptx/Parser.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <map>

namespace sluice::sim {

struct LoadedModule {
  std::unique_ptr<Module> module;
  SymbolAddresses symbols;
  std::map<std::string, std::unique_ptr<Program>, std::less<>> programs;
};

namespace {

constexpr uint64_t kMostSharedBytes = 227 * 1024; // of a block, as sm_90
constexpr uint32_t kMostThreads = 1024;

Status placeVariable(GlobalMemory &memory, LoadedModule &loaded,
                     const Variable &variable) {
  if (variable.external ||
      (variable.space != Space::Global && variable.space != Space::Const))
    return {};
  SLUICE_ASSIGN(uint64_t address,
                memory.allocate(std::string(variable.name), variable.bytes));
  loaded.symbols.insert_or_assign(variable.name, address);
  return {};
}

Status initialise(GlobalMemory &memory, const LoadedModule &loaded,
                  const Variable &variable) {
  auto found = loaded.symbols.find(variable.name);
  if (found == loaded.symbols.end() || variable.external ||
      (variable.space != Space::Global && variable.space != Space::Const))
    return {};
  // Never a second copy of the whole, which may be gigabytes.
  SLUICE_TRY(memory.fill(found->second, 0, variable.bytes));
  SLUICE_TRY(memory.write(
      found->second, variable.initial.data(),
      std::min<uint64_t>(variable.initial.size(), variable.bytes)));
  for (const Variable::Relocation &relocation : variable.relocations) {
    auto target = loaded.symbols.find(relocation.symbol);
    if (target == loaded.symbols.end())
      return badInput(fmt::format(
          "{}:{}: the initial value of {} names {}, which is no function and "
          "no variable in global or constant memory",
          loaded.module->file, variable.place.line, variable.name,
          relocation.symbol));
    uint64_t value = target->second + static_cast<uint64_t>(relocation.addend);
    SLUICE_TRY(memory.write(found->second + relocation.offset, &value,
                            std::min<uint32_t>(relocation.bytes, 8)));
  }
  if (variable.space == Space::Const)
    memory.setReadOnly(found->second);
  return {};
}

Result<Program *> programOf(LoadedModule &loaded, std::string_view kernel) {
  auto known = loaded.programs.find(kernel);
  if (known != loaded.programs.end())
    return known->second.get();
  const Function *function = loaded.module->function(kernel);
  if (function == nullptr || !function->isEntry)
    return invalidArgument(
        fmt::format("{} has no kernel named {}", loaded.module->file, kernel));
  SLUICE_ASSIGN(std::unique_ptr<Program> program,
                decode(*loaded.module, *function, loaded.symbols));
  return loaded.programs.emplace(kernel, std::move(program))
      .first->second.get();
}

/// Whether the order of blocks shows in a correct kernel's result: sums of
/// floats depend on it.
bool orderShows(const Program &program) {
  return std::any_of(
      program.sources.begin(), program.sources.end(), [](const Source &source) {
        const Statement &statement = *source.statement;
        if (statement.row->name != "atom" && statement.row->name != "red")
          return false;
        return std::any_of(statement.modifiers.begin(),
                           statement.modifiers.end(), [](const Modifier &m) {
                             std::optional<Type> type = typeFromWord(m.word);
                             return type && isFloat(*type);
                           });
      });
}

Status checkLaunch(const Program &program, const Simulator::Grid &grid,
                   size_t parameterBytes) {
  std::string kernel(program.kernel->name);
  constexpr uint64_t mostBlocks[3] = {0x7fffffff, 65535, 65535};
  constexpr uint64_t mostThreads[3] = {1024, 1024, 64};
  uint64_t threads = 1;
  for (int i = 0; i < 3; ++i) {
    if (grid.blocks[i] < 1 || grid.blocks[i] > mostBlocks[i])
      return invalidArgument(
          fmt::format("{}: expected 1 to {} blocks in direction {}, found {}",
                      kernel, mostBlocks[i], "xyz"[i], grid.blocks[i]));
    if (grid.threads[i] < 1 || grid.threads[i] > mostThreads[i])
      return invalidArgument(
          fmt::format("{}: expected 1 to {} threads in direction {}, found {}",
                      kernel, mostThreads[i], "xyz"[i], grid.threads[i]));
    threads *= grid.threads[i];
  }
  const Function &function = *program.kernel;
  uint64_t most = kMostThreads;
  if (function.maximumThreads[0] != 0)
    most = uint64_t{function.maximumThreads[0]} * function.maximumThreads[1] *
           function.maximumThreads[2];
  if (threads > std::min<uint64_t>(most, kMostThreads))
    return invalidArgument(
        fmt::format("{}: expected at most {} threads in a block, found {}",
                    kernel, std::min<uint64_t>(most, kMostThreads), threads));
  if (function.requiredThreads[0] != 0 &&
      !std::equal(grid.threads, grid.threads + 3, function.requiredThreads))
    return invalidArgument(fmt::format(
        "{}: its .reqntid asks for blocks of {}x{}x{} threads, found {}x{}x{}",
        kernel, function.requiredThreads[0], function.requiredThreads[1],
        function.requiredThreads[2], grid.threads[0], grid.threads[1],
        grid.threads[2]));
  uint64_t shared = program.sharedBytes - kSharedStart;
  if (grid.dynamicShared > kMostSharedBytes ||
      shared + grid.dynamicShared > kMostSharedBytes)
    return invalidArgument(fmt::format(
        "{}: expected at most {} bytes of shared memory, found {} static and "
        "{} dynamic",
        kernel, kMostSharedBytes, shared, grid.dynamicShared));
  if (parameterBytes != program.parameterBytes)
    return invalidArgument(
        fmt::format("{}: expected {} bytes of parameters, found {}", kernel,
                    program.parameterBytes, parameterBytes));
  return {};
}

} // namespace

Simulator::Simulator() = default;
Simulator::~Simulator() = default;

Result<LoadedModule *> Simulator::load(std::string text, std::string file) {
  auto loaded = std::make_unique<LoadedModule>();
  SLUICE_ASSIGN(loaded->module, parseModule(std::move(text), std::move(file)));
  for (const auto &variable : loaded->module->variables)
    SLUICE_TRY(placeVariable(theMemory, *loaded, *variable));
  uint64_t code = kCodeWindow;
  for (const auto &function : loaded->module->functions)
    if (function->hasBody && !function->isEntry)
      loaded->symbols.emplace(function->name, code += kFunctionBytes);
  for (const auto &variable : loaded->module->variables)
    SLUICE_TRY(initialise(theMemory, *loaded, *variable));
  modules.push_back(std::move(loaded));
  return modules.back().get();
}

const Module &Simulator::module(const LoadedModule &module) const {
  return *module.module;
}

std::vector<std::string> Simulator::kernels(const LoadedModule &module) const {
  std::vector<std::string> names;
  for (const auto &function : module.module->functions)
    if (function->isEntry && function->hasBody)
      names.emplace_back(function->name);
  return names;
}

Result<KernelInfo> Simulator::kernel(LoadedModule &module,
                                     std::string_view name) {
  SLUICE_ASSIGN(Program * program, programOf(module, name));
  KernelInfo info;
  info.name = name;
  for (size_t i = 0; i < program->parameters.size(); ++i) {
    const Parameter &parameter = program->parameters[i];
    bool isArray =
        parameter.bytes * 8 != static_cast<uint32_t>(typeBits(parameter.type));
    info.parameters.push_back({parameter.name, parameter.offset,
                               parameter.bytes, parameter.type, isArray});
  }
  info.parameterBytes = program->parameterBytes;
  info.staticSharedBytes = program->sharedBytes - kSharedStart;
  return info;
}

Result<uint64_t> Simulator::symbol(const LoadedModule &module,
                                   std::string_view name) const {
  auto found = module.symbols.find(name);
  if (found == module.symbols.end() || found->second < kGlobalStart)
    return invalidArgument(
        fmt::format("{} has no variable named {}", module.module->file, name));
  return found->second;
}

Result<LaunchReport> Simulator::launch(LoadedModule &module,
                                       std::string_view kernel,
                                       const Grid &grid,
                                       std::span<const std::byte> parameters,
                                       const LaunchOptions &options) {
  SLUICE_ASSIGN(Program * program, programOf(module, kernel));
  SLUICE_TRY(checkLaunch(*program, grid, parameters.size()));
  Launch launch;
  launch.program = program;
  launch.memory = &theMemory;
  launch.options = options;
  std::copy(grid.blocks, grid.blocks + 3, launch.blocks);
  std::copy(grid.threads, grid.threads + 3, launch.threads);
  launch.blockThreads = grid.threads[0] * grid.threads[1] * grid.threads[2];
  launch.warps = (launch.blockThreads + kWarpLanes - 1) / kWarpLanes;
  launch.blockCount =
      uint64_t{grid.blocks[0]} * grid.blocks[1] * grid.blocks[2];
  launch.dynamicShared = grid.dynamicShared;
  launch.sharedBytes = grid.dynamicShared != 0
                           ? program->dynamicShared + grid.dynamicShared
                           : program->sharedBytes;
  launch.parameters.assign(parameters.begin(), parameters.end());
  launch.checked = options.checks.any() || options.counters;
  // Checks see blocks in one order, so that what they report is always the
  // same.
  if (options.checks.any() || orderShows(*program))
    launch.options.threads = 1;
  launch.deadline =
      std::chrono::steady_clock::now() +
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::chrono::duration<double>(
              std::clamp(options.timeoutSeconds, 0.0, 1e6)));
  Status status = runGrid(launch);
  theMemory.settleWrites();
  SLUICE_TRY(status);
  LaunchReport report;
  report.findings = launch.findings.take();
  report.counters = std::move(launch.counters);
  report.warpInstructions = launch.instructions;
  report.printed = launch.printed.text();
  report.printedIsCut = launch.printed.isCut();
  return report;
}

} // namespace sluice::sim
