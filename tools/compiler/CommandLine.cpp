#include "tools/compiler/CommandLine.h"

#include "tools/compiler/Compiler.h"
#include "tools/compiler/Stages.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

#include <unistd.h>

using namespace mlir;
using namespace mlir::sluice;
namespace cl = llvm::cl;

static constexpr StringRef overview =
    R"(compile a DeepSeek-V4 model to a plan that sluice runs

The weights are not read or copied: the plan holds code and the schedule, and
works with the checkpoint as it is. X.plan.model, beside X.plan, says where the
model was; both are written, or neither.

Examples:
  sluice-compile models/V4-Flash -o flash.plan
  sluice-compile models/V4-Flash -o flash.plan --target=x86-64-v3 --progress
  sluice-compile models/V4-Flash --stop-after=frontend
  sluice-compile models/V4-Flash -o flash.plan --dump-ir=stages --keep=hidden

Exit codes: 0 done, 2 wrong usage, 3 a file of the model is damaged or not what
it should be, 4 the targets cannot run the model, 8 the output was not written.
)";

namespace {
/// On the stack of compileMain: a library has no business with global options.
struct Flags {
  cl::OptionCategory category{"Options"};
  cl::opt<std::string> model{cl::Positional, cl::desc("MODEL_DIR"),
                             cl::cat(category)};
  cl::opt<std::string> output{
      "o", cl::value_desc("file"), cl::cat(category),
      cl::desc("the plan; with --stop-after the IR, and \"-\" (standard "
               "output) unless given")};
  cl::opt<Stage> stopAfter{
      "stop-after",
      cl::init(Stage::Plan),
      cl::cat(category),
      cl::value_desc("stage"),
      cl::desc("print the IR after a stage instead:"),
      cl::values(
          clEnumValN(Stage::Frontend, "frontend", "kinds of blocks over names"),
          clEnumValN(Stage::Flatten, "flatten", "one flat step, names folded"),
          clEnumValN(Stage::Outline, "outline", "kernels and launches"),
          clEnumValN(Stage::Schedule, "schedule", "launches in order"),
          clEnumValN(Stage::Lower, "lower", "code of every kernel"),
          clEnumValN(Stage::Codegen, "codegen",
                     "as lower, when machine code could be made of it"))};
  cl::opt<std::string> dumpIr{
      "dump-ir", cl::value_desc("dir"), cl::cat(category),
      cl::desc("write one .mlir file for each stage into this folder")};
  cl::opt<std::string> keep{
      "keep", cl::value_desc("name,.."), cl::cat(category),
      cl::desc("values to make outputs; \"hidden\": the streams after every "
               "layer")};
  cl::list<std::string> targets{
      "target", cl::CommaSeparated, cl::value_desc("name,.."),
      cl::cat(category),
      cl::desc(
          "what to compile for: x86-64-v3, x86-64-v4 (both unless given)")};
  cl::opt<unsigned> threads{"j",
                            cl::Prefix,
                            cl::init(0),
                            cl::value_desc("threads"),
                            cl::cat(category),
                            cl::desc("threads to use (one for each core)")};
  cl::opt<bool> verifyEach{"verify-each", cl::cat(category),
                           cl::desc("check the IR after every pass")};
  cl::opt<bool> progress{
      "progress", cl::cat(category),
      cl::desc("say when a stage is done, also where standard error is no "
               "terminal")};
};
} // namespace

/// One line for each line of `message`.
static int fail(StringRef message, ::sluice::StatusCode code) {
  SmallVector<StringRef> lines;
  message.rtrim('\n').split(lines, '\n');
  for (StringRef line : lines)
    llvm::errs() << "sluice-compile: " << line << '\n';
  return ::sluice::exitCode(code);
}

int mlir::sluice::compileMain(int argc, char **argv) {
  Flags flags;
  cl::HideUnrelatedOptions(flags.category);
  argv[0] = const_cast<char *>("sluice-compile");
  std::string complaint;
  llvm::raw_string_ostream complaints(complaint);
  if (!cl::ParseCommandLineOptions(argc, argv, overview, &complaints)) {
    StringRef text = StringRef(complaint).trim();
    text.consume_front("sluice-compile: ");
    return fail(text, ::sluice::StatusCode::InvalidArgument);
  }

  CompileOptions options;
  options.model = flags.model;
  options.output = flags.output;
  options.stopAfter = flags.stopAfter;
  options.dumpIr = flags.dumpIr;
  options.keep = flags.keep;
  options.targets = {flags.targets.begin(), flags.targets.end()};
  if (options.targets.empty())
    options.targets = {"x86-64-v3", "x86-64-v4"};
  options.threads = flags.threads;
  options.verifyEach = flags.verifyEach;
  options.progress = flags.progress || isatty(STDERR_FILENO) == 1;
  if (options.output.empty() && options.stopAfter != Stage::Plan)
    options.output = "-";
  ::sluice::Status status = compile(options);
  return status.ok() ? 0 : fail(status.message(), status.code());
}
