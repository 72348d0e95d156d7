#include "runtime/base/Quote.h"
#include "runtime/device/sim/ptx/OpcodeTable.h"
#include "runtime/device/sim/ptx/Refused.h"
#include "tools/driver/Report.h"
#include "tools/driver/StandardOutput.h"
#include "tools/ptxsim/LoadPtx.h"
#include "tools/ptxsim/Verbs.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace sluice::ptxsim {
namespace {

using sim::OpcodeRow;

struct Options {
  std::string opcode; // empty: all
  bool json = false;
};

/// An instruction as the user spelled it, without its operands.
struct Spelling {
  std::string_view opcode;
  std::vector<std::string_view> modifiers;
};

Spelling split(std::string_view text) {
  Spelling spelling;
  size_t dot = std::min(text.find('.'), text.size());
  spelling.opcode = text.substr(0, dot);
  while (dot < text.size()) {
    text.remove_prefix(dot + 1);
    dot = std::min(text.find('.'), text.size());
    spelling.modifiers.push_back(text.substr(0, dot));
  }
  return spelling;
}

/// The rows of the opcode that take all its modifiers, or begin with them.
Result<std::vector<const OpcodeRow *>> rowsOf(std::string_view text) {
  Spelling spelling = split(text);
  std::span<const OpcodeRow> rows = sim::opcodeRows(spelling.opcode);
  std::string_view refused =
      sim::refusedFamily(spelling.opcode, spelling.modifiers);
  auto leftOut = [&] {
    return invalidArgument(fmt::format("{} is not modelled: this simulator "
                                       "leaves out {}",
                                       inQuotes(text), refused));
  };
  if (rows.empty() && !refused.empty())
    return leftOut();
  if (rows.empty())
    return invalidArgument(fmt::format("no opcode {} is modelled; did you mean "
                                       "{}?",
                                       inQuotes(spelling.opcode),
                                       sim::nearestOpcode(spelling.opcode)));
  std::vector<const OpcodeRow *> fitting;
  std::vector<sim::Modifier> taken;
  size_t furthest = 0;
  std::string expected, nearest;
  for (const OpcodeRow &row : rows) {
    bool whole = matchModifiers(row, spelling.modifiers, taken, expected);
    if (whole || taken.size() == spelling.modifiers.size())
      fitting.push_back(&row);
    if (nearest.empty() || taken.size() > furthest) {
      furthest = taken.size();
      nearest = expected;
    }
  }
  for (const OpcodeRow &row : rows)
    if (fitting.empty() && matchReordered(row, spelling.modifiers, taken))
      fitting.push_back(&row);
  if (fitting.empty() && !refused.empty())
    return leftOut();
  if (fitting.empty())
    return invalidArgument(fmt::format(
        "{} is not modelled with .{}; expected {}", spelling.opcode,
        spelling.modifiers[std::min(furthest, spelling.modifiers.size() - 1)],
        nearest));
  return fitting;
}

std::string formOf(const OpcodeRow &row) {
  std::string form = describeRow(row);
  return form.substr(0, form.find("  ")); // without the operands' letters
}

std::string_view firstWord(std::string_view text) {
  return text.substr(0, text.find(':'));
}

Table tableOf(const std::vector<const OpcodeRow *> &rows) {
  Table table{{"class", "ptx", "sm", "sureness", "section", "form"}, {}};
  for (const OpcodeRow *row : rows)
    table.rows.push_back({sim::opClassName(row->opClass),
                          versionText(row->version), row->sm,
                          firstWord(sim::surenessName(row->sureness)),
                          row->section, formOf(*row)});
  return table;
}

Facts surenessFacts() {
  Facts facts;
  for (sim::Sureness sureness :
       {sim::Sureness::Exact, sim::Sureness::Bounded, sim::Sureness::Documented,
        sim::Sureness::Loose}) {
    std::string_view text = sim::surenessName(sureness);
    std::string_view word = firstWord(text);
    facts.emplace_back(word, text.substr(word.size() + 2));
  }
  return facts;
}

Status explain(const Options &options) {
  std::vector<const OpcodeRow *> rows;
  if (options.opcode.empty()) {
    for (const OpcodeRow &row : sim::opcodeTable())
      rows.push_back(&row);
  } else {
    SLUICE_ASSIGN(rows, rowsOf(options.opcode));
  }
  Report report;
  report.add("forms", tableOf(rows));
  report.add("sureness", surenessFacts());
  return writeStandardOutput(options.json ? report.json() : report.text());
}

constexpr const char *examples =
    R"(In a form, {.a|.b} may be left out and (.a|.b) is one of them; "ptx" and "sm" are the
lowest version and target, "section" is that of the PTX ISA.

Examples:
  sluice-ptxsim explain mma
  sluice-ptxsim explain cp.async --json
  sluice-ptxsim explain)";

} // namespace

void addExplain(CLI::App &app, Action &action) {
  auto options = std::make_shared<Options>();
  CLI::App *verb = app.add_subcommand(
      "explain", "Show what is modelled of an opcode, and how sure that is");
  verb->footer(examples);
  verb->add_option("OPCODE", options->opcode,
                   "an opcode, perhaps with modifiers: mma, ld.global; all "
                   "unless given")
      ->type_name("");
  verb->add_flag("--json", options->json, "print JSON");
  verb->callback(
      [options, &action] { action = [options] { return explain(*options); }; });
}

} // namespace sluice::ptxsim
