#pragma once

#include "test/runtime/device/sim/mutation/Statements.h"

#include <array>

namespace sluice::sim::mutation {

/// What is done to one instruction. docs/ptxsim-mutations.md says more.
enum class Operator : uint8_t {
  DeleteWait,    // an mbarrier's wait becomes one that is over
  DeleteCommit,  // of copies
  DeleteBarrier, // bar.sync, bar.warp.sync
  DeleteFence,
  DeleteArrive,
  LongerWait,   // wait_group n + 1
  OtherBarrier, // id + 1; a barrier's count + 32, an mbarrier's + 1
  SwapFragment, // the first two of a list that differ
  DropGuard,
  OtherAddress, // one access further
};
inline constexpr size_t kOperators = 10;
std::string_view operatorName(Operator op);

/// One edit of a PTX text.
struct Mutant {
  Operator op;
  uint32_t line = 0; // of the instruction, from 1
  size_t begin = 0, end = 0;
  std::string replacement; // of the characters from begin to end
  std::string before = {}; // the instruction, in single spaces
  std::string after = {};  // the same; empty: deleted
  uint32_t occurrence = 1; // counts mutants with the same op, before and after

  std::string applied(std::string_view text) const;
  /// What names it in its kernel whatever the line is: "drop-guard | @%p1
  /// ret;", "longer-wait | cp.async.wait_group 1; => cp.async.wait_group 2; #2"
  /// if it is the second of these.
  std::string key() const;
};

/// All mutants of a text, in order. Errors: those of the lexer.
Result<std::vector<Mutant>> mutantsOf(std::string_view text,
                                      const std::string &file);

} // namespace sluice::sim::mutation
