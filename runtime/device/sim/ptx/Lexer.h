#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

enum class TokenKind : uint8_t {
  Name,    // add, %r1, %tid, $L__BB0_2, smem: all but the modifiers
  Dot,     // .global, .L1::no_allocate: `text` without the dot
  Integer, // `bits`
  Float,   // `bits` of an f64; 0f... is Float32
  Float32, // `bits` of an f32
  String,  // `text` without the quotes
  Mark,    // one of , ; : { } [ ] ( ) < > @ ! + - * / % & | ^ ~ = ?
  End,
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string_view text; // points into the lexed text
  uint64_t bits = 0;
  uint32_t line = 0; // from 1
  uint32_t column = 0;

  bool is(char mark) const {
    return kind == TokenKind::Mark && text.front() == mark;
  }
  bool isName(std::string_view name) const {
    return kind == TokenKind::Name && text == name;
  }
  bool isDot(std::string_view word) const {
    return kind == TokenKind::Dot && text == word;
  }
};

/// The tokens of PTX text, which must outlive them, with an End token last.
/// Comments are dropped. Errors: BadInput with file:line:column.
Result<std::vector<Token>> tokenize(std::string_view text,
                                    const std::string &file);

} // namespace sluice::sim
