#pragma once

#include "runtime/base/Status.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The symbols a plan may use. T to N change with every step, the others are
/// fixed when a context is made.
enum class Symbol : uint8_t {
  T,    // rows of the step
  S,    // sequences of the step
  L,    // rows whose logits are wanted
  N,    // longest context: largest position + 1
  MaxT, // the largest T, S, L and N this context takes
  MaxS,
  MaxL,
  MaxN,
  Slots, // sequences the context can hold
  P,     // context tokens in one page
};
constexpr size_t numSymbols = 10;
constexpr size_t numStepSymbols = 4; // T S L N

/// "maxT" and so on, as plan.fbs writes them.
std::string_view symbolName(Symbol symbol);
/// The symbol called `name`; numSymbols cast to Symbol if there is none.
Symbol symbolFromName(std::string_view name);

/// The value of each symbol, all >= 0.
class SymbolValues {
public:
  int64_t &operator[](Symbol s) { return values[static_cast<size_t>(s)]; }
  int64_t operator[](Symbol s) const { return values[static_cast<size_t>(s)]; }

private:
  std::array<int64_t, numSymbols> values{};
};

struct ExprStep {
  enum Op : uint8_t {
    Constant,
    Symbol,
    Add,
    Mul,
    FloorDiv,
    CeilDiv,
    Mod,
    Min,
    Max
  };
  int64_t value; // of Constant; of Symbol its number
  Op op;
};

/// All expressions of a plan, in the form in which they are evaluated: int64
/// arithmetic with overflow checked, floor division and floor modulo.
/// Immutable once filled; evaluate never allocates.
class ExprTable {
public:
  /// What evaluate returns in place of a value. Values are never negative.
  enum Error : int64_t { Overflow = -1, DivisionByZero = -2, Negative = -3 };

  static constexpr size_t maxSteps = 256;

  /// Checks `steps` and appends them as expression size().
  /// Errors: BadInput if they do not leave exactly one value.
  Status append(std::span<const ExprStep> steps);

  size_t size() const { return ends.size(); }

  /// The value of expression `index` (< size()), or one of Error.
  int64_t evaluate(uint32_t index, const SymbolValues &symbols) const;

  /// Whether the value can differ between two steps of one context.
  bool dependsOnStep(uint32_t index) const { return stepDependent[index]; }

  /// If expression `index` is one symbol and nothing else, that symbol.
  bool isSymbol(uint32_t index, Symbol &symbol) const;

  /// Of expression `index`, as append was given them.
  std::span<const ExprStep> stepsOf(uint32_t index) const;

  /// "T * 4 ceildiv 16": for people.
  std::string print(uint32_t index) const;

  /// The sentence for an Error that evaluate gave for expression `index`.
  std::string explain(uint32_t index, int64_t error,
                      const SymbolValues &symbols) const;

private:
  std::vector<ExprStep> allSteps;
  std::vector<uint32_t> ends; // into allSteps
  std::vector<bool> stepDependent;
};

} // namespace sluice
