#include "runtime/device/sim/ptx/OpcodeTable.h"
#include "runtime/device/sim/ptx/ParserState.h"
#include "runtime/device/sim/ptx/Refused.h"

#include <charconv>
#include <fmt/format.h>

namespace sluice::sim {
namespace {

constexpr int kMostDepth = 8;         // of operands inside one another
constexpr size_t kMostOperands = 256; // of a vector or list
constexpr size_t kMostStatements = 1 << 22;

std::string spelledOpcode(std::string_view opcode,
                          const std::vector<Token> &words) {
  std::string text(opcode);
  for (const Token &word : words)
    text += fmt::format(".{}", word.text);
  return text;
}

bool isWord(TokenKind kind) { return kind == TokenKind::Dot; }

} // namespace

Status Parser::parseStatement() {
  Statement statement;
  const Token &first = peek();
  statement.place = placeOf(first);
  statement.location = location;
  if (takeIf('@')) {
    bool negated = takeIf('!');
    const Token &name = peek();
    SLUICE_ASSIGN(std::string_view text, expectName("a predicate"));
    std::optional<uint32_t> index = findRegister(text);
    if (!index || function->registers[*index].type != Type::Pred)
      return error(name, fmt::format("expected a predicate, found {}", text));
    Operand guard;
    guard.kind = OperandKind::Register;
    guard.index = *index;
    guard.negated = negated;
    statement.guard = guard;
  }
  Place place = placeOf(peek());
  SLUICE_ASSIGN(std::string_view opcode, expectName("an instruction"));
  std::vector<Token> words;
  while (isWord(peek().kind))
    words.push_back(take());
  while (!peek().is(';')) {
    if (statement.operands.size() >= kMostOperands)
      return expected("';'");
    SLUICE_ASSIGN(Operand operand, parseOperand());
    statement.operands.push_back(std::move(operand));
    if (!takeIf(',') && !peek().is(';'))
      return expected("',' or ';'");
  }
  const Token &last = take();
  statement.text = {first.text.data(),
                    static_cast<size_t>(last.text.data() - first.text.data())};
  SLUICE_TRY(chooseRow(statement, opcode, place, words));
  if (function->body.size() >= kMostStatements)
    return errorAt(place, "expected at most 4 Mi instructions in a function");
  auto index = static_cast<uint32_t>(function->body.size());
  for (size_t i = 0; i < statement.operands.size(); ++i)
    if (statement.operands[i].kind == OperandKind::Name)
      scopes.back().pending.push_back({index, static_cast<uint32_t>(i), false});
  function->body.push_back(std::move(statement));
  return {};
}

Status Parser::chooseRow(Statement &statement, std::string_view opcode,
                         Place place, const std::vector<Token> &words) {
  auto rows = opcodeRows(opcode);
  std::vector<std::string_view> texts;
  texts.reserve(words.size());
  for (const Token &word : words)
    texts.push_back(word.text);
  auto refused = [&] {
    return errorAt(place, fmt::format("{}: this simulator does not model {}",
                                      spelledOpcode(opcode, words),
                                      refusedFamily(opcode, texts)));
  };
  bool isRefused = !refusedFamily(opcode, texts).empty();
  if (rows.empty() && isRefused)
    return refused();
  if (rows.empty())
    return errorAt(place, fmt::format("unknown or unmodelled instruction {}; "
                                      "the nearest known one is {}",
                                      spelledOpcode(opcode, words),
                                      nearestOpcode(opcode)));
  size_t longest = 0;
  std::string wanted;
  const OpcodeRow *fitting = nullptr;
  std::vector<Modifier> taken;
  // Whether the row has a place for every operand, too.
  auto fits = [&](const OpcodeRow &row) {
    fitting = &row;
    size_t count = statement.operands.size();
    if (count < row.requiredOperands() || count > row.operands.size())
      return false;
    statement.row = &row;
    statement.modifiers = std::move(taken);
    return true;
  };
  for (const OpcodeRow &row : rows) {
    std::string expectedWords;
    if (matchModifiers(row, texts, taken, expectedWords)) {
      if (fits(row))
        break;
      continue;
    }
    if (taken.size() > longest || wanted.empty())
      wanted = expectedWords;
    else if (taken.size() == longest &&
             wanted.find(expectedWords) == std::string::npos)
      wanted += " or " + expectedWords;
    longest = std::max(longest, taken.size());
  }
  for (auto row = rows.begin(); statement.row == nullptr && row != rows.end();
       ++row)
    if (matchReordered(*row, texts, taken))
      fits(*row);
  if (fitting == nullptr && isRefused)
    return refused();
  if (fitting == nullptr) {
    Place where = longest < words.size() ? placeOf(words[longest]) : place;
    std::string found = longest < words.size()
                            ? fmt::format("found .{} in", words[longest].text)
                            : std::string("found the end of");
    return errorAt(where, fmt::format("expected {}, {} {}", wanted, found,
                                      spelledOpcode(opcode, words)));
  }
  if (statement.row == nullptr)
    return errorAt(
        place,
        fmt::format("expected {} operands of {} ({}), found {}",
                    fitting->requiredOperands() == fitting->operands.size()
                        ? fmt::format("{}", fitting->operands.size())
                        : fmt::format("{} to {}", fitting->requiredOperands(),
                                      fitting->operands.size()),
                    spelledOpcode(opcode, words), fitting->operandText,
                    statement.operands.size()));
  const OpcodeRow &row = *statement.row;
  if (row.version > module.version)
    return errorAt(place,
                   fmt::format("{} needs PTX {}.{}, this file says .version "
                               "{}.{}",
                               spelledOpcode(opcode, words), row.version / 10,
                               row.version % 10, module.version / 10,
                               module.version % 10));
  uint32_t sm = 0;
  std::from_chars(module.target.data() +
                      std::min<size_t>(3, module.target.size()),
                  module.target.data() + module.target.size(), sm);
  if (row.sm > sm)
    return errorAt(place, fmt::format("{} needs sm_{}, this file says .target "
                                      "{}",
                                      spelledOpcode(opcode, words), row.sm,
                                      module.target));
  return {};
}

Result<int64_t> Parser::parseOffset() {
  // LLVM prints [%rd1+-16].
  bool negative = false;
  if (takeIf('+'))
    negative = takeIf('-');
  else if (takeIf('-'))
    negative = true;
  if (peek().kind != TokenKind::Integer)
    return expected("an integer offset");
  uint64_t bits = take().bits;
  return static_cast<int64_t>(negative ? 0 - bits : bits);
}

Result<Operand> Parser::parseSequence(OperandKind kind, char close, int depth) {
  Operand operand;
  operand.kind = kind;
  operand.place = placeOf(take());
  while (!takeIf(close)) {
    if (operand.elements.size() >= kMostOperands)
      return expected(fmt::format("'{}'", close));
    SLUICE_ASSIGN(Operand element, parseOperand(depth + 1));
    operand.elements.push_back(std::move(element));
    if (!takeIf(',') && !peek().is(close))
      return expected(fmt::format("',' or '{}'", close));
  }
  return operand;
}

Result<Operand> Parser::parseName() {
  Operand operand;
  const Token &name = take();
  operand.name = name.text;
  if (name.text == "_") {
    operand.kind = OperandKind::Sink;
  } else if (name.text == "WARP_SZ") {
    operand.kind = OperandKind::Integer;
    operand.bits = 32;
  } else if (std::optional<uint32_t> index = findRegister(name.text)) {
    operand.kind = OperandKind::Register;
    operand.index = *index;
  } else if (const Variable *variable = findVariable(name.text)) {
    operand.kind = OperandKind::Variable;
    operand.variable = variable;
  } else if (name.text.front() == '%') {
    operand.kind = OperandKind::Special;
    if (peek().kind == TokenKind::Dot) {
      const Token &part = take();
      operand.name = {name.text.data(),
                      static_cast<size_t>(part.text.data() + part.text.size() -
                                          name.text.data())};
    }
  } else {
    operand.kind = OperandKind::Name;
  }
  return operand;
}

Result<Operand> Parser::parseAddress() {
  Operand operand;
  operand.kind = OperandKind::Address;
  operand.place = placeOf(take());
  Operand base;
  if (peek().kind == TokenKind::Integer) {
    base.kind = OperandKind::Integer;
    base.bits = take().bits;
  } else if (peek().kind == TokenKind::Name) {
    const Token &name = peek();
    SLUICE_ASSIGN(base, parseName());
    if (base.kind != OperandKind::Register &&
        base.kind != OperandKind::Variable)
      return error(name, fmt::format("expected a register or a variable, found "
                                     "{}, which is not declared",
                                     name.text));
  } else {
    return expected("an address");
  }
  operand.elements.push_back(std::move(base));
  if (peek().is('+') || peek().is('-')) {
    SLUICE_ASSIGN(operand.number, parseOffset());
  }
  if (peek().is(','))
    return expected("']': tensor coordinates are not modelled");
  SLUICE_TRY(expect(']'));
  return operand;
}

Result<Operand> Parser::parseOperand(int depth) {
  if (depth > kMostDepth)
    return expected("fewer nested operands");
  Place place = placeOf(peek());
  Operand operand;
  if (peek().is('{')) {
    SLUICE_ASSIGN(operand, parseSequence(OperandKind::Vector, '}', depth));
  } else if (peek().is('(')) {
    SLUICE_ASSIGN(operand, parseSequence(OperandKind::List, ')', depth));
  } else if (peek().is('[')) {
    SLUICE_ASSIGN(operand, parseAddress());
  } else if (takeIf('!')) {
    SLUICE_ASSIGN(operand, parseOperand(depth + 1));
    operand.negated = true;
  } else {
    bool negative = takeIf('-');
    switch (peek().kind) {
    case TokenKind::Integer:
      operand.kind = OperandKind::Integer;
      operand.bits = negative ? 0 - peek().bits : peek().bits;
      take();
      break;
    case TokenKind::Float:
    case TokenKind::Float32: {
      bool wide = peek().kind == TokenKind::Float;
      operand.kind = wide ? OperandKind::Float : OperandKind::Float32;
      operand.bits =
          take().bits ^ (negative ? uint64_t{1} << (wide ? 63 : 31) : 0);
      break;
    }
    case TokenKind::Name: {
      if (negative)
        return expected("a number after '-'");
      SLUICE_ASSIGN(operand, parseName());
      if (operand.kind == OperandKind::Variable &&
          (peek().is('+') || peek().is('-'))) {
        SLUICE_ASSIGN(operand.number, parseOffset());
      }
      break;
    }
    default:
      return expected("an operand");
    }
  }
  operand.place = place;
  if (peek().is('|')) {
    take();
    Operand pair;
    pair.kind = OperandKind::Pair;
    pair.place = place;
    SLUICE_ASSIGN(Operand second, parseOperand(depth + 1));
    pair.elements.push_back(std::move(operand));
    pair.elements.push_back(std::move(second));
    return pair;
  }
  return operand;
}

} // namespace sluice::sim
