#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/sim/ptx/Lexer.h"
#include "runtime/device/sim/ptx/Module.h"

#include <map>
#include <unordered_map>

namespace sluice::sim {

/// The parser of one module: recursive descent over its tokens. Methods read
/// from `at` on; on failure nothing more may be read.
class Parser {
public:
  Parser(Module &module, const std::vector<Token> &tokens)
      : module(module), tokens(tokens) {}

  Status parse();

private:
  /// Registers declared together, %r<9>, or one by name.
  struct Family {
    Type type;
    uint64_t count = 0;                             // 0: a single register
    std::unordered_map<uint64_t, uint32_t> indices; // made when first used
  };
  struct PendingLabel {
    uint32_t statement; // of the body; if isTable an index of tables
    uint32_t operand;
    bool isTable;
  };
  struct Scope {
    std::map<std::string_view, Family> families;
    std::map<std::string_view, Variable *> variables;
    std::map<std::string_view, uint32_t> labels;
    std::vector<PendingLabel> pending;
  };

  // Parser.cpp: the module and its variables.
  Status parseTopLevel();
  Status parseVersion();
  Status parseTarget();
  Status parseFile();
  Status skipSection();
  Status skipToSemicolon();
  Status parseVariable(Space space, bool external,
                       std::vector<std::unique_ptr<Variable>> &into,
                       bool isParameter);
  Status parseInitialiser(Variable &variable);
  Status parseInitialValue(Variable &variable, uint64_t offset);

  // ParseFunction.cpp: functions, scopes and declarations in them.
  Status parseFunction(bool isEntry);
  Status parseParameters(std::vector<std::unique_ptr<Variable>> &into);
  Status parseThreads(uint32_t (&threads)[3]);
  Status parseFunctionAttributes();
  Status parseBody();
  Status parseRegisters();
  Status parseBodyDirective();
  Status parseLocation();
  Status parseLabel();
  Status closeScope();

  // ParseStatement.cpp: instructions and operands.
  Status parseStatement();
  Status chooseRow(Statement &statement, std::string_view opcode, Place place,
                   const std::vector<Token> &words);
  Result<Operand> parseOperand(int depth = 0);
  Result<Operand> parseName();
  Result<Operand> parseAddress();
  Result<Operand> parseSequence(OperandKind kind, char close, int depth);
  Result<int64_t> parseOffset();
  std::optional<uint32_t> findRegister(std::string_view name);
  Variable *findVariable(std::string_view name);

  // Tokens.
  const Token &peek(size_t ahead = 0) const {
    return tokens[std::min(at + ahead, tokens.size() - 1)];
  }
  const Token &take() {
    const Token &token = peek();
    at = std::min(at + 1, tokens.size() - 1);
    return token;
  }
  bool takeIf(char mark) {
    bool found = peek().is(mark);
    if (found)
      take();
    return found;
  }
  bool takeDot(std::string_view word) {
    bool found = peek().isDot(word);
    if (found)
      take();
    return found;
  }
  Status expect(char mark);
  Result<uint64_t> expectInteger(uint64_t most);
  Result<std::string_view> expectName(std::string_view what);
  Status error(const Token &token, const std::string &sentence) const;
  Status errorAt(Place place, const std::string &sentence) const;
  /// "expected `what`, found <the next token>"
  Status expected(const std::string &what) const;

  Module &module;
  const std::vector<Token> &tokens;
  size_t at = 0;
  std::map<std::string_view, Variable *> globals;
  Function *function = nullptr; // being parsed
  std::vector<Scope> scopes;    // of its body
  uint32_t location = 0;
  uint64_t totalBytes = 0; // of all variables, which is bounded
};

/// The place of a token.
inline Place placeOf(const Token &token) { return {token.line, token.column}; }

} // namespace sluice::sim
