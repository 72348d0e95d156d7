#include "tools/ptxsim/Ptxsim.h"

#include "tools/driver/VerbMain.h"
#include "tools/ptxsim/Verbs.h"

#include <CLI/CLI.hpp>

namespace sluice {

int ptxsimMain(int argc, char **argv) {
  return guarded("sluice-ptxsim", [&] {
    CLI::App app("Runs PTX kernels without a GPU, and says what is wrong with "
                 "them.",
                 "sluice-ptxsim");
    app.set_version_flag("--version", "sluice-ptxsim " SLUICE_VERSION);
    app.footer("Exit codes: 0 done, 1 something is wrong with the kernel, "
               "2 usage, 3 bad input file,\n5 memory, 7 a limit in time or "
               "instructions, 8 output not written.");
    return runVerb(app, argc, argv, [&](ptxsim::Action &action) {
      ptxsim::addList(app, action);
      ptxsim::addRun(app, action);
      ptxsim::addExplain(app, action);
    });
  });
}

} // namespace sluice
