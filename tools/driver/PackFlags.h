#pragma once

#include "tools/driver/Report.h"
#include "tools/pack/Pack.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace sluice {

/// How to pack, as a command line says it: of `sluice pack`, and of
/// `sluice compile --quantize`.
struct PackFlags {
  std::string model, output, rules, scales;
  std::optional<std::string> calibration; // a text
  uint32_t threads = 0;                   // 0: one for each processor
  uint32_t shardMiB = 4096;
};

/// --scales, --calibrate and --shard-mib, which nobody must give.
std::vector<CLI::Option *> addPackFlags(CLI::App &app, PackFlags &flags);

/// Packs with a line of progress on a terminal. Warnings go to stderr, one line
/// each behind `program`. Does not return if it was interrupted. Errors: as
/// packModel.
Result<PackSummary> pack(const PackFlags &flags, const std::string &program);

/// What was done, with the ten weights that suffered most, and all of them in
/// `everyTensor`.
Report packReport(const PackFlags &flags, const PackSummary &summary,
                  bool everyTensor);

} // namespace sluice
