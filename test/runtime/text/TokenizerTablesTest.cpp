// The binary form of a tokenizer: what is written is read again, and what is
// not sound is refused with a sentence.

#include "runtime/text/TokenizerTables.h"

#include "test/runtime/text/TestTables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

using namespace sluice;
using testing::HasSubstr;

namespace {

Result<TokenizerTables> readBack(std::string_view bytes) {
  return readTokenizerTables(std::as_bytes(std::span(bytes)));
}

TokenizerTables someTables() {
  TokenizerTables tables = testTables({{'a', 'b'}, {256, 'c'}});
  tables.patterns = {"\\p{N}{1,3}", "[a-z]+"};
  addToken(tables, "<s>", true);
  addToken(tables, "<é>", false, true);
  // An id that no token has.
  tables.ends.push_back(tables.ends.back());
  tables.flags.push_back(0);
  tables.ignoreMerges = true;
  return tables;
}

std::string refusal(std::string_view bytes) {
  Result<TokenizerTables> read = readBack(bytes);
  if (read.ok())
    return "accepted";
  EXPECT_EQ(read.status().code(), StatusCode::BadInput);
  EXPECT_THAT(read.status().message(),
              testing::StartsWith("tokenizer tables: "));
  EXPECT_LT(read.status().message().size(), 1000u);
  return read.status().message();
}

/// The refusal of tables that `spoil` was let at.
std::string refusal(const std::function<void(TokenizerTables &)> &spoil) {
  TokenizerTables tables = someTables();
  spoil(tables);
  return refusal(writeTokenizerTables(tables));
}

/// The refusal of the same bytes with another number as field `index`.
std::string refusal(size_t index, uint32_t value) {
  std::string bytes = writeTokenizerTables(someTables());
  for (int i = 0; i < 4; ++i)
    bytes[index * 4 + i] = static_cast<char>(value >> (8 * i));
  return refusal(bytes);
}

} // namespace

TEST(TokenizerTablesTest, WhatIsWrittenIsRead) {
  const TokenizerTables tables = someTables();
  std::string bytes = writeTokenizerTables(tables);
  Result<TokenizerTables> read = readBack(bytes);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->ignoreMerges, true);
  EXPECT_EQ(read->byteTokens, tables.byteTokens);
  EXPECT_EQ(read->flags, tables.flags);
  EXPECT_EQ(read->ends, tables.ends);
  EXPECT_EQ(read->bytes, tables.bytes);
  EXPECT_EQ(read->patterns, tables.patterns);
  ASSERT_EQ(read->merges.size(), 2u);
  EXPECT_EQ(read->merges[1].left, 256u);
  EXPECT_EQ(read->merges[1].right, uint32_t('c'));
  EXPECT_EQ(read->merges[1].result, 257u);
  EXPECT_EQ(read->token(257), "abc");
  ASSERT_EQ(read->added.size(), 2u);
  EXPECT_EQ(read->added[1].content, "<é>");
  EXPECT_TRUE(read->added[1].normalized);
  EXPECT_TRUE(read->has(258, TokenizerTables::Special));
  EXPECT_FALSE(read->has(260, TokenizerTables::Known));
  EXPECT_FALSE(read->has(261, TokenizerTables::Known));
  EXPECT_EQ(writeTokenizerTables(*read), bytes);
}

// The layout is that of the comment: a plan of an older release stays readable.
TEST(TokenizerTablesTest, TheHeaderIsLittleEndianAndInOrder) {
  std::string bytes = writeTokenizerTables(someTables());
  auto field = [&](size_t index) {
    uint32_t value = 0;
    for (int i = 3; i >= 0; --i)
      value = value << 8 | uint8_t(bytes[index * 4 + i]);
    return value;
  };
  EXPECT_EQ(bytes.substr(0, 4), "SLTK");
  const uint32_t header[] = {1, 1, 261, 2, 2, 2, 256 + 5 + 3 + 4};
  for (size_t i = 0; i < std::size(header); ++i)
    EXPECT_EQ(field(i + 1), header[i]) << i;
  EXPECT_EQ(field(8 + 'a'), uint32_t('a'));
  EXPECT_EQ(field(8 + 256 + 256), 258u); // the end of "ab"
  EXPECT_EQ(bytes.substr(bytes.size() - 16), "\\p{N}{1,3}[a-z]+");
}

TEST(TokenizerTablesTest, CutAnywhereIsRefused) {
  std::string bytes = writeTokenizerTables(someTables());
  for (size_t length = 0; length < bytes.size(); ++length)
    ASSERT_NE(refusal(std::string_view(bytes).substr(0, length)), "accepted")
        << length;
  EXPECT_THAT(refusal(bytes + '\0'), HasSubstr("the counts and lengths in it"));
  EXPECT_THAT(refusal(""), HasSubstr("0 bytes are too few, the header alone "
                                     "has 1056"));
}

// Where a flip is not noticed it says something else, just as soundly.
TEST(TokenizerTablesTest, AFlippedBitIsRefusedOrMeansSomething) {
  std::string bytes = writeTokenizerTables(someTables());
  size_t refused = 0;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string spoilt = bytes;
    spoilt[bit / 8] = static_cast<char>(spoilt[bit / 8] ^ (1 << bit % 8));
    Result<TokenizerTables> read = readBack(spoilt);
    if (read.ok())
      ASSERT_EQ(writeTokenizerTables(*read), spoilt) << bit;
    else
      ++refused;
  }
  EXPECT_GT(refused, bytes.size() * 7);
}

TEST(TokenizerTablesTest, AHeaderThatCannotBeIsRefused) {
  EXPECT_THAT(refusal(0, 0x4B544C54), HasSubstr("the first bytes are 4b544c54, "
                                                "not \"SLTK\""));
  EXPECT_THAT(refusal(1, 2), HasSubstr("version 2 is unknown, this reader "
                                       "knows 1; compile the model again"));
  EXPECT_THAT(refusal(2, 2), HasSubstr("flags 0x2 are unknown"));
  for (size_t count : {3, 4, 5, 6, 7}) // tokens, merges, added, patterns, bytes
    EXPECT_THAT(refusal(count, 0xffffffff),
                HasSubstr("over the limits of 1..1048576, 2097152, 65536, 8, "
                          "67108864"))
        << count;
  EXPECT_THAT(refusal(3, 0), HasSubstr("0 tokens, 2 merges"));
  EXPECT_THAT(refusal(3, 1u << 20), HasSubstr("bytes for contents that need "));
  EXPECT_NE(refusal(4, 1), "accepted"); // all that follows stands elsewhere
}

TEST(TokenizerTablesTest, TokensThatCannotBeAreRefused) {
  EXPECT_THAT(refusal([](auto &t) { t.byteTokens['a'] = 'b'; }),
              HasSubstr("byte 97 has token 98, which is not that byte"));
  EXPECT_THAT(refusal([](auto &t) { t.byteTokens[0] = 261; }),
              HasSubstr("byte 0 has token 261, which is not that byte"));
  EXPECT_THAT(refusal([](auto &t) { t.flags[7] = 0; }),
              HasSubstr("byte 7 has token 7, which is not that byte"));
  EXPECT_THAT(refusal([](auto &t) { t.flags[7] = 8 | 1; }),
              HasSubstr("a token has flags 0x9"));
  EXPECT_THAT(refusal([](auto &t) { t.flags[7] = TokenizerTables::Special; }),
              HasSubstr("a token has flags 0x4"));
  EXPECT_THAT(refusal([](auto &t) { t.ends[5] = 300; }),
              HasSubstr("token ends go from 5 to 300, in 268 bytes"));
  EXPECT_THAT(refusal([](auto &t) { t.ends[5] = 4; }),
              HasSubstr("token ends go from 5 to 4, in 268 bytes"));
  EXPECT_THAT(refusal([](auto &t) { t.bytes += "x"; }),
              HasSubstr("the last token ends at 268 of 269 bytes"));
}

TEST(TokenizerTablesTest, MergesThatDoNotJoinAreRefused) {
  auto merge = [](uint32_t left, uint32_t right, uint32_t result) {
    return refusal(
        [&](TokenizerTables &t) { t.merges[1] = {left, right, result}; });
  };
  EXPECT_THAT(merge(256, 'd', 257),
              HasSubstr("merge 1 (256 + 100 -> 257) does not join the bytes of "
                        "its parts"));
  EXPECT_THAT(merge('a', 'a', 256), HasSubstr("does not join"));
  EXPECT_THAT(merge('b', 'a', 256), HasSubstr("does not join"));
  EXPECT_THAT(merge('a', 256, 257), HasSubstr("does not join"));
  for (uint32_t none : {260u, 261u, UINT32_MAX}) // no token, out of range
    for (auto [a, b, c] :
         {std::tuple(none, 98u, 256u), {97u, none, 256u}, {97u, 98u, none}})
      EXPECT_THAT(merge(a, b, c), HasSubstr("names an id that no token has"));
}

TEST(TokenizerTablesTest, AddedTokensThatCannotBeAreRefused) {
  EXPECT_THAT(refusal([](auto &t) { t.added[0].id = 260; }),
              HasSubstr("added token \"<s>\" has id 260, which no token has"));
  EXPECT_THAT(refusal([](auto &t) { t.added[0].id = 261; }),
              HasSubstr("has id 261, which no token has"));
  EXPECT_THAT(refusal([](auto &t) { t.added[0].content = "\xff"; }),
              HasSubstr("added token 258 is not UTF-8"));
  EXPECT_THAT(refusal([](auto &t) { t.added[1].content = "<s>"; }),
              HasSubstr("added token \"<s>\" appears twice"));
  EXPECT_THAT(refusal([](auto &t) { t.added[1].content = ""; }),
              HasSubstr("added token 1 has flag 1 and length 0"));
  EXPECT_THAT(refusal([](auto &t) { t.added[0].content.assign(513, 'a'); }),
              HasSubstr("added token 0 has flag 0 and length 513"));
  EXPECT_EQ(refusal([](auto &t) { t.added[0].content.assign(512, 'a'); }),
            "accepted");
}

TEST(TokenizerTablesTest, PatternsThatCannotBeAreRefused) {
  EXPECT_THAT(refusal([](auto &t) { t.patterns[0] = ""; }),
              HasSubstr("a split pattern has 0 bytes, 1..4096 are possible"));
  EXPECT_THAT(refusal([](auto &t) { t.patterns[0].assign(4097, 'a'); }),
              HasSubstr("a split pattern has 4097 bytes"));
  EXPECT_THAT(refusal([](auto &t) { t.patterns.resize(9, "a"); }),
              HasSubstr("9 patterns"));
}
