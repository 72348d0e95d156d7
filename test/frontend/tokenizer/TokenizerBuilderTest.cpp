// tokenizer.json to tables: what the file says is what the tokenizer does.

#include "frontend/tokenizer/TokenizerBuilder.h"

#include "runtime/base/MappedFile.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/TokenizerTables.h"
#include "test/frontend/tokenizer/TokenizerText.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::ElementsAre;

namespace {

TokenizerTables tablesOf(const std::string &json) {
  Result<std::string> bytes = buildTokenizerTables(json, "t.json");
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  if (!bytes.ok())
    return TokenizerTables();
  Result<TokenizerTables> tables =
      readTokenizerTables(std::as_bytes(std::span(*bytes)));
  EXPECT_TRUE(tables.ok()) << tables.status().message();
  return *std::move(tables);
}

TokenizerTables tablesOf(const TokenizerText &json) {
  return tablesOf(json.text());
}

std::vector<int32_t> idsOf(const TokenizerText &json, std::string_view text) {
  Result<std::string> bytes = buildTokenizerTables(json.text(), "t.json");
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  if (!bytes.ok())
    return {};
  Result<Tokenizer> tokenizer =
      Tokenizer::open(std::as_bytes(std::span(*bytes)));
  EXPECT_TRUE(tokenizer.ok());
  Result<std::vector<int32_t>> ids = tokenizer->encode(text, {});
  EXPECT_TRUE(ids.ok());
  return *ids;
}

} // namespace

TEST(TokenizerBuilderTest, AllOfTheFileIsInTheTables) {
  TokenizerTables tables = tablesOf(TokenizerText());
  ASSERT_EQ(tables.size(), 259u);
  for (uint32_t byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(tables.byteTokens[byte], byte);
    EXPECT_EQ(tables.token(byte), std::string(1, static_cast<char>(byte)));
    EXPECT_TRUE(tables.has(byte, TokenizerTables::Piece));
  }
  EXPECT_EQ(tables.token(257), "abc");
  EXPECT_FALSE(tables.has(257, TokenizerTables::Special));
  ASSERT_EQ(tables.merges.size(), 2u);
  EXPECT_EQ(tables.merges[1].left, 256u);
  EXPECT_EQ(tables.merges[1].right, uint32_t('c'));
  EXPECT_EQ(tables.merges[1].result, 257u);
  ASSERT_EQ(tables.added.size(), 1u);
  EXPECT_EQ(tables.added[0].id, 258u);
  EXPECT_EQ(tables.added[0].content, "<s>");
  EXPECT_FALSE(tables.added[0].normalized);
  EXPECT_TRUE(tables.has(258, TokenizerTables::Special));
  EXPECT_FALSE(tables.has(258, TokenizerTables::Piece));
  EXPECT_THAT(tables.patterns, ElementsAre("\\p{N}"));
  EXPECT_FALSE(tables.ignoreMerges);
}

TEST(TokenizerBuilderTest, TheTokenizerDoesWhatTheFileSays) {
  TokenizerText json;
  EXPECT_THAT(idsOf(json, "abc1ab<s>é"),
              ElementsAre(257, '1', 256, 258, 0xC3, 0xA9));
}

TEST(TokenizerBuilderTest, MergesMayBeTextWithASpace) {
  TokenizerText json;
  json.replace(R"(["ab","c"])", R"("ab c")");
  EXPECT_THAT(idsOf(json, "abcab"), ElementsAre(257, 256));
}

TEST(TokenizerBuilderTest, TheOrderOfMergesIsTheirRank) {
  TokenizerText json;
  json.replace("\"abc\":257", "\"abc\":257,\"bc\":258,\"x\\u0120\":259")
      .replace(R"("id":258)", R"("id":260)")
      .replace(R"([["a","b"],)", R"([["b","c"],["x","Ġ"],["a","b"],)");
  EXPECT_THAT(idsOf(json, "abcx "), ElementsAre('a', 258, 259));
}

TEST(TokenizerBuilderTest, IgnoreMergesIsKept) {
  TokenizerText json;
  json.replace(R"("ignore_merges":false)", R"("ignore_merges":true)")
      .replace(R"("abc":257)", R"("abc":257,"cba":258)")
      .replace(R"("id":258)", R"("id":259)");
  EXPECT_TRUE(tablesOf(json).ignoreMerges);
  EXPECT_THAT(idsOf(json, "cba"), ElementsAre(258));
}

TEST(TokenizerBuilderTest, WhatIsAbsentOrEmptyAsksForNothing) {
  for (auto [from, to] : std::vector<std::pair<const char *, const char *>>{
           {R"("truncation":null,)", ""},
           {R"("normalizer":null)",
            R"("normalizer":{"type":"Sequence","normalizers":[]})"},
           {R"("post_processor":null)",
            R"("post_processor":{"type":"ByteLevel","trim_offsets":false})"},
           {R"("unk_token":null)", R"("unk_token":"")"},
           {R"("dropout":null,)", ""},
           {R"("ignore_merges":false,)", ""},
           {R"("fuse_unk":false)", R"("fuse_unk":true)"},
           {R"("invert":false)", R"("invert":null)"},
           {R"("version":"1.0")", R"("version":"2.0","new":[1,{"a":2}])"}}) {
    TokenizerText json;
    EXPECT_THAT(idsOf(json.replace(from, to), "abc1<s>"),
                ElementsAre(257, '1', 258))
        << to;
  }
}

TEST(TokenizerBuilderTest, AddedTokensMayBeAbsent) {
  TokenizerText json;
  size_t begin = json.text().find("\"added_tokens\":");
  std::string list = json.text().substr(
      begin, json.text().find("],\"normalizer\"") + 2 - begin);
  for (const char *instead :
       {"", "\"added_tokens\":null,", "\"added_tokens\":[],"}) {
    TokenizerText other;
    TokenizerTables tables = tablesOf(other.replace(list, instead));
    EXPECT_EQ(tables.size(), 258u);
    EXPECT_TRUE(tables.added.empty());
  }
}

// A token of the vocabulary keeps its id and can still be written by merges.
TEST(TokenizerBuilderTest, AnAddedTokenMayBeOfTheVocabulary) {
  TokenizerText json;
  json.replace(R"("id":258,"content":"<s>")", R"("id":256,"content":"ab")");
  TokenizerTables tables = tablesOf(json);
  EXPECT_EQ(tables.size(), 258u);
  EXPECT_TRUE(tables.has(256, TokenizerTables::Special));
  EXPECT_TRUE(tables.has(256, TokenizerTables::Piece));
  EXPECT_THAT(idsOf(json, "abc"), ElementsAre(256, 'c'));
}

TEST(TokenizerBuilderTest, IdsMayLeaveGaps) {
  TokenizerText json;
  json.replace(R"("abc":257)", R"("abc":400)");
  TokenizerTables tables = tablesOf(json);
  EXPECT_EQ(tables.size(), 401u);
  EXPECT_FALSE(tables.has(257, TokenizerTables::Known));
  EXPECT_FALSE(tables.has(399, TokenizerTables::Known));
  EXPECT_EQ(tables.token(400), "abc");
  EXPECT_EQ(tables.token(258), "<s>");
}

// A token that is not written in byte letters is no piece: text never becomes
// it, but it has a text.
TEST(TokenizerBuilderTest, OtherLettersAreThemselves) {
  TokenizerText json;
  json.replace(R"("abc":257)", R"("abc":257,"日 ":258)")
      .replace(R"("id":258)", R"("id":259)")
      .replace(R"("ignore_merges":false)", R"("ignore_merges":true)");
  TokenizerTables tables = tablesOf(json);
  EXPECT_EQ(tables.token(258), "日 ");
  EXPECT_FALSE(tables.has(258, TokenizerTables::Piece));
  EXPECT_EQ(idsOf(json, "日 ").size(), 4u);
}

TEST(TokenizerBuilderTest, TheBundledModelIsRead) {
  Result<MappedFile> file =
      MappedFile::open(SLUICE_TEST_DATA "/models/tiny-v4/tokenizer.json");
  ASSERT_TRUE(file.ok());
  TokenizerTables tables = tablesOf(std::string(file->text()));
  EXPECT_EQ(tables.size(), 4096u);
  EXPECT_EQ(tables.added.size(), 8u);
  EXPECT_EQ(tables.patterns.size(), 3u);
  EXPECT_EQ(tables.token(0), "<｜begin▁of▁sentence｜>");
  EXPECT_EQ(tables.merges.size(), 4096u - 256 - 8);
}
