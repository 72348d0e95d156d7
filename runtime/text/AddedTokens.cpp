#include "runtime/text/AddedTokens.h"

#include <algorithm>

namespace sluice {

AddedTokens::AddedTokens(const TokenizerTables &tables, bool normalized) {
  for (const TokenizerTables::Added &a : tables.added)
    if (a.normalized == normalized)
      entries.push_back({a.content, a.id});
  // std::string compares bytes as unsigned char, which is what firstOf needs.
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) {
    return a.content < b.content;
  });
  for (const Entry &e : entries)
    ++firstOf[uint8_t(e.content[0]) + 1];
  for (unsigned b = 0; b < 256; ++b)
    firstOf[b + 1] += firstOf[b];
}

std::optional<AddedTokens::Match> AddedTokens::matchAt(std::string_view text,
                                                       size_t at) const {
  uint8_t first = text[at];
  auto low = entries.begin() + firstOf[first];
  auto high = entries.begin() + firstOf[first + 1];
  std::optional<Match> longest;
  // [low, high) are the entries that agree with the text so far. The shortest
  // of them sorts first, so only it can end here.
  for (size_t depth = 1; low != high; ++depth) {
    if (low->content.size() == depth) {
      longest = Match{at, at + depth, low->id};
      if (++low == high)
        break;
    }
    if (at + depth == text.size())
      break;
    uint8_t next = text[at + depth];
    low = std::lower_bound(low, high, next, [&](const Entry &e, uint8_t b) {
      return uint8_t(e.content[depth]) < b;
    });
    high = std::upper_bound(low, high, next, [&](uint8_t b, const Entry &e) {
      return b < uint8_t(e.content[depth]);
    });
  }
  return longest;
}

std::optional<AddedTokens::Match> AddedTokens::find(std::string_view text,
                                                    size_t from) const {
  if (entries.empty())
    return std::nullopt;
  for (size_t at = from; at < text.size(); ++at) {
    uint8_t first = text[at];
    if (firstOf[first] == firstOf[first + 1])
      continue;
    if (std::optional<Match> match = matchAt(text, at))
      return match;
  }
  return std::nullopt;
}

} // namespace sluice
