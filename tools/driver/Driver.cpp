#include "tools/driver/Driver.h"

#include "tools/driver/VerbMain.h"
#include "tools/driver/Verbs.h"

#include <CLI/CLI.hpp>

#include <string_view>

namespace sluice {

namespace {

int run(int argc, char **argv) {
  if (argc > 1 && std::string_view(argv[1]) == "compile") {
    Status status = becomeCompiler(argc - 1, argv + 1);
    return failedWith("sluice compile", status.message(),
                      exitCode(status.code()));
  }
  CLI::App app("Runs DeepSeek-V4-class models that were compiled to a plan.",
               "sluice");
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
  app.footer(
      "Exit codes: 0 done, 1 a check said no, 2 usage, 3 bad input file, "
      "4 plan, model and host do not fit,\n5 memory, 6 device, 7 timeout, "
      "8 output not written. Main flags have a twin SLUICE_<FLAG>.");
  app.add_subcommand(
         "compile", "Compile a model directory to a plan (runs sluice-compile)")
      ->prefix_command();
  return runVerb(app, argc, argv, [&](Action &action) {
    addRun(app, action);
    addBench(app, action);
    addCheck(app, action);
    addDump(app, action);
    addEval(app, action);
    addTokenize(app, action);
    addPack(app, action);
  });
}

} // namespace

int sluiceMain(int argc, char **argv) {
  return guarded("sluice", [&] { return run(argc, argv); });
}

} // namespace sluice
