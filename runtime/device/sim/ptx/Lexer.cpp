#include "runtime/device/sim/ptx/Lexer.h"

#include <bit>
#include <charconv>
#include <fmt/format.h>

namespace sluice::sim {
namespace {

bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool startsName(char c) {
  return isLetter(c) || c == '_' || c == '$' || c == '%';
}
bool isNameChar(char c) {
  return isLetter(c) || isDigit(c) || c == '_' || c == '$';
}

class Lexer {
public:
  Lexer(std::string_view text, const std::string &file)
      : text(text), file(file) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    for (;;) {
      SLUICE_TRY(skipBlank());
      Token token;
      token.line = line;
      token.column = static_cast<uint32_t>(at - lineStart + 1);
      SLUICE_TRY(next(token));
      tokens.push_back(token);
      if (token.kind == TokenKind::End)
        return tokens;
    }
  }

private:
  char peek(size_t ahead = 0) const {
    return at + ahead < text.size() ? text[at + ahead] : '\0';
  }

  Status error(const std::string &sentence) const {
    return badInput(
        fmt::format("{}:{}:{}: {}", file, line, at - lineStart + 1, sentence));
  }

  void newLine() {
    ++line;
    lineStart = at + 1;
  }

  Status skipBlank() {
    for (; at < text.size(); ++at) {
      char c = text[at];
      if (c == '\n') {
        newLine();
      } else if (c == '/' && peek(1) == '/') {
        while (at + 1 < text.size() && text[at + 1] != '\n')
          ++at;
      } else if (c == '/' && peek(1) == '*') {
        size_t end = text.find("*/", at + 2);
        if (end == std::string_view::npos)
          return error("expected */ after this /*, found the end of the file");
        for (; at < end + 1; ++at)
          if (text[at] == '\n')
            newLine();
      } else if (c == '\0' && at + 1 == text.size()) {
        // A C string's end, as an image in memory may have it.
      } else if (c != ' ' && c != '\t' && c != '\r' && c != '\f') {
        break;
      }
    }
    return {};
  }

  Status next(Token &token) {
    size_t start = at;
    char c = peek();
    if (at >= text.size()) {
      token.kind = TokenKind::End;
      return {};
    }
    if (startsName(c) && (c != '%' || isNameChar(peek(1)))) {
      token.kind = TokenKind::Name;
      ++at;
      while (isNameChar(peek()))
        ++at;
      token.text = text.substr(start, at - start);
      return {};
    }
    if (c == '.' && isNameChar(peek(1))) {
      token.kind = TokenKind::Dot;
      ++at;
      while (isNameChar(peek()) ||
             (peek() == ':' && peek(1) == ':' && isNameChar(peek(2))))
        at += peek() == ':' ? 2 : 1;
      token.text = text.substr(start + 1, at - start - 1);
      return {};
    }
    if (isDigit(c))
      return number(token);
    if (c == '"') {
      size_t end = text.find_first_of("\"\n", at + 1);
      if (end == std::string_view::npos || text[end] != '"')
        return error("expected a closing \" on this line");
      token.kind = TokenKind::String;
      token.text = text.substr(at + 1, end - at - 1);
      at = end + 1;
      return {};
    }
    constexpr std::string_view marks = ",;:{}[]()<>@!+-*/%&|^~=?";
    if (marks.find(c) != std::string_view::npos) {
      token.kind = TokenKind::Mark;
      token.text = text.substr(at++, 1);
      return {};
    }
    return error(fmt::format("expected PTX, found the byte 0x{:02x}",
                             static_cast<unsigned char>(c)));
  }

  Status number(Token &token) {
    size_t start = at;
    char second = peek(1);
    if (peek() == '0' &&
        (second == 'f' || second == 'F' || second == 'd' || second == 'D')) {
      bool wide = second == 'd' || second == 'D';
      at += 2;
      SLUICE_TRY(integer(token, 16, start));
      if (at - start != (wide ? 18U : 10U))
        return error(fmt::format("expected {} hexadecimal digits in {}",
                                 wide ? 16 : 8,
                                 text.substr(start, at - start)));
      token.kind = wide ? TokenKind::Float : TokenKind::Float32;
      return {};
    }
    int base = 10;
    if (peek() == '0' && (second == 'x' || second == 'X'))
      base = 16;
    else if (peek() == '0' && (second == 'b' || second == 'B'))
      base = 2;
    if (base != 10) {
      at += 2;
      return integer(token, base, start);
    }
    size_t end = at;
    while (end < text.size() && isDigit(text[end]))
      ++end;
    bool fraction = end < text.size() && text[end] == '.' &&
                    (end + 1 >= text.size() || !isLetter(text[end + 1]));
    bool exponent = end < text.size() && (text[end] == 'e' || text[end] == 'E');
    if (!fraction && !exponent)
      return integer(token, peek() == '0' ? 8 : 10, start);
    double value = 0;
    auto [stop, code] =
        std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (code != std::errc())
      return error("expected a number that an f64 can hold");
    at = static_cast<size_t>(stop - text.data());
    token.kind = TokenKind::Float;
    token.text = text.substr(start, at - start);
    token.bits = std::bit_cast<uint64_t>(value);
    return {};
  }

  Status integer(Token &token, int base, size_t start) {
    auto [stop, code] = std::from_chars(
        text.data() + at, text.data() + text.size(), token.bits, base);
    if (code != std::errc())
      return error("expected an integer of at most 64 bits");
    at = static_cast<size_t>(stop - text.data());
    if (peek() == 'U')
      ++at;
    if (isNameChar(peek()))
      return error(fmt::format("expected a number, found {}{}",
                               text.substr(start, at - start), peek()));
    token.kind = TokenKind::Integer;
    token.text = text.substr(start, at - start);
    return {};
  }

  std::string_view text;
  const std::string &file;
  size_t at = 0;
  size_t lineStart = 0;
  uint32_t line = 1;
};

} // namespace

Result<std::vector<Token>> tokenize(std::string_view text,
                                    const std::string &file) {
  return Lexer(text, file).run();
}

} // namespace sluice::sim
