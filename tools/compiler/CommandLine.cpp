#include "tools/compiler/CommandLine.h"

#include "passes/pipelines/PassList.h"
#include "runtime/base/FileWriter.h"
#include "runtime/base/Quote.h"
#include "tools/compiler/Compiler.h"
#include "tools/driver/Interrupt.h"
#include "tools/driver/PackFlags.h"
#include "tools/driver/RunCompiler.h"
#include "tools/driver/SameFile.h"
#include "tools/driver/StandardOutput.h"
#include "tools/driver/Suggest.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

using mlir::sluice::CompileOptions;
using mlir::sluice::listPasses;
using mlir::sluice::Stage;
using sluice::PackFlags;
using sluice::Status;
using sluice::StatusCode;

// LLVM's own option parser is not used: it would take a thousand options of
// LLVM's, one of which is a --stop-after of another meaning.

static constexpr const char *overview =
    R"(Compiles a DeepSeek-V4 model to a plan that sluice runs. The weights are neither
copied nor converted: the plan works with the checkpoint as it is. X.plan.model,
beside X.plan, says where the model was.
)";

static constexpr const char *examples =
    R"(Examples:
  sluice-compile models/V4-Flash -o flash.plan
  sluice-compile models/V4-Flash -o flash.plan --target=x86-64-v3
  sluice-compile models/V4-Flash --stop-after=frontend | less
  sluice-compile models/V4-Flash -o flash.plan --dump-ir=stages --keep=hidden
  sluice-compile V4-bf16 --quantize=dense=fp8,experts=mxfp4 --pack V4 -o v4.plan

Exit codes: 0 done, 2 wrong usage, 3 a file of the model is damaged or not what
it should be, 4 the targets cannot run the model, 5 out of memory, 8 the output
was not written.)";

static constexpr std::array<std::string_view, 8> stages = {
    "frontend", "flatten",  "numerics", "fuse",
    "outline",  "schedule", "lower",    "codegen"};

/// One line of "sluice-compile: .." for each line of `message`.
static int fail(std::string_view message, StatusCode code) {
  while (!message.empty()) {
    size_t end = std::min(message.find('\n'), message.size());
    fmt::print(stderr, "sluice-compile: {}\n", message.substr(0, end));
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return exitCode(code);
}

static int usage(std::string_view sentence) {
  return fail(fmt::format("{}\nrun \"sluice-compile --help\" for what is "
                          "possible",
                          sentence),
              StatusCode::InvalidArgument);
}

/// Prints the help or the version that `asked` for.
static int help(const CLI::App &app, const CLI::ParseError &asked) {
  app.exit(asked);
  Status status = sluice::flushStandardOutput();
  return status.ok() ? 0 : fail(status.message(), status.code());
}

/// "unknown flag --targte; did you mean --target?"
static std::string unknownArgument(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::Option *option : app.get_options())
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
  std::vector<std::string> rest = app.remaining();
  std::string text = rest.empty() ? "" : rest.front();
  if (!text.starts_with('-'))
    return fmt::format("expected one MODEL_DIR, found \"{}\" as well", text);
  text = text.substr(0, text.find('='));
  std::string near = sluice::nearestName(text, names);
  return fmt::format("unknown flag {}{}", text,
                     near.empty() ? "" : "; did you mean " + near + "?");
}

/// The words between commas.
static std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    size_t end = std::min(text.find(','), text.size());
    if (end != 0)
      words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

/// The targets of --target.
static std::vector<std::string> targetsOf(std::string_view text) {
  std::vector<std::string> targets;
  for (std::string &word : split(text))
    if (word == "cpu")
      targets.insert(targets.end(), {"x86-64-v3", "x86-64-v4"});
    else
      targets.push_back(std::move(word));
  return targets;
}

static void addQuantizeOptions(CLI::App &app, PackFlags &flags) {
  CLI::Option *rules =
      app.add_option("--quantize", flags.rules,
                     "quantize the weights to the folder --pack\n"
                     "first, and compile that; rules as those of\n"
                     "\"sluice pack\", whose help explains them")
          ->type_name("RULES");
  CLI::Option *folder =
      app.add_option("--pack", flags.output,
                     "the folder to make, new or empty; a model of its\n"
                     "own that the plan needs")
          ->type_name("DIR");
  rules->needs(folder);
  folder->needs(rules);
  for (CLI::Option *option : addPackFlags(app, flags))
    option->needs(rules);
}

static void addOptions(CLI::App &app, CompileOptions &options,
                       std::string &targets, std::string &stopAfter) {
  app.get_formatter()->column_width(25);
  app.add_option("MODEL_DIR", options.model,
                 "a Hugging Face model: config.json and safetensors")
      ->type_name("");
  app.add_option("-o", options.output,
                 "the plan; with --stop-after the IR, on standard\n"
                 "output unless given")
      ->type_name("FILE");
  app.add_option("--target", targets,
                 "what to compile for: cpu, which is x86-64-v3 and\n"
                 "x86-64-v4, or one of them; a GPU sm_80, sm_86, sm_89,\n"
                 "sm_90, sm_100, sm_103, sm_120, sm_121; cpu unless\n"
                 "given")
      ->type_name("NAME,..")
      ->envname("SLUICE_TARGET");
  app.add_flag("--cubin", options.cubin,
               "assemble the PTX with ptxas as well, so that a GPU of\n"
               "just that kind starts without doing so");
  app.add_option("--keep", options.keep,
                 "values to make outputs; hidden: the streams after\n"
                 "every layer; experts: what experts are given")
      ->type_name("NAME,..");
  app.add_option("--numerics", options.numerics,
                 "what activations and state are rounded to:\n"
                 "  exact   nothing: f32 (unless given)\n"
                 "  bf16    bf16, where that is not too coarse\n"
                 "  native  bf16, and FP8 and FP4 where the model was\n"
                 "          trained so")
      ->type_name("MODE")
      ->envname("SLUICE_NUMERICS");
  app.add_option("--fuse", options.fuse,
                 "which ops may share a kernel: all (unless given),\n"
                 "none, or names: gate, experts, indexer, streams,\n"
                 "shared-input, row-tails; all,-gate is all but that")
      ->type_name("NAME,..")
      ->envname("SLUICE_FUSE");
  app.add_option("--stop-after", stopAfter,
                 "write the IR after a stage instead:\n"
                 "  frontend  kinds of blocks, over names\n"
                 "  flatten   one flat step, names folded\n"
                 "  numerics  the same, with the roundings of --numerics\n"
                 "  fuse      the same, with what shares a kernel\n"
                 "  outline   kernels and their launches\n"
                 "  schedule  launches in order\n"
                 "  lower     the code of every kernel\n"
                 "  codegen   as lower, if machine code can be made")
      ->type_name("STAGE");
  app.add_flag("--list-passes")
      ->description("print all passes, in their order: what each\n"
                    "does, needs, gives and saves; and exit");
  app.add_option("--dump-ir", options.dumpIr,
                 "write one .mlir file for each stage into this folder")
      ->type_name("DIR");
  app.add_flag("--verify-each", options.verifyEach,
               "check the IR after every pass");
  app.add_option("-j,--threads", options.threads,
                 "threads to use; one for each core unless given")
      ->type_name("N")
      ->envname("SLUICE_THREADS");
  app.add_flag("--progress", options.progress,
               "say when a stage is done, also where standard error\n"
               "is no terminal");
}

/// With --quantize: packs, and has `options` compile the result.
static Status packFirst(const PackFlags &flags, CompileOptions &options) {
  if (flags.rules.empty())
    return {};
  SLUICE_TRY(checkCompile(options));
  if (flags.calibration && flags.calibration != "-" &&
      sluice::isSameFile(options.output, *flags.calibration))
    return sluice::invalidArgument(
        fmt::format("-o {} would replace the text of --calibrate; give the "
                    "plan another name",
                    sluice::inQuotes(options.output)));
  // Packing takes long: that the plan can be written is known before.
  SLUICE_TRY(sluice::FileWriter::create(options.output).status());
  sluice::Result<sluice::PackSummary> summary = pack(flags, "sluice-compile");
  if (!summary.ok())
    return summary.status();
  options.model = flags.output;
  return {};
}

static int run(int argc, char **argv) {
  CompileOptions options;
  PackFlags packFlags;
  std::string targets = "cpu", stopAfter;
  CLI::App app(overview, "sluice-compile");
  app.footer(examples);
  app.set_version_flag("--version", "sluice-compile " SLUICE_VERSION,
                       "print the version and exit");
  app.set_help_flag("-h,--help", "print this and exit");
  addOptions(app, options, targets, stopAfter);
  addQuantizeOptions(app, packFlags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError &) {
    return usage(unknownArgument(app));
  } catch (const CLI::ParseError &error) {
    // Help and version are "errors" too, with exit code 0.
    return error.get_exit_code() == 0 ? help(app, error) : usage(error.what());
  }

  if (app.count("--list-passes") != 0) {
    Status printed = sluice::writeStandardOutput(listPasses());
    return printed.ok() ? 0 : fail(printed.message(), printed.code());
  }
  options.targets = targetsOf(targets);
  options.progress = options.progress || isatty(STDERR_FILENO) == 1;
  if (!stopAfter.empty()) {
    const auto *stage = std::find(stages.begin(), stages.end(), stopAfter);
    if (stage == stages.end())
      return usage(fmt::format(
          "expected a stage frontend, flatten, numerics, fuse, outline, "
          "schedule, lower or codegen after --stop-after, found \"{}\"",
          stopAfter));
    options.stopAfter = static_cast<Stage>(stage - stages.begin());
    if (options.output.empty())
      options.output = "-";
  }
  if (options.dumpIr.empty() && app.count("--dump-ir") != 0)
    return usage("expected the name of a folder after --dump-ir, found \"\"");
  packFlags.model = options.model;
  packFlags.threads = options.threads;
  Status status = packFirst(packFlags, options);
  if (status.ok())
    status = compile(options);
  if (!status.ok() && sluice::interrupted())
    sluice::endInterrupted();
  return status.ok() ? 0 : fail(status.message(), status.code());
}

int mlir::sluice::compileMain(int argc, char **argv) try {
  // A reader that goes away is an error of write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN); // so is a file beyond "ulimit -f"
  ::sluice::endWithParent();
  return run(argc, argv);
} catch (const std::bad_alloc &) {
  return fail("out of memory", StatusCode::OutOfMemory);
} catch (const std::exception &error) {
  return fail(error.what(), StatusCode::Failed);
}
