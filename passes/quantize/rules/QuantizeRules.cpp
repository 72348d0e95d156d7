#include "passes/quantize/rules/QuantizeRules.h"

#include "runtime/base/Quote.h"

#include <fmt/format.h>

namespace sluice {

static Status impossible(std::string_view what, BlockFormat format) {
  return invalidArgument(
      fmt::format("{}: {} is a format of routed experts only; expected fp8 or "
                  "none",
                  what, formatName(format)));
}

Status QuantizeRules::add(std::string_view key, BlockFormat format) {
  bool isDense = key == "dense";
  if (isDense || key == "experts") {
    bool &has = isDense ? hasDense : hasExperts;
    if (has)
      return invalidArgument(
          fmt::format("expected {} once, found it twice", key));
    has = true;
    if (isDense && format == BlockFormat::Mxfp4)
      return impossible("dense", format);
    (isDense ? dense : experts) = format;
    return {};
  }
  if (key.find_first_of("*[.") == std::string_view::npos)
    return invalidArgument(fmt::format(
        "expected dense, experts or a pattern such as layers.[0-2].*, found {}",
        inQuotes(key)));
  SLUICE_ASSIGN(NamePattern pattern, NamePattern::parse(key));
  overrides.push_back({std::move(pattern), format});
  return {};
}

Result<QuantizeRules> QuantizeRules::parse(std::string_view text) {
  QuantizeRules rules;
  if (text == "none")
    return rules;
  while (true) {
    size_t end = std::min(text.find(','), text.size());
    std::string_view rule = text.substr(0, end);
    size_t equals = rule.rfind('=');
    std::optional<BlockFormat> format;
    if (equals != std::string_view::npos)
      format = formatFromName(rule.substr(equals + 1));
    if (!format)
      return invalidArgument(fmt::format(
          "expected CLASS=FORMAT or PATTERN=FORMAT with the formats fp8, mxfp4 "
          "and none, such as dense=fp8,experts=mxfp4, found {}",
          inQuotes(rule)));
    SLUICE_TRY(rules.add(rule.substr(0, equals), *format));
    if (end == text.size())
      return rules;
    text.remove_prefix(end + 1);
  }
}

Result<BlockFormat> QuantizeRules::formatOf(std::string_view name,
                                            WeightClass weights) {
  constexpr std::string_view suffix = ".weight";
  std::string_view stem = name;
  if (stem.ends_with(suffix))
    stem.remove_suffix(suffix.size());
  Override *found = nullptr;
  for (Override &other : overrides) {
    if (!other.pattern.matches(name) && !other.pattern.matches(stem))
      continue;
    if (found)
      return invalidArgument(fmt::format(
          "{} is matched by two patterns, {} and {}; expected at most one",
          inQuotes(name), inQuotes(found->pattern.text()),
          inQuotes(other.pattern.text())));
    found = &other;
    found->used = true;
  }
  bool isExpert = weights == WeightClass::Experts;
  if (!found)
    return isExpert ? experts : dense;
  if (!isExpert && found->format == BlockFormat::Mxfp4)
    return impossible(fmt::format("{} (by {})", inQuotes(name),
                                  inQuotes(found->pattern.text())),
                      found->format);
  return found->format;
}

Status QuantizeRules::checkUsed() const {
  for (const Override &other : overrides)
    if (!other.used)
      return invalidArgument(fmt::format(
          "the pattern {} matches no weight that can be quantized; names are "
          "as in layers.0.attn.wq_a and layers.0.ffn.experts.0.w1",
          inQuotes(other.pattern.text())));
  return {};
}

std::string QuantizeRules::text() const {
  std::string text = fmt::format("dense={},experts={}", formatName(dense),
                                 formatName(experts));
  for (const Override &other : overrides)
    text +=
        fmt::format(",{}={}", other.pattern.text(), formatName(other.format));
  return text;
}

} // namespace sluice
