#include "tools/ptxsim/ArrayType.h"

#include "runtime/base/Checked.h"
#include "runtime/base/Quote.h"

#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace sluice::ptxsim {
namespace {

using enum ElementType::Kind;
constexpr ElementType types[] = {
    {"i8", "|i1", 1, Signed},  {"u8", "|u1", 1, Unsigned},
    {"i16", "<i2", 2, Signed}, {"u16", "<u2", 2, Unsigned},
    {"i32", "<i4", 4, Signed}, {"u32", "<u4", 4, Unsigned},
    {"i64", "<i8", 8, Signed}, {"u64", "<u8", 8, Unsigned},
    {"f16", "<f2", 2, Float},  {"bf16", "<u2", 2, Float},
    {"f32", "<f4", 4, Float},  {"f64", "<f8", 8, Float},
    {"b8", "|u1", 1, Bits},    {"b16", "<u2", 2, Bits},
    {"b32", "<u4", 4, Bits},   {"b64", "<u8", 8, Bits},
};

} // namespace

const ElementType *elementType(std::string_view name) {
  const ElementType *found =
      std::find_if(std::begin(types), std::end(types),
                   [&](const ElementType &type) { return type.name == name; });
  return found == std::end(types) ? nullptr : found;
}

std::string elementTypeNames() {
  std::vector<std::string_view> names;
  for (const ElementType &type : types)
    names.push_back(type.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

Result<std::vector<uint64_t>> parseShape(std::string_view text) {
  std::vector<uint64_t> shape;
  const char *at = text.data(), *end = text.data() + text.size();
  for (;;) {
    uint64_t extent = 0;
    auto [behind, error] = std::from_chars(at, end, extent);
    if (error != std::errc() || (behind != end && *behind != 'x'))
      return invalidArgument(fmt::format(
          "expected a shape such as 256x256, found {}", inQuotes(text)));
    shape.push_back(extent);
    if (behind == end)
      return shape;
    at = behind + 1;
  }
}

Result<uint64_t> arrayBytes(const ElementType &type,
                            const std::vector<uint64_t> &shape) {
  std::optional<uint64_t> bytes = type.bytes;
  for (uint64_t extent : shape)
    bytes = bytes ? checkedMul(*bytes, extent) : std::nullopt;
  if (!bytes || *bytes > uint64_t{1} << 40)
    return invalidArgument(fmt::format("an array of {} {} is beyond 2^40 bytes",
                                       fmt::join(shape, "x"), type.name));
  return *bytes;
}

} // namespace sluice::ptxsim
