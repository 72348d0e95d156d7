#include "tools/driver/PackFlags.h"

#include "tools/driver/Calibrate.h"
#include "tools/driver/Interrupt.h"
#include "tools/driver/Numbers.h"
#include "tools/driver/Progress.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <thread>

namespace sluice {
namespace {

constexpr size_t worstShown = 10;

unsigned processors() {
  return std::max(1u, std::thread::hardware_concurrency());
}

/// Signal to noise; nothing is worse than infinitely good.
double decibels(const Distortion &cost) {
  return cost.decibels().value_or(std::numeric_limits<double>::infinity());
}

Cell decibelCell(const Distortion &cost) {
  std::optional<double> value = cost.decibels();
  if (!value || !std::isfinite(*value))
    return Cell::none();
  return Cell::of(fmt::format("{:.2f}", *value),
                  JsonWriter().value(*value).text(),
                  /*number=*/true);
}

Table weightTable(const std::vector<const PackedWeight *> &weights) {
  Table table{{"tensor", "format", "rows", "columns", "bytes", "sqnr_db"}, {}};
  for (const PackedWeight *weight : weights)
    table.rows.push_back({weight->name, formatName(weight->format),
                          weight->rows, weight->columns,
                          Cell::bytes(weight->bytes),
                          decibelCell(weight->cost)});
  return table;
}

/// One row a format.
Table formatTable(const PackSummary &summary) {
  struct Sum {
    size_t tensors = 0;
    uint64_t elements = 0, bytes = 0;
    Distortion cost;
  };
  std::map<BlockFormat, Sum> sums;
  for (const PackedWeight &weight : summary.weights) {
    Sum &sum = sums[weight.format];
    ++sum.tensors;
    sum.elements += uint64_t(weight.rows) * uint64_t(weight.columns);
    sum.bytes += weight.bytes;
    sum.cost += weight.cost;
  }
  Table table{{"format", "tensors", "weights", "bytes", "sqnr_db"}, {}};
  for (const auto &[format, sum] : sums)
    table.rows.push_back({formatName(format), sum.tensors, sum.elements,
                          Cell::bytes(sum.bytes), decibelCell(sum.cost)});
  return table;
}

} // namespace

std::vector<CLI::Option *> addPackFlags(CLI::App &app, PackFlags &flags) {
  CLI::Option *scales =
      app.add_option("--scales", flags.scales,
                     "of MXFP4; search: each group takes the scale with\n"
                     "the least squared error (unless given); plain: the\n"
                     "least power of two that clamps nothing")
          ->type_name("RULE")
          ->check(CLI::IsMember({"search", "plain"}));
  CLI::Option *calibrate =
      app.add_option("--calibrate", flags.calibration,
                     "a text (- for standard input): the search for\n"
                     "scales weighs errors by what the text multiplies\n"
                     "each weight by; runs the compiler and the model")
          ->type_name("FILE");
  CLI::Option *shard =
      app.add_option("--shard-mib", flags.shardMiB,
                     "size of a file of tensors at most, in MiB (4096\n"
                     "unless given); what an interruption can cost")
          ->type_name("N")
          ->check(wholeNumber(1, 1 << 20));
  return {scales, calibrate, shard};
}

/// What --calibrate asks for.
static Status addImportance(const PackFlags &flags, PackOptions &options) {
  if (!flags.calibration)
    return {};
  if (flags.calibration->empty())
    return invalidArgument("expected the name of a text after --calibrate, "
                           "found \"\"");
  if (options.scales == ScaleChoice::PowerOfTwo)
    return invalidArgument("--calibrate guides the search for scales, and "
                           "--scales=plain searches none; leave out one");
  // Before an hour of calibration.
  SLUICE_ASSIGN(bool anyMxfp4, checkPack(options));
  if (!anyMxfp4)
    return invalidArgument("--calibrate guides the scales of mxfp4, and the "
                           "rules of --quantize give it to no tensor");
  Result<ColumnImportance> importance =
      calibrate(flags.model, *flags.calibration, options.threads);
  if (interrupted())
    endInterrupted();
  if (!importance.ok())
    return importance.status().in("--calibrate");
  options.importance = *std::move(importance);
  return {};
}

Result<PackSummary> pack(const PackFlags &flags, const std::string &program) {
  constexpr uint64_t mib = uint64_t(1) << 20;
  PackOptions options;
  options.model = flags.model;
  options.output = flags.output;
  options.rules = flags.rules;
  options.scales =
      flags.scales == "plain" ? ScaleChoice::PowerOfTwo : ScaleChoice::Search;
  options.threads = flags.threads ? flags.threads : processors();
  options.shardBytes = flags.shardMiB * mib;
  watchInterrupts();
  SLUICE_TRY(addImportance(flags, options));
  std::optional<Progress> progress;
  options.progress = [&](uint64_t done, uint64_t total) {
    if (!progress)
      progress.emplace("pack", total / mib, "MiB");
    progress->at(done / mib);
    return !interrupted();
  };
  Result<PackSummary> summary = packModel(options);
  progress.reset();
  if (interrupted())
    endInterrupted();
  if (summary.ok())
    for (const std::string &warning : summary->warnings)
      fmt::print(stderr, "{}: warning: {}\n", program, warning);
  return summary;
}

Report packReport(const PackFlags &flags, const PackSummary &summary,
                  bool everyTensor) {
  Report report;
  report.add("packed",
             Facts{{"model", flags.model},
                   {"folder", flags.output},
                   {"quantize", flags.rules},
                   {"scales", flags.scales.empty() ? "search" : flags.scales},
                   {"calibration", flags.calibration ? Cell(*flags.calibration)
                                                     : Cell::none()},
                   {"resumed", summary.resumed},
                   {"tensors", summary.tensors},
                   {"shards", summary.shards},
                   {"source_bytes", Cell::bytes(summary.sourceBytes)},
                   {"bytes", Cell::bytes(summary.bytes)}});
  report.add("formats", formatTable(summary));
  std::vector<const PackedWeight *> weights;
  for (const PackedWeight &weight : summary.weights)
    weights.push_back(&weight);
  if (everyTensor)
    report.add("tensors", weightTable(weights));
  std::sort(weights.begin(), weights.end(),
            [](const PackedWeight *a, const PackedWeight *b) {
              return std::pair(decibels(a->cost), std::string_view(a->name)) <
                     std::pair(decibels(b->cost), std::string_view(b->name));
            });
  weights.resize(std::min(weights.size(), worstShown));
  report.add("worst", weightTable(weights));
  return report;
}

} // namespace sluice
