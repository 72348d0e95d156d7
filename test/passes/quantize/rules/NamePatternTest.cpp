#include "passes/quantize/rules/NamePattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <string>

namespace sluice {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
  Result<NamePattern> parsed = NamePattern::parse(pattern);
  EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  return parsed.ok() && parsed->matches(name);
}

TEST(NamePatternTest, Letters) {
  EXPECT_TRUE(matches("layers.0.attn.wkv", "layers.0.attn.wkv"));
  EXPECT_FALSE(matches("layers.0.attn.wkv", "layers.0.attn.wkv."));
  EXPECT_FALSE(matches("layers.0.attn.wkv", "layers.0.attn.wk"));
  EXPECT_FALSE(matches("layers.0", "layersX0"));
  EXPECT_FALSE(matches("a", ""));
}

TEST(NamePatternTest, Stars) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*", "anything.at.all"));
  EXPECT_TRUE(matches("*.w1", "layers.0.ffn.experts.3.w1"));
  EXPECT_TRUE(matches("layers.*.w1", "layers.0.w1.w1"));
  EXPECT_TRUE(matches("a*b*c", "abc"));
  EXPECT_TRUE(matches("a**c", "abc"));
  EXPECT_FALSE(matches("a*b*c", "acb"));
  EXPECT_FALSE(matches("*.w1", "w1"));
}

TEST(NamePatternTest, Ranges) {
  for (int layer = 0; layer < 130; ++layer) {
    std::string name = "layers." + std::to_string(layer) + ".attn";
    EXPECT_EQ(matches("layers.[3-17].attn", name), layer >= 3 && layer <= 17);
    EXPECT_EQ(matches("*[3-17].*", name), layer >= 3 && layer <= 17) << name;
    EXPECT_EQ(matches("layers.[0-0].attn", name), layer == 0);
  }
  EXPECT_FALSE(matches("layers.[3-7].attn", "layers.05.attn"));
  EXPECT_FALSE(matches("layers.[3-7].attn", "layers.x.attn"));
  EXPECT_FALSE(matches("layers.[3-7]", "layers.9999999999"));
  EXPECT_TRUE(matches("[1-2].[3-4]", "2.3"));
}

TEST(NamePatternTest, WhatIsNoPattern) {
  EXPECT_FALSE(NamePattern::parse("").ok());
  for (const char *text :
       {"[", "a[", "[]", "[1]", "[-1]", "[1-]", "[1-2", "[a-b]", "[2-1]",
        "[01-2]", "[1-2][", "[1,2]", "[1-9999999999]"}) {
    Result<NamePattern> parsed = NamePattern::parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), StatusCode::InvalidArgument);
    EXPECT_THAT(parsed.status().message(),
                testing::HasSubstr("expected a range of numbers such as [0-3] "
                                   "at character"));
  }
}

// Against a matcher that tries every length of every star.
bool slow(std::string_view pattern, std::string_view name, bool afterDigit) {
  if (pattern.empty())
    return name.empty();
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (pattern[0] == '*') {
    for (size_t length = 0; length <= name.size(); ++length)
      if (slow(pattern.substr(1), name.substr(length),
               length ? digit(name[length - 1]) : afterDigit))
        return true;
    return false;
  }
  if (pattern[0] == '[') { // always [1-12]
    size_t length = 0;
    while (length < name.size() && digit(name[length]))
      ++length;
    if (afterDigit || length == 0 || length > 2 || name[0] == '0')
      return false;
    int value = std::stoi(std::string(name.substr(0, length)));
    return value <= 12 && slow(pattern.substr(6), name.substr(length), true);
  }
  return !name.empty() && name[0] == pattern[0] &&
         slow(pattern.substr(1), name.substr(1), digit(name[0]));
}

TEST(NamePatternTest, AgreesWithTryingEverything) {
  std::mt19937 random(1);
  auto pick = [&](auto... parts) {
    const char *all[] = {parts...};
    return std::string(all[random() % sizeof...(parts)]);
  };
  int matched = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string pattern, name;
    for (unsigned n = random() % 6 + 1; n > 0; --n)
      pattern += pick("*", "a", "1", ".", "[1-12]", "*");
    for (unsigned n = random() % 8; n > 0; --n)
      name += pick("a", "1", ".", "12", "2", "a");
    bool due = slow(pattern, name, false);
    matched += due;
    ASSERT_EQ(matches(pattern, name), due) << pattern << " " << name;
  }
  EXPECT_GT(matched, 5000);
}

TEST(NamePatternTest, ManyStarsTakeNoTime) {
  std::string pattern, name(5000, 'a');
  for (int i = 0; i < 200; ++i)
    pattern += "*a";
  EXPECT_FALSE(matches(pattern + "b", name));
}

} // namespace
} // namespace sluice
