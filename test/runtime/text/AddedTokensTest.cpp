// Added tokens in text: the leftmost, of those the longest.

#include "runtime/text/AddedTokens.h"

#include "test/runtime/text/TestTables.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

using namespace sluice;

namespace {

struct Found {
  size_t begin, end;
  std::string content;
  bool operator==(const Found &) const = default;
};

std::ostream &operator<<(std::ostream &out, const Found &f) {
  return out << f.begin << ".." << f.end << ' ' << f.content;
}

TokenizerTables tablesOf(const std::vector<std::string> &contents) {
  TokenizerTables tables = testTables();
  for (const std::string &content : contents)
    addToken(tables, content);
  return tables;
}

/// All matches, one behind the other.
std::vector<Found> foundIn(const TokenizerTables &tables, std::string_view text,
                           size_t from = 0) {
  AddedTokens added(tables, false);
  std::vector<Found> all;
  while (std::optional<AddedTokens::Match> m = added.find(text, from)) {
    all.push_back({m->begin, m->end, std::string(tables.token(m->id))});
    from = m->end;
  }
  return all;
}

/// The same by trying every content at every place.
std::vector<Found> expectedIn(const std::vector<std::string> &contents,
                              std::string_view text) {
  std::vector<Found> all;
  for (size_t at = 0; at < text.size();) {
    std::string longest;
    for (const std::string &c : contents)
      if (text.substr(at).starts_with(c) && c.size() > longest.size())
        longest = c;
    if (!longest.empty())
      all.push_back({at, at + longest.size(), longest});
    at += std::max<size_t>(longest.size(), 1);
  }
  return all;
}

using All = std::vector<Found>;

} // namespace

TEST(AddedTokensTest, WithoutTokensNothingIsFound) {
  AddedTokens none(testTables(), false);
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(none.find("<a>", 0));
  EXPECT_FALSE(none.find("", 0));
}

TEST(AddedTokensTest, TheLeftmostThenTheLongest) {
  TokenizerTables tables = tablesOf({"<a>", "<a>b", "a", ">bc", "<a>bcde"});
  EXPECT_EQ(foundIn(tables, "<a>"), All({{0, 3, "<a>"}}));
  EXPECT_EQ(foundIn(tables, "x<a>bcd"), All({{1, 5, "<a>b"}}));
  EXPECT_EQ(foundIn(tables, "<a>bcde"), All({{0, 7, "<a>bcde"}}));
  EXPECT_EQ(foundIn(tables, "<>bca"), All({{1, 4, ">bc"}, {4, 5, "a"}}));
  EXPECT_EQ(foundIn(tables, "<<a"), All({{2, 3, "a"}}));
  EXPECT_EQ(foundIn(tables, "<b"), All());
  EXPECT_EQ(foundIn(tables, ""), All());
}

TEST(AddedTokensTest, TheSearchBeginsWhereItIsTold) {
  TokenizerTables tables = tablesOf({"aa", "b"});
  EXPECT_EQ(foundIn(tables, "aaab", 0), All({{0, 2, "aa"}, {3, 4, "b"}}));
  EXPECT_EQ(foundIn(tables, "aaab", 1), All({{1, 3, "aa"}, {3, 4, "b"}}));
  EXPECT_EQ(foundIn(tables, "aaab", 2), All({{3, 4, "b"}}));
  EXPECT_EQ(foundIn(tables, "aaab", 4), All());
}

TEST(AddedTokensTest, BytesAboveAsciiAndNul) {
  using namespace std::string_literals;
  TokenizerTables tables =
      tablesOf({"｜", "｜DSML｜", "é", "\0x"s, "\U0010FFFF"});
  EXPECT_EQ(foundIn(tables, "a｜DSML｜DSML"), All({{1, 11, "｜DSML｜"}}));
  EXPECT_EQ(foundIn(tables, "è\0é\0x\U0010FFFF"s),
            All({{3, 5, "é"}, {5, 7, "\0x"s}, {7, 11, "\U0010FFFF"}}));
}

TEST(AddedTokensTest, OnlyThoseOfTheWantedKind) {
  TokenizerTables tables = testTables();
  uint32_t plain = addToken(tables, "ab", true, false);
  uint32_t normalized = addToken(tables, "abc", false, true);
  AddedTokens first(tables, false), second(tables, true);
  EXPECT_EQ(first.find("abc", 0)->id, plain);
  EXPECT_EQ(second.find("abc", 0)->id, normalized);
  EXPECT_FALSE(second.find("ab", 0));
}

TEST(AddedTokensTest, RandomOnesAreThoseOfATrialOfAll) {
  std::mt19937 random(12);
  const std::string_view letters = "ab<\xc3";
  auto word = [&](size_t longest) {
    std::string s(1 + random() % longest, ' ');
    for (char &c : s)
      c = letters[random() % letters.size()];
    return s;
  };
  for (int round = 0; round < 500; ++round) {
    std::set<std::string> contents;
    for (size_t i = random() % 20; i-- > 0;)
      contents.insert(word(6));
    std::vector<std::string> list(contents.begin(), contents.end());
    std::shuffle(list.begin(), list.end(), random);
    std::string text = word(60);
    ASSERT_EQ(foundIn(tablesOf(list), text), expectedIn(list, text))
        << "round " << round;
  }
}
