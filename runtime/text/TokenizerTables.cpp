#include "runtime/text/TokenizerTables.h"

#include "runtime/base/Quote.h"
#include "runtime/text/Utf8.h"

#include <fmt/format.h>

#include <unordered_set>

namespace sluice {
namespace {

constexpr uint32_t magic = 0x4B544C53; // "SLTK"
constexpr uint32_t version = 1;
using Flag = TokenizerTables::Flag;

void put(std::string &out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<char>(value >> shift));
}

/// Takes fields from the front of `data`; the caller has checked that they are
/// there.
class Cursor {
public:
  explicit Cursor(std::span<const std::byte> data) : data(data) {}
  uint64_t left() const { return data.size() - at; }
  uint32_t number() {
    uint32_t value = 0;
    for (int shift = 0; shift < 32; shift += 8)
      value |= std::to_integer<uint32_t>(data[at++]) << shift;
    return value;
  }
  uint8_t byte() { return std::to_integer<uint8_t>(data[at++]); }
  std::string text(uint64_t length) {
    std::string s(reinterpret_cast<const char *>(data.data()) + at, length);
    at += length;
    return s;
  }

private:
  std::span<const std::byte> data;
  uint64_t at = 0;
};

template <typename... Args>
Status bad(fmt::format_string<Args...> format, Args &&...args) {
  return badInput("tokenizer tables: " +
                  fmt::format(format, std::forward<Args>(args)...));
}

/// What no reader of the tables looks at again: ids in range, bytes that join.
Status checkTables(const TokenizerTables &t) {
  auto known = [&](uint32_t id) { return t.has(id, Flag::Known); };
  for (unsigned b = 0; b < 256; ++b) {
    uint32_t id = t.byteTokens[b];
    if (!known(id) || t.token(id).size() != 1 || uint8_t(t.token(id)[0]) != b)
      return bad("byte {} has token {}, which is not that byte", b, id);
  }
  for (size_t i = 0; i < t.merges.size(); ++i) {
    const TokenizerTables::Merge &m = t.merges[i];
    if (!known(m.left) || !known(m.right) || !known(m.result))
      return bad("merge {} ({} + {} -> {}) names an id that no token has", i,
                 m.left, m.right, m.result);
    std::string_view left = t.token(m.left), right = t.token(m.right),
                     result = t.token(m.result);
    if (left.empty() || right.empty() ||
        result.size() != left.size() + right.size() ||
        !result.starts_with(left) || !result.ends_with(right))
      return bad(
          "merge {} ({} + {} -> {}) does not join the bytes of its parts", i,
          m.left, m.right, m.result);
  }
  std::unordered_set<std::string_view> contents;
  for (const TokenizerTables::Added &a : t.added) {
    if (!known(a.id))
      return bad("added token {} has id {}, which no token has",
                 inQuotes(a.content), a.id);
    if (findInvalidUtf8(a.content))
      return bad("added token {} is not UTF-8", a.id);
    if (!contents.insert(a.content).second)
      return bad("added token {} appears twice", inQuotes(a.content));
  }
  return {};
}

} // namespace

std::string writeTokenizerTables(const TokenizerTables &t) {
  std::string out;
  auto count = [](const auto &list) {
    return static_cast<uint32_t>(list.size());
  };
  for (uint32_t field :
       {magic, version, uint32_t(t.ignoreMerges), t.size(), count(t.merges),
        count(t.added), count(t.patterns), count(t.bytes)})
    put(out, field);
  for (uint32_t id : t.byteTokens)
    put(out, id);
  for (uint32_t end : t.ends)
    put(out, end);
  for (const TokenizerTables::Merge &m : t.merges) {
    put(out, m.left);
    put(out, m.right);
    put(out, m.result);
  }
  for (const TokenizerTables::Added &a : t.added) {
    put(out, a.id);
    put(out, a.normalized);
    put(out, count(a.content));
  }
  for (const std::string &pattern : t.patterns)
    put(out, count(pattern));
  for (uint8_t flags : t.flags)
    out.push_back(static_cast<char>(flags));
  out += t.bytes;
  for (const TokenizerTables::Added &a : t.added)
    out += a.content;
  for (const std::string &pattern : t.patterns)
    out += pattern;
  return out;
}

Result<TokenizerTables> readTokenizerTables(std::span<const std::byte> data) {
  constexpr uint64_t headerBytes = uint64_t(8 + 256) * 4;
  if (data.size() < headerBytes)
    return bad("{} bytes are too few, the header alone has {}", data.size(),
               headerBytes);
  Cursor in(data);
  if (uint32_t found = in.number(); found != magic)
    return bad("the first bytes are {:08x}, not \"SLTK\"", found);
  if (uint32_t found = in.number(); found != version)
    return bad("version {} is unknown, this reader knows {}; compile the model "
               "again",
               found, version);
  uint32_t flags = in.number();
  if (flags > 1)
    return bad("flags {:#x} are unknown", flags);
  uint32_t tokens = in.number(), merges = in.number(), added = in.number(),
           patterns = in.number(), bytes = in.number();
  namespace limits = tokenizerLimits;
  if (tokens == 0 || tokens > limits::tokens || merges > limits::merges ||
      added > limits::added || patterns > limits::patterns ||
      bytes > limits::textBytes)
    return bad(
        "{} tokens, {} merges, {} added tokens, {} patterns, {} bytes of "
        "text: over the limits of 1..{}, {}, {}, {}, {}",
        tokens, merges, added, patterns, bytes, limits::tokens, limits::merges,
        limits::added, limits::patterns, limits::textBytes);
  // With these limits the sums stay far below 2^64.
  uint64_t fixed = headerBytes + tokens * 5ull + merges * 12ull +
                   added * 12ull + patterns * 4ull + bytes;
  if (data.size() < fixed)
    return bad("{} bytes for contents that need {}", data.size(), fixed);

  TokenizerTables t;
  t.ignoreMerges = flags & 1;
  for (uint32_t &id : t.byteTokens)
    id = in.number();
  t.ends.resize(tokens);
  uint32_t last = 0;
  for (uint32_t &end : t.ends) {
    end = in.number();
    if (end < last || end > bytes)
      return bad("token ends go from {} to {}, in {} bytes", last, end, bytes);
    last = end;
  }
  if (last != bytes)
    return bad("the last token ends at {} of {} bytes", last, bytes);
  t.merges.resize(merges);
  for (TokenizerTables::Merge &m : t.merges) {
    m.left = in.number();
    m.right = in.number();
    m.result = in.number();
  }
  uint64_t expected = fixed;
  t.added.resize(added);
  std::vector<uint32_t> addedLengths(added), patternLengths(patterns);
  for (uint32_t i = 0; i < added; ++i) {
    t.added[i].id = in.number();
    uint32_t normalized = in.number();
    addedLengths[i] = in.number();
    if (normalized > 1 || addedLengths[i] == 0 ||
        addedLengths[i] > limits::addedLength)
      return bad("added token {} has flag {} and length {}", i, normalized,
                 addedLengths[i]);
    t.added[i].normalized = normalized;
    expected += addedLengths[i];
  }
  for (uint32_t &length : patternLengths) {
    length = in.number();
    if (length == 0 || length > limits::patternLength)
      return bad("a split pattern has {} bytes, 1..{} are possible", length,
                 limits::patternLength);
    expected += length;
  }
  if (data.size() != expected)
    return bad("{} bytes, the counts and lengths in it make {}", data.size(),
               expected);
  t.flags.resize(tokens);
  for (uint8_t &value : t.flags) {
    value = in.byte();
    if (value > 7 || (value && !(value & Flag::Known)))
      return bad("a token has flags {:#x}", value);
  }
  t.bytes = in.text(bytes);
  for (uint32_t i = 0; i < added; ++i)
    t.added[i].content = in.text(addedLengths[i]);
  for (uint32_t length : patternLengths)
    t.patterns.push_back(in.text(length));
  SLUICE_TRY(checkTables(t));
  return t;
}

} // namespace sluice
