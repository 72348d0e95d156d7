// Byte pair encoding, held against its definition: the merge of lowest rank
// among all neighbours, leftmost first, until there is none.

#include "runtime/text/BytePairs.h"

#include "test/runtime/text/TestTables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

using namespace sluice;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

using Ids = std::vector<int32_t>;

/// By the definition, quadratic and more.
Ids merged(const TokenizerTables &tables, std::string_view piece) {
  Ids ids;
  for (char c : piece)
    ids.push_back(static_cast<int32_t>(tables.byteTokens[uint8_t(c)]));
  for (;;) {
    size_t best = 0;
    const TokenizerTables::Merge *rule = nullptr;
    for (const TokenizerTables::Merge &m : tables.merges) {
      for (size_t i = 0; i + 1 < ids.size() && !rule; ++i)
        if (uint32_t(ids[i]) == m.left && uint32_t(ids[i + 1]) == m.right) {
          best = i;
          rule = &m;
        }
      if (rule)
        break;
    }
    if (!rule)
      return ids;
    ids[best] = static_cast<int32_t>(rule->result);
    ids.erase(ids.begin() + static_cast<ptrdiff_t>(best) + 1);
  }
}

Ids encoded(const BytePairs &pairs, std::string_view piece,
            BytePairs::Work &work) {
  Ids ids;
  pairs.encode(piece, work, ids);
  return ids;
}

Ids encoded(const BytePairs &pairs, std::string_view piece) {
  BytePairs::Work work;
  return encoded(pairs, piece, work);
}

/// Merges of any two tokens so far, no pair twice.
TokenizerTables randomTables(std::mt19937 &random, std::string_view alphabet) {
  std::vector<std::pair<uint32_t, uint32_t>> merges;
  std::vector<uint32_t> tokens;
  for (char c : alphabet)
    tokens.push_back(uint8_t(c));
  for (int i = 0; i < 60; ++i) {
    std::pair<uint32_t, uint32_t> pair(tokens[random() % tokens.size()],
                                       tokens[random() % tokens.size()]);
    if (std::find(merges.begin(), merges.end(), pair) != merges.end())
      continue;
    tokens.push_back(static_cast<uint32_t>(256 + merges.size()));
    merges.push_back(pair);
  }
  TokenizerTables tables = testTables(merges);
  // A rule may come before those that make its parts.
  std::shuffle(tables.merges.begin(), tables.merges.end(), random);
  return tables;
}

} // namespace

TEST(BytePairsTest, BytesWithoutMergesStandForThemselves) {
  TokenizerTables tables = testTables();
  Result<BytePairs> pairs = BytePairs::create(tables);
  ASSERT_TRUE(pairs.ok());
  EXPECT_THAT(encoded(*pairs, ""), ElementsAre());
  EXPECT_THAT(encoded(*pairs, std::string_view("\0\xff\x80z", 4)),
              ElementsAre(0, 255, 128, 'z'));
  std::string all;
  for (int i = 0; i < 1024; ++i)
    all += static_cast<char>(i);
  Ids ids = encoded(*pairs, all);
  ASSERT_EQ(ids.size(), 1024u);
  for (int i = 0; i < 1024; ++i)
    EXPECT_EQ(ids[i], i % 256);
}

TEST(BytePairsTest, TheLowestRankGoesFirstThenTheLeftmost) {
  // 256 "bc", 257 "ab", 258 "abc" of "ab" and "c", 259 "aa"
  TokenizerTables tables =
      testTables({{'b', 'c'}, {'a', 'b'}, {257, 'c'}, {'a', 'a'}});
  Result<BytePairs> pairs = BytePairs::create(tables);
  ASSERT_TRUE(pairs.ok());
  EXPECT_THAT(encoded(*pairs, "abc"), ElementsAre('a', 256));
  EXPECT_THAT(encoded(*pairs, "abab"), ElementsAre(257, 257));
  EXPECT_THAT(encoded(*pairs, "aaa"), ElementsAre(259, 'a'));
  EXPECT_THAT(encoded(*pairs, "aaaab"), ElementsAre(259, 'a', 257));
}

TEST(BytePairsTest, EveryLengthIsMergedByTheDefinition) {
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    std::string_view alphabet = round % 2 ? "ab" : "abc\xff";
    TokenizerTables tables = randomTables(random, alphabet);
    Result<BytePairs> pairs = BytePairs::create(tables);
    ASSERT_TRUE(pairs.ok()) << pairs.status().message();
    BytePairs::Work work; // shared: what one piece leaves must not matter
    for (int i = 0; i < 60; ++i) {
      // To both sides of where short pieces end (32 bytes).
      std::string piece(i < 40 ? 10 + random() % 45 : random() % 300, ' ');
      for (char &c : piece)
        c = alphabet[random() % alphabet.size()];
      ASSERT_EQ(encoded(*pairs, piece, work), merged(tables, piece))
          << "round " << round << ", " << piece.size() << " bytes";
    }
  }
}

TEST(BytePairsTest, IdsAreAppended) {
  TokenizerTables tables = testTables({{'a', 'b'}});
  Result<BytePairs> pairs = BytePairs::create(tables);
  ASSERT_TRUE(pairs.ok());
  BytePairs::Work work;
  Ids ids = {7};
  pairs->encode("ab", work, ids);
  pairs->encode("ba", work, ids);
  EXPECT_THAT(ids, ElementsAre(7, 256, 'b', 'a'));
}

TEST(BytePairsTest, IgnoreMergesTakesAPieceThatIsAToken) {
  TokenizerTables tables = testTables({{'a', 'b'}, {'b', 'c'}});
  // "abc" is no result of these merges, and neither is what was added.
  tables.bytes += "abc";
  tables.ends.push_back(static_cast<uint32_t>(tables.bytes.size()));
  tables.flags.push_back(TokenizerTables::Known | TokenizerTables::Piece);
  addToken(tables, "abcd");
  for (bool ignore : {false, true}) {
    tables.ignoreMerges = ignore;
    Result<BytePairs> pairs = BytePairs::create(tables);
    ASSERT_TRUE(pairs.ok());
    EXPECT_EQ(encoded(*pairs, "abc"), ignore ? Ids({258}) : Ids({256, 'c'}));
    EXPECT_EQ(encoded(*pairs, "abcd"), Ids({256, 'c', 'd'}));
    EXPECT_EQ(encoded(*pairs, "ab"), Ids({256}));
  }
}

TEST(BytePairsTest, TwoMergesOfOnePairAreRefused) {
  TokenizerTables tables = testTables({{'a', 'b'}, {'b', 'c'}});
  tables.merges.push_back({'a', 'b', 256});
  Result<BytePairs> pairs = BytePairs::create(tables);
  ASSERT_FALSE(pairs.ok());
  EXPECT_EQ(pairs.status().code(), StatusCode::BadInput);
  EXPECT_THAT(pairs.status().message(),
              HasSubstr("merges 0 and 2 join the same pair of tokens, 97 and "
                        "98"));
}

// A million equal letters: with time in the square of the length this would
// take hours. What is left of it must not keep its memory.
TEST(BytePairsTest, ALongPieceTakesAsLongAsItsLength) {
  std::vector<std::pair<uint32_t, uint32_t>> merges = {{'a', 'a'}};
  for (uint32_t id = 256; id < 270; ++id)
    merges.emplace_back(id, id);
  TokenizerTables tables = testTables(merges);
  Result<BytePairs> pairs = BytePairs::create(tables);
  ASSERT_TRUE(pairs.ok());
  BytePairs::Work work;
  std::string piece((1 << 20) + 5, 'a');
  Ids ids = encoded(*pairs, piece, work);
  EXPECT_EQ(work.symbols.capacity(), 0u);
  ASSERT_EQ(ids.size(), 32u + 2u); // of 2^15 letters each, then 4 and 1
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(ids[i], 270);
  EXPECT_EQ(ids[32], 257);
  EXPECT_EQ(ids[33], 'a');
}
