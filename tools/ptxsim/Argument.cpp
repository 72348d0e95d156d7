#include "tools/ptxsim/Argument.h"

#include "runtime/base/Quote.h"
#include "runtime/device/sim/numerics/Rounded.h"
#include "tools/driver/Suggest.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

namespace sluice::ptxsim {
namespace {

Status expected(std::string_view form, const std::string &text) {
  return invalidArgument(
      fmt::format("--arg: expected {}, found {}", form, inQuotes(text)));
}

Status unknownKind(std::string_view word, const std::string &text) {
  std::vector<std::string> names = {"in", "out", "zeros", "inout", "value"};
  for (const char *type : {"i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64",
                           "f16", "bf16", "f32", "f64"})
    names.emplace_back(type);
  std::string near = nearestName(word, names);
  if (!near.empty())
    return invalidArgument(fmt::format("--arg: unknown {} in {}; did you mean "
                                       "{}?",
                                       inQuotes(word), inQuotes(text), near));
  return expected("in:FILE, out:FILE:TYPE:SHAPE, zeros:FILE:TYPE:SHAPE, "
                  "inout:FROM:TO, value:FILE or a number such as i32:5",
                  text);
}

/// "FILE:TYPE:SHAPE", where FILE may have colons of its own.
Status parseTyped(std::string_view rest, Argument &argument) {
  std::string form =
      fmt::format("{}:FILE:TYPE:SHAPE such as {}:c.npy:f32:16x16",
                  argument.kind == Argument::Kind::Out ? "out" : "zeros",
                  argument.kind == Argument::Kind::Out ? "out" : "zeros");
  size_t last = rest.rfind(':');
  if (last == std::string_view::npos || last == 0)
    return expected(form, argument.text);
  size_t middle = rest.rfind(':', last - 1);
  if (middle == std::string_view::npos)
    return expected(form, argument.text);
  std::string_view name = rest.substr(middle + 1, last - middle - 1);
  argument.to = rest.substr(0, middle);
  argument.type = elementType(name);
  if (argument.type == nullptr)
    return expected(fmt::format("one of the types {}", elementTypeNames()),
                    argument.text);
  Result<std::vector<uint64_t>> shape = parseShape(rest.substr(last + 1));
  if (!shape.ok())
    return shape.status().in("--arg");
  argument.shape = *std::move(shape);
  if (Result<uint64_t> bytes = arrayBytes(*argument.type, argument.shape);
      !bytes.ok())
    return bytes.status().in("--arg");
  return {};
}

/// "5", "-5" or "0xff" in `bytes` bytes, if they hold it.
std::optional<uint64_t> integerOf(std::string_view text, uint32_t bytes,
                                  bool isSigned) {
  bool negative = isSigned && text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  int base = text.starts_with("0x") || text.starts_with("0X") ? 16 : 10;
  text.remove_prefix(base == 16 ? 2 : 0);
  uint64_t magnitude = 0;
  const char *begin = text.data(), *end = begin + text.size();
  auto [at, error] = std::from_chars(begin, end, magnitude, base);
  if (error != std::errc() || at != end)
    return {};
  uint64_t most = ~uint64_t{0} >> (64 - 8 * bytes + (isSigned ? 1 : 0));
  if (magnitude > most + (negative ? 1 : 0))
    return {};
  return negative ? ~magnitude + 1 : magnitude;
}

std::optional<uint64_t> floatOf(std::string_view text,
                                const ElementType &type) {
  double value = 0;
  const char *begin = text.data(), *end = begin + text.size();
  auto [at, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || at != end)
    return {};
  const sim::FloatFormat &format = type.bytes == 8       ? sim::kF64
                                   : type.bytes == 4     ? sim::kF32
                                   : type.name == "bf16" ? sim::kBf16
                                                         : sim::kF16;
  uint64_t bits;
  if (type.bytes == 8)
    std::memcpy(&bits, &value, sizeof bits);
  else
    bits = sim::bitsOf(format, value, sim::Rounding::Nearest,
                       /*saturate=*/false);
  return bits;
}

Status parseNumber(std::string_view rest, Argument &argument) {
  using enum ElementType::Kind;
  const ElementType &type = *argument.type;
  std::optional<uint64_t> bits =
      type.kind == Float ? floatOf(rest, type)
                         : integerOf(rest, type.bytes, type.kind == Signed);
  if (!bits)
    return expected(
        type.kind == Float
            ? std::string("a number such as f32:0.5")
            : fmt::format("a whole number that {} bits hold", 8 * type.bytes),
        argument.text);
  std::memcpy(argument.number.data(), &*bits, sizeof *bits);
  return {};
}

Status parseFiles(std::string_view rest, Argument &argument) {
  size_t colon = rest.find(':');
  if (colon == std::string_view::npos || colon == 0 ||
      colon + 1 == rest.size() ||
      rest.find(':', colon + 1) != std::string_view::npos)
    return expected("inout:FROM:TO, two files without colons in their names",
                    argument.text);
  argument.from = rest.substr(0, colon);
  argument.to = rest.substr(colon + 1);
  return {};
}

} // namespace

Result<Argument> parseArgument(const std::string &text) {
  Argument argument;
  argument.text = text;
  size_t colon = std::min(text.find(':'), text.size());
  std::string_view word = std::string_view(text).substr(0, colon);
  std::string_view rest =
      std::string_view(text).substr(std::min(colon + 1, text.size()));
  if (word == "in" || word == "value") {
    argument.kind = word == "in" ? Argument::Kind::In : Argument::Kind::Value;
    argument.from = rest;
    if (rest.empty())
      return expected(word == "in" ? "in:FILE" : "value:FILE", text);
  } else if (word == "out" || word == "zeros") {
    argument.kind = word == "out" ? Argument::Kind::Out : Argument::Kind::Zeros;
    SLUICE_TRY(parseTyped(rest, argument));
  } else if (word == "inout") {
    argument.kind = Argument::Kind::InOut;
    SLUICE_TRY(parseFiles(rest, argument));
  } else {
    argument.type = elementType(word);
    if (argument.type == nullptr)
      return unknownKind(word, text);
    SLUICE_TRY(parseNumber(rest, argument));
  }
  return argument;
}

} // namespace sluice::ptxsim
