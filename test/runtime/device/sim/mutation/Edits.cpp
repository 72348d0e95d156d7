#include "test/runtime/device/sim/mutation/Edits.h"

#include "runtime/device/sim/ptx/Type.h"

#include <fmt/format.h>

namespace sluice::sim::mutation {
namespace {

// Positions are taken relative to a token whose place is known.
size_t placeOf(const Statement &s, const Token &token) {
  return s.opcodeBegin + (token.text.data() - s.opcode.front().text.data());
}
size_t endOf(const Statement &s, const Token &token) {
  return placeOf(s, token) + token.text.size();
}

// Tokens [first, last) of each operand, split at the commas outside brackets.
struct Range {
  size_t first, last;
};
std::vector<Range> operandsOf(const Statement &s) {
  std::vector<Range> ranges;
  int depth = 0;
  size_t first = 0;
  for (size_t i = 0; i < s.operands.size(); ++i) {
    const Token &token = s.operands[i];
    if (token.is('[') || token.is('{') || token.is('('))
      ++depth;
    else if (token.is(']') || token.is('}') || token.is(')'))
      --depth;
    if (depth == 0 && token.is(',')) {
      ranges.push_back({first, i});
      first = i + 1;
    }
  }
  if (first < s.operands.size())
    ranges.push_back({first, s.operands.size()});
  return ranges;
}

// Bytes that one access of the instruction moves; 0 if it has no address or
// what is there is no data.
uint64_t accessBytes(const Statement &s) {
  if (s.starts("ldmatrix") || s.starts("stmatrix") || s.starts("wmma"))
    return 16; // a row of a matrix, and the alignment of wmma
  if (s.starts("mbarrier") || s.starts("cp.async.mbarrier"))
    return 8;
  if (s.starts("cp.async")) {
    std::vector<Range> operands = operandsOf(s);
    return operands.size() > 2 ? s.operands[operands[2].first].bits : 0;
  }
  uint64_t bytes = 0, elements = 1;
  for (const Token &token : s.opcode) {
    if (token.kind != TokenKind::Dot)
      continue;
    if (std::optional<Type> type = typeFromWord(token.text))
      bytes = (typeBits(*type) + 7) / 8;
    elements = token.text == "v2"   ? 2
               : token.text == "v4" ? 4
               : token.text == "v8" ? 8
                                    : elements;
  }
  return bytes * elements;
}

} // namespace

Edit deletedWait(const Statement &s) {
  if (s.starts("cp"))
    return {Operator::DeleteWait, s.begin, s.end, ""};
  return {Operator::DeleteWait, s.opcodeBegin, s.end,
          fmt::format("setp.eq.u32 {}, 0, 0;", s.operands.front().text)};
}

void addIncrements(std::vector<Edit> &edits, const Statement &s, Operator op,
                   std::vector<int> by) {
  std::vector<Range> operands = operandsOf(s);
  for (size_t i = 0; i < by.size() && i < operands.size(); ++i) {
    const Token &token = s.operands[operands[i].first];
    if (by[i] == 0 || operands[i].last - operands[i].first != 1)
      continue;
    size_t begin = placeOf(s, token), end = endOf(s, token);
    bool isId = op == Operator::OtherBarrier && i == 0;
    if (token.kind == TokenKind::Integer) {
      uint64_t more = token.bits + by[i];
      edits.push_back(
          {op, begin, end, fmt::format("{}", isId ? more % 16 : more)});
    } else if (token.kind == TokenKind::Name) {
      // The sum gets a register of its own, as others may read this one. The
      // edit ends at the statement's end so that the scope can be closed.
      std::string rest(token.text.data() + token.text.size(),
                       s.opcode.front().text.data() + (s.end - s.opcodeBegin));
      std::string start(s.opcode.front().text.data(), token.text.data());
      if (s.guard.empty())
        edits.push_back({op, s.begin, s.end,
                         fmt::format("{{ .reg .u32 more; add.u32 more, {}, {}; "
                                     "{}more{} }}",
                                     token.text, by[i], start, rest)});
    }
  }
}

void addSwaps(std::vector<Edit> &edits, const Statement &s) {
  for (Range range : operandsOf(s)) {
    if (!s.operands[range.first].is('{'))
      continue;
    const Token &first = s.operands[range.first + 1];
    for (size_t i = range.first + 3; i < range.last; i += 2) {
      const Token &other = s.operands[i];
      if (other.text == first.text)
        continue;
      std::string between(first.text.data() + first.text.size(),
                          other.text.data());
      edits.push_back(
          {Operator::SwapFragment, placeOf(s, first), endOf(s, other),
           std::string(other.text) + between + std::string(first.text)});
      break;
    }
  }
}

void addAddresses(std::vector<Edit> &edits, const Statement &s) {
  uint64_t bytes = accessBytes(s);
  if (bytes == 0)
    return;
  for (Range range : operandsOf(s)) {
    if (!s.operands[range.first].is('['))
      continue;
    // [ base ] or [ base + number ] or [ base + - number ]
    size_t close = range.first + 1;
    while (close < range.last && !s.operands[close].is(']'))
      ++close;
    if (close == range.last || close == range.first + 1)
      continue;
    const Token &base = s.operands[range.first + 1];
    int64_t offset = 0;
    if (close > range.first + 2) {
      const Token &number = s.operands[close - 1];
      offset = static_cast<int64_t>(number.bits);
      if (s.operands[close - 2].is('-'))
        offset = -offset;
    }
    edits.push_back({Operator::OtherAddress, endOf(s, base),
                     placeOf(s, s.operands[close]),
                     fmt::format("+{}", offset + static_cast<int64_t>(bytes))});
  }
}

} // namespace sluice::sim::mutation
