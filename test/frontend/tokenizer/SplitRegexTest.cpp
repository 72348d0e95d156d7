// Split patterns as Oniguruma reads them, rewritten for PCRE2. That they mean
// the same is tried with random ones by split_regex_equals_hf.py.

#include "frontend/tokenizer/SplitRegex.h"

#include "runtime/text/SplitPatterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::HasSubstr;

namespace {

constexpr const char *space =
    R"(\x09-\x0d\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029})"
    R"(\x{202f}\x{205f}\x{3000})";

std::string translated(std::string_view pattern) {
  Result<std::string> result = translateSplitRegex(pattern);
  if (!result.ok())
    return result.status().message();
  return *result;
}

std::string refusal(std::string_view pattern) {
  Result<std::string> result = translateSplitRegex(pattern);
  if (result.ok())
    return "accepted: " + *result;
  EXPECT_EQ(result.status().code(), StatusCode::BadInput);
  EXPECT_THAT(result.status().message(), testing::StartsWith("the split "
                                                             "pattern \""));
  return result.status().message();
}

} // namespace

TEST(SplitRegexTest, WhatMeansTheSameStays) {
  for (const char *same :
       {R"(\p{N}{1,3})", "[一-龥぀-ゟ゠-ヿ]+", "abc|d",
        "(?:a|b)+?(?!c)(?<=b)", "(?=a)(?<!b)c", "[^a-z]?b*+c??",
        "a{2}b{1,}c{0,1000}", "(a)(b)", R"(\.\*\[\]\{\}\(\)\|\^\$\?\+\\)",
        R"([\]\[\-\\^])", "]", "}", "é€😀", R"(\r\n\t\f)",
        R"([^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)", "[a-]", "[-a]",
        R"([\p{L}-])", "#x y"})
    if (std::string(same) == R"([\p{L}-])")
      EXPECT_EQ(translated(same), R"([\p{L}\-])");
    else
      EXPECT_EQ(translated(same), same);
}

TEST(SplitRegexTest, ClassesAreWrittenOut) {
  std::string s = space;
  EXPECT_EQ(translated("\\s"), "[" + s + "]");
  EXPECT_EQ(translated("\\S+"), "[^" + s + "]+");
  EXPECT_EQ(translated("\\s+(?!\\S)"), "[" + s + "]+(?![^" + s + "])");
  EXPECT_EQ(translated("[^\\sa]"), "[^" + s + "a]");
  EXPECT_EQ(translated("[\\s-]"), "[" + s + "\\-]");
  EXPECT_EQ(translated("\\d[\\d]"), "\\p{Nd}[\\p{Nd}]");
  EXPECT_EQ(translated("\\v[\\v]"), "\\x0b[\\x0b]");
}

// White space is Unicode's property, where PCRE2's own \s has U+180E too.
TEST(SplitRegexTest, WhiteSpaceIsThatOfUnicode) {
  Result<SplitPatterns> compiled =
      SplitPatterns::compile({translated("\\s"), translated("\\S")});
  ASSERT_TRUE(compiled.ok());
  Result<SplitPatterns> only = SplitPatterns::compile({translated("\\s")});
  Result<SplitPatterns::Run> run = only->start();
  for (const char *c :
       {"\t", "\n", "\v", "\f", "\r", " ", "\u0085", "\u00a0", "\u1680",
        "\u2000", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"}) {
    std::vector<uint32_t> ends;
    ASSERT_TRUE(run->split(c + std::string("x"), 0, ends).ok());
    EXPECT_EQ(ends.size(), 2u) << c;
  }
  for (const char *c : {"\u180e", "\u200b", "\ufeff", "\u2060", "\x1f", "\x08",
                        "\u0084", "\u0086", "a", "_"}) {
    std::vector<uint32_t> ends;
    ASSERT_TRUE(run->split(c + std::string("x"), 0, ends).ok());
    EXPECT_EQ(ends.size(), 1u) << c;
  }
}

TEST(SplitRegexTest, WhatMayMeanSomethingElseIsRefused) {
  struct Bad {
    const char *pattern, *why;
  };
  for (const Bad &bad : std::vector<Bad>{
           {"a.b", "\".\", \"^\" and \"$\" are not supported (at byte 1)"},
           {"^a", "not supported (at byte 0)"},
           {"a$", "not supported (at byte 1)"},
           {"(a", "a group is not closed (at byte 2)"},
           {"a)", "a group is closed that was not opened (at byte 1)"},
           {"(?i:a)", "only the groups ( (?: (?= (?! (?<= (?<! are supported"},
           {"(?<name>a)", "only the groups"},
           {"(?>a)", "only the groups"},
           {"(?#c)a", "only the groups"},
           {"*a", "nothing to repeat (at byte 0)"},
           {"a|+", "nothing to repeat (at byte 2)"},
           {"(?:*)", "nothing to repeat (at byte 3)"},
           {"a**", "nothing to repeat (at byte 2)"},
           {"a+{2}", "nothing to repeat"},
           {"{1}", "nothing to repeat"},
           {"a{,2}", "expected {n}, {n,} or {n,m} with numbers up to 1000"},
           {"a{1001}", "numbers up to 1000"},
           {"a{1,99999}", "numbers up to 1000"},
           {"a{1", "expected {n}"},
           {"a{}", "expected {n}"},
           {"a{x}", "expected {n}"},
           {"a{1,2}?", "a lazy or possessive {n,m} means different things"},
           {"a{2}+", "a lazy or possessive {n,m}"},
           {"[]a]", "an empty set (at byte 1)"},
           {"[^]a]", "an empty set (at byte 2)"},
           {"[a[b]]", "a set inside a set"},
           {"[[:alpha:]]", "a set inside a set"},
           {"[a&&b]", "a set inside a set"},
           {"[a", "a set is not closed (at byte 2)"},
           {"[\\s-a]", "a range that begins or ends with a class"},
           {"[a-\\d]", "a range that begins or ends with a class"},
           {"[\\S]", "\\S in a set"},
           {"a\\", "a \"\\\" at the end (at byte 1)"},
           {"[\\", "a \"\\\" at the end"},
           {"\\w", "an escape that is not supported (at byte 0)"},
           {"\\b", "an escape that is not supported"},
           {"\\x41", "an escape that is not supported"},
           {"\\1", "an escape that is not supported"},
           {"\\é", "an escape that is not supported"},
           {"\\p{Han}", "expected \\p{..} with a general category"},
           {"\\p{^L}", "expected \\p{..} with a general category"},
           {"\\pL", "expected \\p{..} with a general category"},
           {"\\p{L", "expected \\p{..} with a general category"},
           {"\\P{}", "expected \\p{..} with a general category"},
           {"\\p", "expected \\p{..} with a general category"}})
    EXPECT_THAT(refusal(bad.pattern), HasSubstr(bad.why)) << bad.pattern;
}

TEST(SplitRegexTest, TheSentenceFitsATerminal) {
  std::string message = refusal("\x1b[31m\n" + std::string(4000, 'x') + "(");
  EXPECT_LT(message.size(), 400u);
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_EQ(message.find('\n'), std::string::npos);
}
