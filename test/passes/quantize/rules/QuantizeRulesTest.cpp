#include "passes/quantize/rules/QuantizeRules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing::HasSubstr;

QuantizeRules parse(std::string_view text) {
  Result<QuantizeRules> rules = QuantizeRules::parse(text);
  EXPECT_TRUE(rules.ok()) << rules.status().message();
  return rules.ok() ? *rules : QuantizeRules();
}

std::string formatOf(QuantizeRules &rules, std::string_view name) {
  bool isExpert = name.find(".experts.") != std::string_view::npos;
  Result<BlockFormat> format = rules.formatOf(
      name, isExpert ? WeightClass::Experts : WeightClass::Dense);
  return format.ok() ? std::string(formatName(*format))
                     : format.status().message();
}

constexpr std::string_view dense = "layers.1.attn.wq_a.weight";
constexpr std::string_view expert = "layers.1.ffn.experts.7.w1.weight";

TEST(QuantizeRulesTest, Classes) {
  for (auto [text, ofDense, ofExpert] :
       {std::tuple("dense=fp8,experts=mxfp4", "fp8", "mxfp4"),
        {"experts=fp8", "none", "fp8"},
        {"dense=fp8", "fp8", "none"},
        {"experts=none,dense=none", "none", "none"},
        {"none", "none", "none"}}) {
    QuantizeRules rules = parse(text);
    EXPECT_EQ(formatOf(rules, dense), ofDense) << text;
    EXPECT_EQ(formatOf(rules, expert), ofExpert) << text;
    EXPECT_TRUE(rules.checkUsed().ok());
  }
}

TEST(QuantizeRulesTest, PatternsWinOverClasses) {
  QuantizeRules rules = parse(
      "layers.[0-1].ffn.experts.*=fp8,dense=fp8,*.wq_a=none,experts=mxfp4");
  EXPECT_EQ(formatOf(rules, expert), "fp8");
  EXPECT_EQ(formatOf(rules, "layers.2.ffn.experts.7.w1.weight"), "mxfp4");
  EXPECT_EQ(formatOf(rules, dense), "none");
  EXPECT_EQ(formatOf(rules, "layers.1.attn.wq_b.weight"), "fp8");
  EXPECT_TRUE(rules.checkUsed().ok());
}

TEST(QuantizeRulesTest, NamesWithAndWithoutWeight) {
  QuantizeRules with = parse("*.wq_a.weight=fp8"),
                without = parse("*.wq_a=fp8");
  EXPECT_EQ(formatOf(with, dense), "fp8");
  EXPECT_EQ(formatOf(without, dense), "fp8");
}

TEST(QuantizeRulesTest, OverlappingPatterns) {
  QuantizeRules rules = parse("layers.[0-3].*=fp8,*.wq_a=none");
  EXPECT_EQ(formatOf(rules, "layers.1.attn.wq_b.weight"), "fp8");
  EXPECT_EQ(formatOf(rules, "layers.4.attn.wq_a.weight"), "none");
  EXPECT_THAT(
      formatOf(rules, dense),
      HasSubstr("\"layers.1.attn.wq_a.weight\" is matched by two patterns, "
                "\"layers.[0-3].*\" and \"*.wq_a\""));
}

TEST(QuantizeRulesTest, UnusedPatterns) {
  QuantizeRules rules = parse("*.wq_a=fp8,layers.[7-9].*=none");
  EXPECT_EQ(formatOf(rules, dense), "fp8");
  Status status = rules.checkUsed();
  EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
  EXPECT_THAT(status.message(),
              HasSubstr("\"layers.[7-9].*\" matches no weight"));
}

TEST(QuantizeRulesTest, Mxfp4IsForExperts) {
  EXPECT_THAT(QuantizeRules::parse("dense=mxfp4").status().message(),
              HasSubstr("dense: mxfp4 is a format of routed experts only"));
  QuantizeRules rules = parse("layers.1.*=mxfp4");
  EXPECT_EQ(formatOf(rules, expert), "mxfp4");
  EXPECT_THAT(formatOf(rules, dense),
              HasSubstr("(by \"layers.1.*\"): mxfp4 is a format of routed"));
}

TEST(QuantizeRulesTest, WhatIsNoRule) {
  for (auto [text, sentence] :
       {std::pair("", "expected CLASS=FORMAT or PATTERN=FORMAT"),
        {"fp8", "found \"fp8\""},
        {"dense", "found \"dense\""},
        {"dense=", "found \"dense=\""},
        {"dense=fp4", "found \"dense=fp4\""},
        {"dense=FP8", "found \"dense=FP8\""},
        {"dense=fp8,", "found \"\""},
        {"dense=fp8,,experts=fp8", "found \"\""},
        {"dense =fp8", "found \"dense \""},
        {"=fp8", "expected dense, experts or a pattern"},
        {"expert=fp8", "expected dense, experts or a pattern such as "
                       "layers.[0-2].*, found \"expert\""},
        {"dense=fp8,dense=fp8", "expected dense once, found it twice"},
        {"experts=fp8,experts=mxfp4", "expected experts once"},
        {"layers.[0-x]=fp8", "at character 8 of the pattern"},
        {"none,dense=fp8", "found \"none\""}}) {
    Result<QuantizeRules> rules = QuantizeRules::parse(text);
    ASSERT_FALSE(rules.ok()) << text;
    EXPECT_EQ(rules.status().code(), StatusCode::InvalidArgument);
    EXPECT_THAT(rules.status().message(), HasSubstr(sentence)) << text;
  }
}

TEST(QuantizeRulesTest, OneSpelling) {
  EXPECT_EQ(parse("experts=mxfp4").text(), "dense=none,experts=mxfp4");
  EXPECT_EQ(parse("a.*=fp8,dense=fp8").text(),
            "dense=fp8,experts=none,a.*=fp8");
  EXPECT_EQ(parse(parse("a.*=fp8,dense=fp8").text()).text(),
            "dense=fp8,experts=none,a.*=fp8");
}

} // namespace
} // namespace sluice
