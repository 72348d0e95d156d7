#include "frontend/tokenizer/TokenizerBuilder.h"

#include "frontend/tokenizer/ByteLetters.h"
#include "frontend/tokenizer/SplitRegex.h"
#include "runtime/base/Json.h"
#include "runtime/base/Quote.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/TokenizerTables.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace sluice {
namespace {

namespace limits = tokenizerLimits;
using Flag = TokenizerTables::Flag;

/// `object[key]` must be null, empty text or absent.
Status expectNothing(const Json &object, std::string_view key) {
  std::optional<Json> value = object.find(key);
  if (!value || value->isNull())
    return {};
  if (value->isString() && value->string()->empty())
    return {};
  return value->mismatch("null, since this is not supported");
}

/// `object[key]`, if there, must be `wanted`.
Status expectBool(const Json &object, std::string_view key, bool wanted) {
  std::optional<Json> value = object.find(key);
  if (!value || value->isNull())
    return {};
  SLUICE_ASSIGN(bool found, value->boolean());
  return found == wanted
             ? Status()
             : value->mismatch(wanted ? "true, the only value supported"
                                      : "false, the only value supported");
}

Status expectString(const Json &object, std::string_view key,
                    std::string_view wanted) {
  SLUICE_ASSIGN(Json value, object.get(key));
  SLUICE_ASSIGN(std::string_view found, value.string());
  return found == wanted ? Status()
                         : value.mismatch(fmt::format(
                               "\"{}\", the only value supported", wanted));
}

class Builder {
public:
  explicit Builder(Json root) : root(std::move(root)) {}

  Result<std::string> run() {
    if (!root.isObject())
      return root.mismatch("an object");
    SLUICE_TRY(expectNothing(root, "truncation"));
    SLUICE_TRY(expectNothing(root, "padding"));
    SLUICE_TRY(normalizer());
    SLUICE_TRY(byteLevel("post_processor", /*needed=*/false));
    SLUICE_TRY(byteLevel("decoder", /*needed=*/true));
    SLUICE_TRY(preTokenizer());
    SLUICE_ASSIGN(Json model, root.get("model"));
    SLUICE_TRY(modelOptions(model));
    SLUICE_TRY(vocabulary(model));
    SLUICE_TRY(merges(model));
    SLUICE_TRY(addedTokens());
    SLUICE_TRY(layOut());
    return writeTokenizerTables(tables);
  }

private:
  Status normalizer() {
    std::optional<Json> value = root.find("normalizer");
    if (!value || value->isNull())
      return {};
    SLUICE_TRY(expectString(*value, "type", "Sequence"));
    SLUICE_ASSIGN(Json list, value->get("normalizers"));
    SLUICE_ASSIGN(std::vector<Json> items, list.items());
    return items.empty()
               ? Status()
               : list.mismatch("no normalizer, since none is supported");
  }

  /// A post-processor or decoder: ByteLevel, whose options change offsets only.
  Status byteLevel(std::string_view key, bool needed) {
    std::optional<Json> value = root.find(key);
    if (!needed && (!value || value->isNull()))
      return {};
    SLUICE_ASSIGN(Json object, root.get(key));
    return expectString(object, "type", "ByteLevel");
  }

  Status preTokenizer() {
    SLUICE_ASSIGN(Json value, root.get("pre_tokenizer"));
    SLUICE_TRY(expectString(value, "type", "Sequence"));
    SLUICE_ASSIGN(Json list, value.get("pretokenizers"));
    SLUICE_ASSIGN(std::vector<Json> items, list.items());
    if (items.empty() || items.size() > limits::patterns + 1)
      return list.mismatch(
          fmt::format("up to {} Splits and then ByteLevel", limits::patterns));
    Json last = items.back();
    items.pop_back();
    for (const Json &item : items)
      SLUICE_TRY(split(item));
    SLUICE_TRY(expectString(last, "type", "ByteLevel"));
    // Both default to true where they are absent.
    for (std::string_view key : {"add_prefix_space", "use_regex"}) {
      SLUICE_ASSIGN(Json option, last.get(key));
      SLUICE_ASSIGN(bool on, option.boolean());
      if (on)
        return option.mismatch("false, the only value supported");
    }
    return {};
  }

  Status split(const Json &item) {
    SLUICE_TRY(expectString(item, "type", "Split"));
    SLUICE_TRY(expectString(item, "behavior", "Isolated"));
    SLUICE_TRY(expectBool(item, "invert", false));
    SLUICE_ASSIGN(Json pattern, item.get("pattern"));
    SLUICE_ASSIGN(Json regex, pattern.get("Regex"));
    SLUICE_ASSIGN(std::string_view text, regex.string());
    auto fits = [](std::string_view s) {
      return !s.empty() && s.size() <= limits::patternLength;
    };
    if (!fits(text))
      return regex.error(
          fmt::format("a pattern of {} bytes, 1..{} are possible", text.size(),
                      limits::patternLength));
    Result<std::string> translated = translateSplitRegex(text);
    if (!translated.ok())
      return regex.error(translated.status().message());
    if (!fits(*translated))
      return regex.error(
          fmt::format("the pattern becomes {} bytes long, {} are "
                      "possible",
                      translated->size(), limits::patternLength));
    tables.patterns.push_back(*std::move(translated));
    return {};
  }

  Status modelOptions(const Json &model) {
    SLUICE_TRY(expectString(model, "type", "BPE"));
    for (std::string_view key :
         {"dropout", "unk_token", "continuing_subword_prefix",
          "end_of_word_suffix"})
      SLUICE_TRY(expectNothing(model, key));
    SLUICE_TRY(expectBool(model, "byte_fallback", false));
    if (std::optional<Json> ignore = model.find("ignore_merges")) {
      SLUICE_ASSIGN(tables.ignoreMerges, ignore->boolean());
    }
    return {};
  }

  Status vocabulary(const Json &model) {
    SLUICE_ASSIGN(Json vocab, model.get("vocab"));
    SLUICE_ASSIGN(auto members, vocab.members());
    if (members.empty() || members.size() > limits::tokens)
      return vocab.mismatch(fmt::format("1..{} tokens", limits::tokens));
    tables.byteTokens.fill(TokenizerTables::none);
    for (const auto &[content, value] : members) {
      SLUICE_ASSIGN(int64_t id, value.integer(0, limits::tokens - 1));
      if (!place(uint32_t(id), content))
        return value.error(fmt::format("id {} belongs to another token", id));
      idOf.emplace(content, uint32_t(id));
      Token &token = tokens[id];
      token.flags = Flag::Known | (token.spelled.all ? Flag::Piece : 0);
      if (token.spelled.all && token.spelled.bytes.size() == 1)
        tables.byteTokens[uint8_t(token.spelled.bytes[0])] = uint32_t(id);
    }
    for (unsigned b = 0; b < 256; ++b)
      if (tables.byteTokens[b] == TokenizerTables::none)
        return vocab.error(
            fmt::format("no token for byte {:#04x}, so not every "
                        "text could be written",
                        b));
    return {};
  }

  Status merges(const Json &model) {
    SLUICE_ASSIGN(Json list, model.get("merges"));
    SLUICE_ASSIGN(std::vector<Json> items, list.items());
    if (items.size() > limits::merges)
      return list.mismatch(fmt::format("up to {} merges", limits::merges));
    std::string joined;
    for (const Json &item : items) {
      std::string_view left, right;
      SLUICE_TRY(mergeParts(item, left, right));
      joined.assign(left).append(right);
      uint32_t ids[3];
      std::string_view parts[3] = {left, right, joined};
      for (int i = 0; i < 3; ++i) {
        auto found = idOf.find(parts[i]);
        if (found == idOf.end())
          return item.error(
              fmt::format("{} is not in the vocabulary", inQuotes(parts[i])));
        ids[i] = found->second;
        if (!tokens[ids[i]].spelled.all)
          return item.error(fmt::format("{} has a character that stands for no "
                                        "byte",
                                        inQuotes(parts[i])));
      }
      tables.merges.push_back({ids[0], ids[1], ids[2]});
    }
    return {};
  }

  /// A merge is ["a", "b"] or "a b".
  Status mergeParts(const Json &item, std::string_view &left,
                    std::string_view &right) {
    if (item.isString()) {
      SLUICE_ASSIGN(std::string_view text, item.string());
      size_t space = text.find(' ');
      if (space == text.npos || text.find(' ', space + 1) != text.npos)
        return item.mismatch("two tokens with one space between");
      left = text.substr(0, space);
      right = text.substr(space + 1);
    } else {
      SLUICE_ASSIGN(std::vector<Json> pair, item.items());
      if (pair.size() != 2)
        return item.mismatch("two tokens");
      SLUICE_ASSIGN(left, pair[0].string());
      SLUICE_ASSIGN(right, pair[1].string());
    }
    return left.empty() || right.empty() ? item.mismatch("two tokens")
                                         : Status();
  }

  Status addedTokens() {
    std::optional<Json> list = root.find("added_tokens");
    if (!list || list->isNull())
      return {};
    SLUICE_ASSIGN(std::vector<Json> items, list->items());
    if (items.size() > limits::added)
      return list->mismatch(
          fmt::format("up to {} added tokens", limits::added));
    for (const Json &item : items)
      SLUICE_TRY(addedToken(item));
    return {};
  }

  Status addedToken(const Json &item) {
    for (std::string_view key : {"single_word", "lstrip", "rstrip"})
      SLUICE_TRY(expectBool(item, key, false));
    SLUICE_ASSIGN(Json contentValue, item.get("content"));
    SLUICE_ASSIGN(std::string_view content, contentValue.string());
    if (content.empty() || content.size() > limits::addedLength)
      return contentValue.error(fmt::format(
          "{} bytes, 1..{} are possible", content.size(), limits::addedLength));
    SLUICE_ASSIGN(Json idValue, item.get("id"));
    SLUICE_ASSIGN(int64_t id, idValue.integer(0, limits::tokens - 1));
    SLUICE_ASSIGN(Json normalizedValue, item.get("normalized"));
    SLUICE_ASSIGN(bool normalized, normalizedValue.boolean());
    SLUICE_ASSIGN(Json specialValue, item.get("special"));
    SLUICE_ASSIGN(bool special, specialValue.boolean());

    // Hugging Face does not take the id from here: a token of the vocabulary
    // keeps its id, another gets the next free one. A file that says otherwise
    // would mean two things.
    auto known = idOf.find(content);
    uint32_t size = uint32_t(vocabularySize());
    uint32_t expected = known != idOf.end()
                            ? known->second
                            : std::max(size, uint32_t(lastAdded + 1));
    if (uint32_t(id) != expected)
      return idValue.mismatch(
          fmt::format("{}, the id {} gets", expected, inQuotes(content)));
    if (known == idOf.end() && !place(uint32_t(id), content))
      return idValue.error(fmt::format("id {} belongs to another token", id));
    lastAdded = std::max(lastAdded, id);
    tokens[id].flags |= Flag::Known | (special ? Flag::Special : 0);
    tables.added.push_back({uint32_t(id), normalized, std::string(content)});
    return {};
  }

  /// Gives `id` to `content`; false if it is taken.
  bool place(uint32_t id, std::string_view content) {
    if (id >= tokens.size())
      tokens.resize(size_t(id) + 1);
    if (tokens[id].flags)
      return false;
    tokens[id] = {fromByteLetters(content), Flag::Known};
    return true;
  }
  size_t vocabularySize() const { return idOf.size(); }

  Status layOut() {
    for (const Token &token : tokens) {
      tables.bytes += token.spelled.bytes;
      if (tables.bytes.size() > limits::textBytes)
        return root.error(fmt::format("the tokens have more than {} bytes",
                                      limits::textBytes));
      tables.ends.push_back(uint32_t(tables.bytes.size()));
      tables.flags.push_back(token.flags);
    }
    return {};
  }

  struct Token {
    ByteLetters spelled;
    uint8_t flags = 0; // 0: a gap
  };

  Json root;
  TokenizerTables tables;
  std::vector<Token> tokens;                           // by id
  std::unordered_map<std::string_view, uint32_t> idOf; // of the vocabulary
  int64_t lastAdded = -1;                              // largest id of one
};

} // namespace

Result<std::string> buildTokenizerTables(const std::string &tokenizerJson,
                                         const std::string &fileName) {
  JsonLimits jsonLimits{.maxBytes = size_t(64) << 20, .maxDepth = 32};
  SLUICE_ASSIGN(JsonDocument document,
                JsonDocument::parse(tokenizerJson, fileName, jsonLimits));
  SLUICE_ASSIGN(std::string tables, Builder(document.root()).run());
  // The reader checks what is left: patterns that compile, no pair joined
  // twice.
  Result<Tokenizer> opened =
      Tokenizer::open(std::as_bytes(std::span(tables.data(), tables.size())));
  if (!opened.ok())
    return opened.status().in(fileName);
  return tables;
}

} // namespace sluice
