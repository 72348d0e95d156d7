#pragma once

#include "passes/quantize/formats/BlockFormat.h"
#include "passes/quantize/rules/NamePattern.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The weights that some released format stores with block scales.
enum class WeightClass : uint8_t {
  Dense,   // of projections that every token takes
  Experts, // of routed experts
};

/// Which format each weight gets, as a command line says it:
///     dense=fp8,experts=mxfp4,layers.[0-2].*=none,*.shared_experts.*=none
/// A class that is not named keeps its weights as they are; "none" alone names
/// none. A pattern is held against released names, with and without the last
/// ".weight", and wins over the class.
class QuantizeRules {
public:
  /// Errors: InvalidArgument.
  static Result<QuantizeRules> parse(std::string_view text);

  /// The format of the weight `name`. Errors: InvalidArgument if two patterns
  /// match it, or if its class has no such format.
  Result<BlockFormat> formatOf(std::string_view name, WeightClass weights);

  /// Fails for a pattern that matched none of the names asked about so far.
  Status checkUsed() const;

  /// The same rules in one spelling.
  std::string text() const;

private:
  struct Override {
    NamePattern pattern;
    BlockFormat format;
    bool used = false;
  };

  Status add(std::string_view key, BlockFormat format);

  BlockFormat dense = BlockFormat::Plain, experts = BlockFormat::Plain;
  bool hasDense = false, hasExperts = false;
  std::vector<Override> overrides;
};

} // namespace sluice
