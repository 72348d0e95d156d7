#include "runtime/text/Tokenizer.h"

#include "runtime/text/AddedTokens.h"
#include "runtime/text/BytePairs.h"
#include "runtime/text/SplitPatterns.h"
#include "runtime/text/TextDecoder.h"
#include "runtime/text/TokenizerTables.h"
#include "runtime/text/Utf8.h"

#include <fmt/format.h>

#include <new>

namespace sluice {
namespace {

constexpr size_t longestText = 128u << 20;

} // namespace

struct Tokenizer::Impl {
  std::unique_ptr<TokenizerTables> tables;
  AddedTokens plainAdded, normalizedAdded;
  SplitPatterns patterns;
  BytePairs pairs;

  /// One encode() at work.
  struct Encoding {
    const Impl &impl;
    std::string_view text;
    bool parseSpecial;
    SplitPatterns::Run split;
    BytePairs::Work work;
    std::vector<uint32_t> ends;
    std::vector<int32_t> ids;

    /// Calls `rest(begin, end)` for what lies between added tokens.
    template <typename Rest>
    Status cut(const AddedTokens &added, size_t begin, size_t end, Rest rest) {
      std::string_view upTo = text.substr(0, end);
      size_t at = begin, from = begin;
      while (std::optional<AddedTokens::Match> m = added.find(upTo, from)) {
        from = m->end;
        if (!parseSpecial && impl.tables->has(m->id, TokenizerTables::Special))
          continue;
        SLUICE_TRY(rest(at, m->begin));
        ids.push_back(int32_t(m->id));
        at = from;
      }
      return rest(at, end);
    }

    Status plain(size_t begin, size_t end) {
      ends.clear();
      SLUICE_TRY(
          split.split(text.substr(begin, end - begin), uint32_t(begin), ends));
      for (uint32_t pieceEnd : ends) {
        impl.pairs.encode(text.substr(begin, pieceEnd - begin), work, ids);
        begin = pieceEnd;
      }
      return {};
    }

    Status all() {
      return cut(impl.plainAdded, 0, text.size(), [&](size_t b, size_t e) {
        return cut(impl.normalizedAdded, b, e,
                   [&](size_t begin, size_t end) { return plain(begin, end); });
      });
    }
  };

  Result<std::vector<int32_t>> encode(std::string_view text,
                                      const EncodeOptions &options) const {
    if (text.size() > longestText)
      return invalidArgument(fmt::format("the text has {} bytes, more than the "
                                         "{} that are encoded at once",
                                         text.size(), longestText));
    if (std::optional<size_t> at = findInvalidUtf8(text))
      return invalidArgument(
          fmt::format("the text is not UTF-8: byte {} is {:#04x}", *at,
                      uint8_t(text[*at])));
    SLUICE_ASSIGN(SplitPatterns::Run split, patterns.start());
    Encoding encoding{*this, text, options.parseSpecial, std::move(split), {},
                      {},    {}};
    if (options.bos >= 0)
      encoding.ids.push_back(options.bos);
    SLUICE_TRY(encoding.all());
    return std::move(encoding.ids);
  }
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer &&) noexcept = default;
Tokenizer &Tokenizer::operator=(Tokenizer &&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::open(std::span<const std::byte> data) try {
  SLUICE_ASSIGN(TokenizerTables read, readTokenizerTables(data));
  // BytePairs points into the tables, so they must be in their place first.
  auto tables = std::make_unique<TokenizerTables>(std::move(read));
  SLUICE_ASSIGN(SplitPatterns patterns,
                SplitPatterns::compile(tables->patterns));
  SLUICE_ASSIGN(BytePairs pairs, BytePairs::create(*tables));
  AddedTokens plain(*tables, false), normalized(*tables, true);
  return Tokenizer(std::unique_ptr<Impl>(
      new Impl{std::move(tables), std::move(plain), std::move(normalized),
               std::move(patterns), std::move(pairs)}));
} catch (const std::bad_alloc &) {
  return outOfMemory("no memory for the tokenizer");
}

Result<std::vector<int32_t>>
Tokenizer::encode(std::string_view text, const EncodeOptions &options) const
    try {
  return impl->encode(text, options);
} catch (const std::bad_alloc &) {
  return outOfMemory(fmt::format("no memory to encode {} bytes", text.size()));
}

std::string Tokenizer::decode(std::span<const int32_t> ids,
                              bool skipSpecial) const {
  std::string text;
  TextDecoder decoder(*this, skipSpecial);
  for (int32_t id : ids)
    decoder.add(id, text);
  decoder.finish(text);
  return text;
}

uint32_t Tokenizer::size() const { return impl->tables->size(); }

bool Tokenizer::has(int32_t id) const {
  return id >= 0 && impl->tables->has(uint32_t(id), TokenizerTables::Known);
}

bool Tokenizer::isSpecial(int32_t id) const {
  return id >= 0 && impl->tables->has(uint32_t(id), TokenizerTables::Special);
}

std::string_view Tokenizer::bytesOf(int32_t id) const {
  return has(id) ? impl->tables->token(uint32_t(id)) : std::string_view();
}

} // namespace sluice
