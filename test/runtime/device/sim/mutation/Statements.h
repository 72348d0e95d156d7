#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/sim/ptx/Lexer.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim::mutation {

/// An instruction in PTX text: its tokens, and where its characters are.
struct Statement {
  std::vector<Token> guard;    // @ p, or @ ! p, or nothing
  std::vector<Token> opcode;   // bar .sync
  std::vector<Token> operands; // without the semicolon
  size_t begin = 0;            // of the guard's or opcode's first character
  size_t opcodeBegin = 0;
  size_t end = 0; // behind the semicolon
  uint32_t line = 0;

  /// "cp", and what follows it: "cp.async.wait_group".
  bool starts(std::string_view words) const;
  bool hasWord(std::string_view word) const; // a modifier
};

/// The instructions of all functions, in order. Directives, labels and scopes
/// are left out. The tokens point into `text`. Errors: those of the lexer.
Result<std::vector<Statement>> statementsOf(std::string_view text,
                                            const std::string &file);

} // namespace sluice::sim::mutation
