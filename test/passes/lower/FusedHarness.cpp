#include "test/passes/lower/FusedHarness.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace sluice::test {

void FusedOps::input(const std::string &name, const std::string &type,
                     std::vector<std::uint64_t> words) {
  values[name].type = type;
  values[name].words = std::move(words);
}

void FusedOps::result(const std::string &name, const std::string &type,
                      std::size_t bytes, bool yielded) {
  Value &value = values[name];
  value.type = type;
  value.bytes.assign(bytes, std::byte{0xFF});
  value.words = {word(value.bytes)};
  value.isResult = true;
  value.yielded = yielded;
}

/// The names in `text`, in order.
static std::vector<std::string> namesIn(const std::string &text) {
  static const std::regex name("%[A-Za-z0-9_]+");
  return {std::sregex_token_iterator(text.begin(), text.end(), name), {}};
}

/// Runs `some` in one kernel, alone or as a fused one, and writes the results
/// that leave it.
void FusedOps::run(std::vector<FusedOp> some, bool isFused) {
  std::set<std::string> known;
  std::vector<std::string> arguments, yields, yieldTypes;
  std::vector<std::uint64_t> words, resultWords;
  std::vector<Bytes> written;
  std::string body;
  for (const FusedOp &op : some) {
    std::size_t equals = op.head.find('=');
    for (const std::string &name : namesIn(op.head.substr(equals)))
      if (known.insert(name).second) {
        const Value &value = values.at(name);
        arguments.push_back(name + ": " + value.type);
        words.insert(words.end(), value.words.begin(), value.words.end());
      }
    for (const std::string &name : namesIn(op.head.substr(0, equals))) {
      known.insert(name);
      Value &value = values.at(name);
      if (isFused && !value.yielded)
        continue;
      yields.push_back(name);
      yieldTypes.push_back(value.type);
      resultWords.push_back(word(value.bytes));
      written.push_back(value.bytes);
    }
    body += fmt::format(
        " {}{} : {}\n", op.head,
        isFused ? " {plan.rows = #plan.expr<" + op.rows + ">}" : "", op.types);
  }
  words.insert(words.end(), resultWords.begin(), resultWords.end());
  runKernel(fmt::format("plan.kernel @k({}) rows #plan.expr<{}> {{\n{} "
                        "plan.yield {} : {}\n}}",
                        fmt::join(arguments, ", "), some.front().rows, body,
                        fmt::join(yields, ", "), fmt::join(yieldTypes, ", ")),
            symbols, words, written);
}

void FusedOps::expectEqualBits() {
  for (const FusedOp &op : ops)
    run({op}, /*isFused=*/false);
  std::map<std::string, std::vector<std::byte>> expected;
  for (auto &[name, value] : values)
    if (value.isResult) {
      expected[name] = value.bytes;
      std::fill(value.bytes.begin(), value.bytes.end(), std::byte{0xFF});
    }
  run(ops, /*isFused=*/true);
  for (auto &[name, value] : values)
    if (value.isResult && value.yielded)
      EXPECT_EQ(value.bytes, expected[name]) << name;
}

} // namespace sluice::test
