// Text to ids and back: added tokens, splits and merges together. That the ids
// are those of Hugging Face is the matter of tokenizer_equals_hf.py.

#include "runtime/text/Tokenizer.h"

#include "runtime/text/TokenizerTables.h"
#include "test/runtime/text/TestTables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

using namespace sluice;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

Result<Tokenizer> open(const TokenizerTables &tables) {
  std::string bytes = writeTokenizerTables(tables);
  return Tokenizer::open(std::as_bytes(std::span(bytes)));
}

/// 256 "ab", 257 "abab", 258 "<s>" special, 259 "<n>" not, 260 "ba" normalized,
/// 261 "<s>x" not special
class TokenizerTest : public testing::Test {
protected:
  TokenizerTest() : tokenizer(make()) {}

  static Tokenizer make() {
    TokenizerTables tables = testTables({{'a', 'b'}, {256, 256}});
    tables.patterns = {"\\p{N}", " ?[a-z]+"};
    addToken(tables, "<s>", true);
    addToken(tables, "<n>");
    addToken(tables, "ba", false, true);
    addToken(tables, "<s>x");
    Result<Tokenizer> opened = open(tables);
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    return *std::move(opened);
  }

  std::vector<int32_t> ids(std::string_view text,
                           Tokenizer::EncodeOptions options = {}) const {
    Result<std::vector<int32_t>> ids = tokenizer.encode(text, options);
    EXPECT_TRUE(ids.ok()) << ids.status().message();
    return ids.ok() ? *ids : std::vector<int32_t>{-1};
  }

  Tokenizer tokenizer;
};

} // namespace

TEST_F(TokenizerTest, PiecesAreMergedEachAlone) {
  EXPECT_THAT(ids(""), ElementsAre());
  EXPECT_THAT(ids("ab"), ElementsAre(256));
  EXPECT_THAT(ids("ab ab1ab"), ElementsAre(256, ' ', 256, '1', 256));
  EXPECT_THAT(ids("é"), ElementsAre(0xC3, 0xA9));
  EXPECT_THAT(ids(std::string_view("\0ab", 3)), ElementsAre(0, 256));
}

TEST_F(TokenizerTest, AddedTokensAreCutOutFirst) {
  EXPECT_THAT(ids("<s>ab<n>"), ElementsAre(258, 256, 259));
  EXPECT_THAT(ids("a<s>b"), ElementsAre('a', 258, 'b'));
  EXPECT_THAT(ids("<s>x<s>"), ElementsAre(261, 258));
  // Normalized ones in what is left: "ba" goes before any merge of "ab".
  EXPECT_THAT(ids("aba"), ElementsAre('a', 260));
  EXPECT_THAT(ids("b<n>a"), ElementsAre('b', 259, 'a'));
}

TEST_F(TokenizerTest, PlainTextSpellsNoSpecialToken) {
  EXPECT_THAT(ids("<s>ab<n>", {.parseSpecial = false}),
              ElementsAre('<', 's', '>', 256, 259));
  EXPECT_THAT(ids("<s>x", {.parseSpecial = false}), ElementsAre(261));
  EXPECT_THAT(ids("<s><s>", {.parseSpecial = false}),
              ElementsAre('<', 's', '>', '<', 's', '>'));
}

TEST_F(TokenizerTest, TheFirstTokenGoesFirst) {
  EXPECT_THAT(ids("", {.bos = 258}), ElementsAre(258));
  EXPECT_THAT(ids("ab", {.bos = 0}), ElementsAre(0, 256));
  EXPECT_THAT(ids("<s>ab", {.bos = 258}), ElementsAre(258, 258, 256));
}

TEST_F(TokenizerTest, WhatIsNoTextIsRefused) {
  auto refusal = [&](std::string_view text) {
    Result<std::vector<int32_t>> ids = tokenizer.encode(text, {});
    if (ids.ok())
      return std::string("accepted");
    EXPECT_EQ(ids.status().code(), StatusCode::InvalidArgument);
    return ids.status().message();
  };
  EXPECT_EQ(refusal("ab\xff"), "the text is not UTF-8: byte 2 is 0xff");
  EXPECT_EQ(refusal("é\xed\xa0\x80"), "the text is not UTF-8: byte 2 is 0xed");
  EXPECT_EQ(refusal("\xe2\x82"), "the text is not UTF-8: byte 0 is 0xe2");
  EXPECT_THAT(refusal(std::string((128u << 20) + 1, 'a')),
              HasSubstr("134217729 bytes, more than the 134217728 that are "
                        "encoded at once"));
}

TEST_F(TokenizerTest, IdsAreText) {
  std::vector<int32_t> some = {258, 256, ' ', 0xC3, 0xA9, 259, 0xFF, 999, -1};
  EXPECT_EQ(tokenizer.decode(some), "ab é<n>\uFFFD");
  EXPECT_EQ(tokenizer.decode(some, false), "<s>ab é<n>\uFFFD");
  EXPECT_EQ(tokenizer.decode({}), "");
}

TEST_F(TokenizerTest, TokensCanBeAskedFor) {
  EXPECT_EQ(tokenizer.size(), 262u);
  EXPECT_TRUE(tokenizer.has(0) && tokenizer.has(261));
  EXPECT_FALSE(tokenizer.has(-1) || tokenizer.has(262) ||
               tokenizer.has(INT32_MIN) || tokenizer.has(INT32_MAX));
  EXPECT_TRUE(tokenizer.isSpecial(258));
  EXPECT_FALSE(tokenizer.isSpecial(259) || tokenizer.isSpecial(-1) ||
               tokenizer.isSpecial(262));
  EXPECT_EQ(tokenizer.bytesOf(257), "abab");
  EXPECT_EQ(tokenizer.bytesOf(0xC3), "\xC3");
  EXPECT_EQ(tokenizer.bytesOf(262), "");
}

TEST_F(TokenizerTest, ThreadsMayShareOne) {
  std::string text;
  for (int i = 0; i < 3000; ++i)
    text += i % 7 ? "abab ba1" : "<s>é\n";
  const std::vector<int32_t> expected = ids(text);
  std::vector<std::vector<int32_t>> found(4);
  std::vector<std::thread> threads;
  for (std::vector<int32_t> &mine : found)
    threads.emplace_back([&] { mine = ids(text); });
  for (std::thread &thread : threads)
    thread.join();
  for (const std::vector<int32_t> &mine : found)
    EXPECT_EQ(mine, expected);
}

TEST(TokenizerOpenTest, TablesThatAreNotSoundAreRefused) {
  TokenizerTables tables = testTables({{'a', 'b'}});
  tables.patterns = {"("};
  EXPECT_EQ(open(tables).status().code(), StatusCode::BadInput);
  EXPECT_THAT(open(tables).status().message(),
              HasSubstr("split pattern \"(\""));
  tables.patterns.clear();
  EXPECT_TRUE(open(tables).ok());
  tables.merges.push_back(tables.merges[0]);
  EXPECT_THAT(open(tables).status().message(), HasSubstr("merges 0 and 1"));
  EXPECT_EQ(Tokenizer::open({}).status().code(), StatusCode::BadInput);
}

TEST(TokenizerOpenTest, APatternThatTriesTooLongIsATimeout) {
  TokenizerTables tables = testTables();
  tables.patterns = {"(?:a|aa)+[bc]"};
  Result<Tokenizer> tokenizer = open(tables);
  ASSERT_TRUE(tokenizer.ok());
  Result<std::vector<int32_t>> ids =
      tokenizer->encode("b" + std::string(200, 'a'), {});
  EXPECT_EQ(ids.status().code(), StatusCode::Timeout);
}
