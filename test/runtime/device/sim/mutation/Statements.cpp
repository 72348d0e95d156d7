#include "test/runtime/device/sim/mutation/Statements.h"

namespace sluice::sim::mutation {
namespace {

class Splitter {
public:
  Splitter(std::string_view text, const std::vector<Token> &tokens)
      : text(text), tokens(tokens) {}

  std::vector<Statement> all() {
    while (now().kind != TokenKind::End) {
      if (now().kind == TokenKind::Dot)
        directive();
      else if (now().is('{') || now().is('}') || now().is(';'))
        ++at;
      else if (now().kind == TokenKind::Name && tokens[at + 1].is(':'))
        at += 2;
      else
        instruction();
    }
    return std::move(statements);
  }

private:
  const Token &now() const { return tokens[at]; }
  size_t place(const Token &token) const {
    return token.text.data() - text.data();
  }

  // Up to its semicolon, the end of its line, or, of a function, to the body.
  void directive() {
    bool lineOnly = now().isDot("version") || now().isDot("target") ||
                    now().isDot("address_size") || now().isDot("loc") ||
                    now().isDot("file");
    uint32_t line = now().line;
    bool function = false;
    for (; now().kind != TokenKind::End; ++at) {
      if (lineOnly && now().line != line)
        return;
      function |= now().isDot("entry") || now().isDot("func");
      if (function && now().is('{'))
        return;
      if (now().is(';')) {
        ++at;
        return;
      }
    }
  }

  void instruction() {
    Statement statement;
    statement.begin = place(now());
    if (now().is('@')) {
      statement.guard.push_back(tokens[at++]);
      if (now().is('!'))
        statement.guard.push_back(tokens[at++]);
      if (now().kind != TokenKind::End)
        statement.guard.push_back(tokens[at++]);
    }
    statement.line = now().line;
    statement.opcodeBegin = place(now());
    if (now().kind == TokenKind::Name)
      statement.opcode.push_back(tokens[at++]);
    while (now().kind == TokenKind::Dot)
      statement.opcode.push_back(tokens[at++]);
    while (now().kind != TokenKind::End && !now().is(';'))
      statement.operands.push_back(tokens[at++]);
    if (now().kind == TokenKind::End)
      return;
    statement.end = place(now()) + 1;
    ++at;
    statements.push_back(std::move(statement));
  }

  std::string_view text;
  const std::vector<Token> &tokens;
  size_t at = 0;
  std::vector<Statement> statements;
};

} // namespace

bool Statement::starts(std::string_view words) const {
  for (const Token &token : opcode) {
    if (!words.starts_with(token.text))
      return false;
    words.remove_prefix(token.text.size());
    if (words.empty())
      return true;
    if (words.front() != '.')
      return false;
    words.remove_prefix(1);
  }
  return false;
}

bool Statement::hasWord(std::string_view word) const {
  for (const Token &token : opcode)
    if (token.isDot(word))
      return true;
  return false;
}

Result<std::vector<Statement>> statementsOf(std::string_view text,
                                            const std::string &file) {
  SLUICE_ASSIGN(std::vector<Token> tokens, tokenize(text, file));
  return Splitter(text, tokens).all();
}

} // namespace sluice::sim::mutation
