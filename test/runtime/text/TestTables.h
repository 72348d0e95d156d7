#pragma once

#include "runtime/text/TokenizerTables.h"

#include <string>
#include <utility>

namespace sluice {

/// Tables of the 256 bytes (byte b has id b) and of what `merges` join, in this
/// order: the first result has id 256. Both halves of a merge must be there
/// already.
inline TokenizerTables
testTables(const std::vector<std::pair<uint32_t, uint32_t>> &merges = {}) {
  TokenizerTables tables;
  auto add = [&](const std::string &bytes, uint8_t flags) {
    tables.bytes += bytes;
    tables.ends.push_back(static_cast<uint32_t>(tables.bytes.size()));
    tables.flags.push_back(flags);
    return tables.size() - 1;
  };
  constexpr uint8_t piece = TokenizerTables::Known | TokenizerTables::Piece;
  for (unsigned byte = 0; byte < 256; ++byte)
    tables.byteTokens[byte] =
        add(std::string(1, static_cast<char>(byte)), piece);
  for (auto [left, right] : merges) {
    std::string bytes(tables.token(left));
    bytes += tables.token(right);
    tables.merges.push_back({left, right, add(bytes, piece)});
  }
  return tables;
}

/// Gives the next id to the added token `content`.
inline uint32_t addToken(TokenizerTables &tables, const std::string &content,
                         bool special = false, bool normalized = false) {
  tables.bytes += content;
  tables.ends.push_back(static_cast<uint32_t>(tables.bytes.size()));
  tables.flags.push_back(static_cast<uint8_t>(
      TokenizerTables::Known | (special ? TokenizerTables::Special : 0)));
  tables.added.push_back({tables.size() - 1, normalized, content});
  return tables.size() - 1;
}

} // namespace sluice
