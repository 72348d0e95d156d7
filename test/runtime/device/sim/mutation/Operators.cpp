#include "test/runtime/device/sim/mutation/Operators.h"

#include "test/runtime/device/sim/mutation/Edits.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace sluice::sim::mutation {
namespace {

std::string inSingleSpaces(std::string_view text) {
  std::string line;
  bool space = false;
  for (char c : text) {
    if (c == ' ' || c == '\t' || c == '\n') {
      space = !line.empty();
      continue;
    }
    if (space)
      line += ' ';
    space = false;
    line += c;
  }
  return line;
}

bool isWait(const Statement &s) {
  return s.starts("cp.async.wait_group") || s.starts("cp.async.wait_all") ||
         s.starts("mbarrier.try_wait") || s.starts("mbarrier.test_wait");
}

bool isBarrier(const Statement &s) {
  return s.starts("bar.sync") || s.starts("bar.warp.sync") ||
         s.starts("bar.red") || s.starts("bar.cta.sync") ||
         s.starts("barrier.sync") || s.starts("barrier.cta.sync");
}

bool isArrive(const Statement &s) {
  return s.starts("mbarrier.arrive") || s.starts("cp.async.mbarrier.arrive") ||
         s.starts("bar.arrive") || s.starts("bar.cta.arrive") ||
         s.starts("barrier.arrive") || s.starts("barrier.cta.arrive");
}

// Its operands start with a barrier's id and, perhaps, a count.
bool hasId(const Statement &s) {
  return (isBarrier(s) || isArrive(s)) && !s.starts("bar.warp") &&
         !s.starts("bar.red") && (s.starts("bar") || s.starts("barrier"));
}

bool hasFragments(const Statement &s) {
  return s.starts("mma") || s.starts("wmma") || s.starts("ldmatrix") ||
         s.starts("stmatrix");
}

// All edits of one instruction.
std::vector<Edit> editsOf(const Statement &s) {
  std::vector<Edit> edits;
  auto deleteIf = [&](bool is, Operator op) {
    if (is)
      edits.push_back({op, s.begin, s.end, ""});
  };
  if (isWait(s))
    edits.push_back(deletedWait(s));
  deleteIf(s.starts("cp.async.commit_group"), Operator::DeleteCommit);
  deleteIf(isBarrier(s), Operator::DeleteBarrier);
  deleteIf(s.starts("fence") || s.starts("membar"), Operator::DeleteFence);
  deleteIf(isArrive(s), Operator::DeleteArrive);
  if (s.starts("cp.async.wait_group"))
    addIncrements(edits, s, Operator::LongerWait, {1});
  if (hasId(s))
    addIncrements(edits, s, Operator::OtherBarrier, {1, 32});
  if (s.starts("mbarrier.init"))
    addIncrements(edits, s, Operator::OtherBarrier, {0, 1});
  if (hasFragments(s))
    addSwaps(edits, s);
  if (!s.guard.empty())
    edits.push_back({Operator::DropGuard, s.begin, s.opcodeBegin, ""});
  addAddresses(edits, s);
  return edits;
}

} // namespace

std::string_view operatorName(Operator op) {
  constexpr std::array<std::string_view, kOperators> names = {
      "delete-wait",   "delete-commit", "delete-barrier", "delete-fence",
      "delete-arrive", "longer-wait",   "other-barrier",  "swap-fragment",
      "drop-guard",    "other-address"};
  return names[static_cast<size_t>(op)];
}

std::string Mutant::applied(std::string_view text) const {
  std::string edited(text.substr(0, begin));
  edited += replacement;
  edited += text.substr(end);
  return edited;
}

std::string Mutant::key() const {
  std::string text = std::string(operatorName(op)) + " | " + before;
  if (op >= Operator::LongerWait && op != Operator::DropGuard)
    text += " => " + after;
  if (occurrence > 1)
    text += " #" + std::to_string(occurrence);
  return text;
}

Result<std::vector<Mutant>> mutantsOf(std::string_view text,
                                      const std::string &file) {
  SLUICE_ASSIGN(std::vector<Statement> statements, statementsOf(text, file));
  std::vector<Mutant> mutants;
  std::map<std::tuple<Operator, std::string, std::string>, uint32_t> seen;
  for (const Statement &s : statements) {
    for (Edit &edit : editsOf(s)) {
      Mutant mutant{.op = edit.op,
                    .line = s.line,
                    .begin = edit.begin,
                    .end = edit.end,
                    .replacement = std::move(edit.replacement)};
      mutant.before = inSingleSpaces(text.substr(s.begin, s.end - s.begin));
      std::string after(text.substr(s.begin, edit.begin - s.begin));
      after += mutant.replacement;
      after += text.substr(edit.end, s.end - edit.end);
      mutant.after = inSingleSpaces(after);
      mutant.occurrence = ++seen[{mutant.op, mutant.before, mutant.after}];
      mutants.push_back(std::move(mutant));
    }
  }
  return mutants;
}

} // namespace sluice::sim::mutation
