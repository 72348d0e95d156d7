// Text cut by patterns, one after another: matches and what lies between.

#include "runtime/text/SplitPatterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::HasSubstr;

namespace {

using Pieces = std::vector<std::string>;

Pieces piecesOf(const std::vector<std::string> &patterns,
                const std::string &text) {
  Result<SplitPatterns> compiled = SplitPatterns::compile(patterns);
  EXPECT_TRUE(compiled.ok()) << compiled.status().message();
  Result<SplitPatterns::Run> run = compiled->start();
  EXPECT_TRUE(run.ok());
  std::vector<uint32_t> ends;
  Status status = run->split(text, 0, ends);
  EXPECT_TRUE(status.ok()) << status.message();
  Pieces pieces;
  uint32_t begin = 0;
  for (uint32_t end : ends) {
    pieces.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  EXPECT_EQ(begin, text.size()) << "the pieces are not all of the text";
  return pieces;
}

std::string refusal(const std::string &pattern) {
  Result<SplitPatterns> compiled = SplitPatterns::compile({"a", pattern});
  if (compiled.ok())
    return "accepted";
  EXPECT_EQ(compiled.status().code(), StatusCode::BadInput);
  return compiled.status().message();
}

} // namespace

TEST(SplitPatternsTest, MatchesAndWhatLiesBetween) {
  EXPECT_EQ(piecesOf({}, "abc"), Pieces({"abc"}));
  EXPECT_EQ(piecesOf({"b"}, "abcbb"), Pieces({"a", "b", "c", "b", "b"}));
  EXPECT_EQ(piecesOf({"b+"}, "abbc"), Pieces({"a", "bb", "c"}));
  EXPECT_EQ(piecesOf({"x"}, "abc"), Pieces({"abc"}));
  EXPECT_EQ(piecesOf({"."}, ""), Pieces());
  EXPECT_EQ(piecesOf({}, ""), Pieces());
}

TEST(SplitPatternsTest, EachPatternCutsThePiecesOfTheOneBefore) {
  EXPECT_EQ(piecesOf({"\\p{N}{1,3}", "[a-z]+"}, "ab12345cd!"),
            Pieces({"ab", "123", "45", "cd", "!"}));
  EXPECT_EQ(piecesOf({"b", "abc"}, "abc"), Pieces({"a", "b", "c"}));
  EXPECT_EQ(piecesOf({"abc", "b"}, "abc"), Pieces({"a", "b", "c"}));
}

// What lies outside of a piece is not there for the next pattern.
TEST(SplitPatternsTest, APieceIsASubjectOfItsOwn) {
  EXPECT_EQ(piecesOf({"b", "a(?!b)"}, "aab"), Pieces({"a", "a", "b"}));
  EXPECT_EQ(piecesOf({"a(?!b)"}, "aab"), Pieces({"a", "ab"}));
  EXPECT_EQ(piecesOf({"a", "(?<!a)b"}, "abb"), Pieces({"a", "b", "b"}));
  // Within a piece lookbehind sees what was cut off before it.
  EXPECT_EQ(piecesOf({"(?<!a)b"}, "abb"), Pieces({"ab", "b"}));
}

TEST(SplitPatternsTest, CharactersAreThoseOfUnicode) {
  EXPECT_EQ(piecesOf({"."}, "aé€😀"), Pieces({"a", "é", "€", "😀"}));
  EXPECT_EQ(piecesOf({"\\p{L}+"}, "día日本語1"), Pieces({"día日本語", "1"}));
  EXPECT_EQ(piecesOf({"[^\\p{L}]"}, "a\xEF\xBF\xBF z"),
            Pieces({"a", "\xEF\xBF\xBF", " ", "z"}));
}

// A repeat gives back what the rest of the pattern needs (PCRE2 10.42 forgets
// to where both are what is not in some category).
TEST(SplitPatternsTest, ARepeatGivesBack) {
  EXPECT_EQ(piecesOf({"\\P{L}+\\P{N}"}, "ba \n1"), Pieces({"ba", " \n", "1"}));
  EXPECT_EQ(piecesOf({"\\P{Lu}{1,}\\P{Ll}{1,2}"}, "A--A"),
            Pieces({"A", "--A"}));
}

TEST(SplitPatternsTest, EndsAreAppendedBehindTheBase) {
  Result<SplitPatterns> compiled = SplitPatterns::compile({"b"});
  ASSERT_TRUE(compiled.ok());
  Result<SplitPatterns::Run> run = compiled->start();
  ASSERT_TRUE(run.ok());
  std::vector<uint32_t> ends = {9};
  ASSERT_TRUE(run->split("abc", 10, ends).ok());
  ASSERT_TRUE(run->split("b", 20, ends).ok());
  EXPECT_EQ(ends, (std::vector<uint32_t>{9, 11, 12, 13, 21}));
}

TEST(SplitPatternsTest, APatternThatCannotSplitIsRefused) {
  EXPECT_THAT(refusal("b*"),
              HasSubstr("split pattern \"b*\" can match nothing, so it cannot "
                        "split"));
  EXPECT_THAT(refusal("(?=a)"), HasSubstr("can match nothing"));
  EXPECT_THAT(refusal("(a"), HasSubstr("split pattern \"(a\": missing closing "
                                       "parenthesis (at byte 2)"));
  EXPECT_THAT(refusal("a**+*"), HasSubstr("(at byte "));
  EXPECT_THAT(refusal("\xff"), HasSubstr("UTF-8 error"));
  EXPECT_THAT(refusal("\\C"), HasSubstr("\\C"));
  EXPECT_THAT(refusal(std::string(40, '(') + "a" + std::string(40, ')')),
              HasSubstr("nested"));
}

// Time in the exponent of the length, were it not for a limit.
TEST(SplitPatternsTest, APatternThatTriesTooLongIsGivenUp) {
  Result<SplitPatterns> compiled =
      SplitPatterns::compile({"(?:a|aa)+[bc]", "x"});
  ASSERT_TRUE(compiled.ok());
  Result<SplitPatterns::Run> run = compiled->start();
  ASSERT_TRUE(run.ok());
  std::vector<uint32_t> ends;
  Status status = run->split("b" + std::string(200, 'a'), 0, ends);
  EXPECT_EQ(status.code(), StatusCode::Timeout);
  EXPECT_THAT(status.message(),
              HasSubstr("split pattern \"(?:a|aa)+[bc]\" gave up 0 bytes into "
                        "the text: match limit exceeded"));
  // The next text is another matter.
  ends.clear();
  EXPECT_TRUE(run->split("aab", 0, ends).ok());
  EXPECT_EQ(ends, std::vector<uint32_t>{3});
}

// A plan's patterns are not those that our frontend writes: verbs may hide that
// one matches nothing, which must not go on for ever.
TEST(SplitPatternsTest, AMatchOfNothingIsAnError) {
  for (const char *pattern : {"(?:(*ACCEPT)|a)b", "ab\\K"}) {
    Result<SplitPatterns> compiled = SplitPatterns::compile({pattern});
    ASSERT_TRUE(compiled.ok()) << pattern; // else it needs no test
    Result<SplitPatterns::Run> run = compiled->start();
    ASSERT_TRUE(run.ok());
    std::vector<uint32_t> ends;
    Status status = run->split("cabab", 0, ends);
    EXPECT_EQ(status.code(), StatusCode::BadInput) << pattern;
    EXPECT_THAT(status.message(), HasSubstr("matched nothing 0 bytes into the "
                                            "text, so it cannot split"));
  }
}
