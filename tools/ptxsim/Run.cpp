#include "runtime/base/Quote.h"
#include "tools/driver/Interrupt.h"
#include "tools/driver/Numbers.h"
#include "tools/driver/Progress.h"
#include "tools/driver/StandardOutput.h"
#include "tools/driver/Suggest.h"
#include "tools/ptxsim/LoadPtx.h"
#include "tools/ptxsim/ParameterBlock.h"
#include "tools/ptxsim/RunReport.h"
#include "tools/ptxsim/Verbs.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

namespace sluice::ptxsim {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string file, kernel;
  LaunchFlags flags;
  std::vector<std::string> arguments;
  uint64_t threads = 0; // 0: one for each processor
  uint64_t maxInstructions = 0;
  float timeout = 0;
  bool report = false, json = false, saveAnyway = false, quiet = false;
};

/// The kernel that --kernel names; the only one of the file unless it does.
Result<sim::KernelInfo> findKernel(sim::Simulator &simulator,
                                   sim::LoadedModule &module,
                                   const Options &options) {
  std::vector<std::string> names = simulator.kernels(module);
  if (names.empty())
    return badInput(fmt::format("{}: expected a kernel (.entry), found none",
                                options.file));
  if (options.kernel.empty()) {
    if (names.size() == 1)
      return simulator.kernel(module, names[0]);
    return invalidArgument(fmt::format("name one of the kernels with --kernel: "
                                       "{}",
                                       fmt::join(names, ", ")));
  }
  if (std::find(names.begin(), names.end(), options.kernel) == names.end()) {
    std::string near = nearestName(options.kernel, names);
    return invalidArgument(fmt::format(
        "--kernel: {} has no kernel {}; {}", options.file,
        inQuotes(options.kernel),
        near.empty() ? fmt::format("it has {}", fmt::join(names, ", "))
                     : "did you mean " + near + "?"));
  }
  return simulator.kernel(module, options.kernel);
}

Result<sim::LaunchReport> launch(sim::Simulator &simulator,
                                 sim::LoadedModule &module,
                                 const Options &options,
                                 const RunOutcome &outcome,
                                 std::span<const std::byte> parameters,
                                 sim::LaunchOptions launchOptions) {
  uint64_t blocks = 1;
  for (uint32_t n : outcome.grid.blocks)
    blocks *= std::max<uint64_t>(n, 1); // beyond 2^64 it is refused
  Progress progress(outcome.kernel, blocks, "blocks");
  launchOptions.threads = uint32_t(
      options.threads != 0 ? options.threads
                           : std::max(std::thread::hardware_concurrency(), 1U));
  launchOptions.maxInstructions = options.maxInstructions;
  launchOptions.timeoutSeconds = double(options.timeout);
  launchOptions.counters = options.report || options.json;
  launchOptions.watch = [&](uint64_t begun, uint64_t) {
    progress.at(begun);
    return !interrupted();
  };
  return simulator.launch(module, outcome.kernel, outcome.grid, parameters,
                          launchOptions);
}

Status run(const Options &options) {
  RunOutcome outcome;
  outcome.file = options.file;
  outcome.flags = options.flags;
  if (!(options.timeout >= 0))
    return invalidArgument(
        fmt::format("--timeout: expected seconds of at least 0, found {}",
                    options.timeout));
  SLUICE_ASSIGN(outcome.grid, parseGrid(options.flags));
  SLUICE_ASSIGN(sim::LaunchOptions launchOptions, parseOptions(options.flags));
  std::vector<Argument> arguments;
  for (const std::string &text : options.arguments) {
    SLUICE_ASSIGN(Argument argument, parseArgument(text));
    arguments.push_back(std::move(argument));
  }
  sim::Simulator simulator;
  SLUICE_ASSIGN(sim::LoadedModule * module, loadPtx(simulator, options.file));
  outcome.notes = simulator.module(*module).notes;
  SLUICE_ASSIGN(sim::KernelInfo kernel,
                findKernel(simulator, *module, options));
  outcome.kernel = kernel.name;
  SLUICE_TRY(checkArguments(kernel, arguments));
  SLUICE_ASSIGN(LaunchMemory memory,
                LaunchMemory::place(simulator.memory(), kernel, arguments));
  SLUICE_TRY(memory.openOutputs(options.file, arguments));

  Clock::time_point begin = Clock::now();
  SLUICE_ASSIGN(outcome.report, launch(simulator, *module, options, outcome,
                                       memory.parameters(), launchOptions));
  outcome.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (interrupted())
    return {StatusCode::Failed, "interrupted"};

  bool correct = outcome.report.findings.empty();
  memory.lookAtOutputs(simulator.memory());
  outcome.arrays = memory.arrays();
  Status saved;
  if (correct || options.saveAnyway)
    saved = memory.save(simulator.memory());
  if (options.json) {
    SLUICE_TRY(writeStandardOutput(jsonOf(outcome)));
  } else {
    for (const std::string &note : outcome.notes)
      fmt::print(stderr, "note: {}\n", note);
    SLUICE_TRY(writeStandardOutput(outcome.report.printed));
    if (outcome.report.printedIsCut)
      fmt::print(stderr,
                 "note: more was printed than the {} bytes that a "
                 "launch may, and is dropped\n",
                 sim::kMostPrinted);
    fmt::print(stderr, "{}", findingsText(outcome));
    if (options.report)
      SLUICE_TRY(writeStandardOutput(
          textOf(outcome.report.counters, /*perLine=*/true)));
    if (!options.quiet)
      fmt::print(stderr, "{}", summaryText(outcome));
  }
  SLUICE_TRY(saved);
  return statusOf(outcome, memory.hasOutputs() && !options.saveAnyway);
}

constexpr const char *examples =
    R"(Arguments, one --arg for each parameter, in order:
  in:FILE.npy              memory that holds the array
  out:FILE.npy:TYPE:SHAPE  memory that nobody wrote, saved afterwards; without FILE: not saved
  zeros:FILE.npy:TYPE:SHAPE  the same, of zeros
  inout:FROM.npy:TO.npy    memory that holds an array, saved afterwards
  value:FILE.npy           the array's bytes, for a parameter that is a struct
  i32:5, u64:0xff, f32:0.5, b32:0x3f800000   one number
TYPE is i8, u8, i16, u16, i32, u32, i64, u64, f16, bf16 (saved as uint16), f32 or f64.

Examples:
  sluice-ptxsim run saxpy.ptx --grid 8 --block 128 --arg f32:2 --arg in:x.npy --arg inout:y.npy:z.npy --arg i32:1000
  sluice-ptxsim run gemm.ptx --kernel gemm --grid 4,4 --block 128 --smem 48K \
      --arg in:a.npy --arg in:b.npy --arg out:c.npy:f32:256x256 --arg i32:256 --async=random:7 --report)";

void addLaunchFlags(CLI::App &verb, Options &options) {
  LaunchFlags &flags = options.flags;
  verb.add_option("--kernel", options.kernel,
                  "the kernel to run (the only one unless given)")
      ->type_name("NAME");
  verb.add_option("--grid", flags.grid, "blocks: X, X,Y or X,Y,Z")
      ->required()
      ->type_name("N[,N[,N]]");
  verb.add_option("--block", flags.block, "threads of a block")
      ->required()
      ->type_name("N[,N[,N]]");
  verb.add_option("--smem", flags.shared,
                  "dynamic shared memory of a block, such as 4096 or 48K "
                  "(none unless given)")
      ->type_name("BYTES");
  verb.add_option("--arg", options.arguments, "an argument, see below")
      ->type_name("ARG")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void addCheckFlags(CLI::App &verb, Options &options) {
  LaunchFlags &flags = options.flags;
  verb.add_option("--check", flags.checks,
                  "all (unless given), none, or some of uninitialised, races, "
                  "in-flight; bounds, alignment, divergence and deadlocks are "
                  "always checked")
      ->type_name("NAMES");
  verb.add_option("--async", flags.async,
                  "when copies arrive: late (unless given: as late as the "
                  "program may see), early, random:SEED")
      ->type_name("MODE");
  verb.add_option("--schedule", flags.schedule,
                  "which warp runs next: round-robin (unless given), "
                  "producer-last, random:SEED")
      ->type_name("MODE");
  verb.add_option("--matrix", flags.matrix,
                  "sums of mma: fast (float, unless given) or wide (double)")
      ->type_name("MODE");
  verb.add_option("--approx", flags.approximate,
                  "ex2, rcp.approx and their like: exact (rounded, unless "
                  "given), random:SEED (off by as much as PTX allows)")
      ->type_name("MODE");
  verb.add_option("--threads", options.threads,
                  "threads of this host (one for each processor unless given); "
                  "with checks there is one")
      ->type_name("N")
      ->check(wholeNumber(1, 256));
  verb.add_option("--max-instructions", options.maxInstructions,
                  "stop after that many instructions of warps in sum (0, "
                  "unless given: no limit)")
      ->type_name("N")
      ->check(wholeNumber(0, UINT64_MAX));
  verb.add_option("--timeout", options.timeout,
                  "stop after that many seconds (0, unless given: never)")
      ->type_name("SECONDS")
      ->check(realNumber());
}

} // namespace

void addRun(CLI::App &app, Action &action) {
  auto options = std::make_shared<Options>();
  CLI::App *verb = app.add_subcommand(
      "run", "Run a kernel on arrays, and say what is wrong with it");
  verb->footer(examples);
  verb->add_option("FILE", options->file, "PTX text")
      ->required()
      ->type_name("");
  addLaunchFlags(*verb, *options);
  addCheckFlags(*verb, *options);
  verb->add_flag("--report", options->report,
                 "print what was counted, in sum and for each line");
  verb->add_flag("--json", options->json,
                 "print findings and counters as one JSON object");
  verb->add_flag("--save-anyway", options->saveAnyway,
                 "write outputs in spite of findings");
  verb->add_flag("-q,--quiet", options->quiet,
                 "do not say on standard error what ran");
  verb->callback([options, &action] {
    action = [options] {
      watchInterrupts();
      Status status = run(*options);
      if (interrupted())
        endInterrupted();
      return status;
    };
  });
}

} // namespace sluice::ptxsim
