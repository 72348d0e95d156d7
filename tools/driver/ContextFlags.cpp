#include "tools/driver/ContextFlags.h"

#include "tools/driver/Numbers.h"

#include <CLI/CLI.hpp>

namespace sluice {

void addPlanFlags(CLI::App &verb, ContextFlags &flags) {
  verb.add_option("PLAN", flags.plan, "the plan that sluice compile made")
      ->required()
      ->type_name("");
  verb.add_option("--threads", flags.threads,
                  "threads to use (one for each processor unless given)")
      ->type_name("N")
      ->check(wholeNumber(1, 1024))
      ->envname("SLUICE_THREADS");
  verb.add_option("--ctx", flags.context,
                  "tokens that a sequence may have at most")
      ->type_name("N")
      ->check(wholeNumber(1, INT32_MAX))
      ->envname("SLUICE_CTX");
}

void addModelFlags(CLI::App &verb, ContextFlags &flags) {
  verb.add_option("--model", flags.model,
                  "the folder of the model (what PLAN.model says unless given)")
      ->type_name("DIR")
      ->envname("SLUICE_MODEL");
  verb.add_option(
          "--device", flags.device,
          "cpu, cuda, cuda:N, sim or sim:checks=all (a GPU that takes the "
          "plan unless given, else cpu)")
      ->type_name("NAME")
      ->envname("SLUICE_DEVICE");
  verb.add_option("--target", flags.target,
                  "the target to run, such as x86-64-v3 (the best that this "
                  "host takes unless given)")
      ->type_name("NAME")
      ->envname("SLUICE_CPU_TARGET");
}

void addSizeFlags(CLI::App &verb, ContextFlags &flags) {
  verb.add_option("--slots", flags.slots,
                  "sequences kept at a time (1 unless given)")
      ->type_name("N")
      ->check(wholeNumber(1, 1 << 16))
      ->envname("SLUICE_SLOTS");
  verb.add_option("--rows", flags.rows,
                  "tokens of one step at most (512 unless given)")
      ->type_name("N")
      ->check(wholeNumber(1, 1 << 20))
      ->envname("SLUICE_ROWS");
}

ContextOptions contextOptions(const ContextFlags &flags) {
  ContextOptions options;
  options.maxRows = flags.rows;
  options.maxContext = flags.context;
  options.slots = flags.slots;
  options.threads = flags.threads;
  options.device = flags.device;
  options.target = flags.target;
  return options;
}

} // namespace sluice
