#pragma once

#include "test/runtime/device/sim/mutation/Operators.h"

namespace sluice::sim::mutation {

/// The characters from `begin` to `end` of the text are replaced.
struct Edit {
  Operator op;
  size_t begin, end;
  std::string replacement;
};

/// A wait of cp.async is gone; one of an mbarrier says at once that the phase
/// is over.
Edit deletedWait(const Statement &s);

/// For each operand i with by[i] != 0: the operand, a number or a register, is
/// that much more. Barrier ids stay below 16.
void addIncrements(std::vector<Edit> &edits, const Statement &s, Operator op,
                   std::vector<int> by);

/// For each list in braces: its first two operands that differ change places.
void addSwaps(std::vector<Edit> &edits, const Statement &s);

/// For each address: it is one access further.
void addAddresses(std::vector<Edit> &edits, const Statement &s);

} // namespace sluice::sim::mutation
