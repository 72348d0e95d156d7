#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <string_view>

namespace sluice {

/// Names of tensors: "layers.[0-3].ffn.experts.*". "*" is any run of
/// characters, none included; "[3-7]" a whole number in that range, without
/// leading zeros; everything else stands for itself.
class NamePattern {
public:
  /// Errors: InvalidArgument for an empty text or a range that is none.
  static Result<NamePattern> parse(std::string_view text);

  bool matches(std::string_view name) const;
  const std::string &text() const { return theText; }

private:
  explicit NamePattern(std::string_view text) : theText(text) {}

  std::string theText;
};

} // namespace sluice
