#include "runtime/base/Json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::HasSubstr;

static JsonDocument parsed(std::string_view text) {
  Result<JsonDocument> document = JsonDocument::parse(text, "x.json");
  EXPECT_TRUE(document.ok()) << document.status().message();
  return *std::move(document);
}

static std::string refusal(std::string_view text, JsonLimits limits = {}) {
  Result<JsonDocument> document = JsonDocument::parse(text, "x.json", limits);
  if (document.ok())
    return "accepted";
  EXPECT_EQ(document.status().code(), StatusCode::BadInput);
  return document.status().message();
}

static std::string nested(size_t depth) {
  return std::string(depth, '[') + '1' + std::string(depth, ']');
}

TEST(JsonTest, TypedValuesAreRead) {
  JsonDocument document = parsed(
      R"({"i": -3, "d": 1e-06, "b": true, "s": "a\u00e9\n", "n": null,
          "l": [1, 2], "o": {"k": 7}})");
  Json root = document.root();
  EXPECT_EQ(*root.find("i")->integer(-10, 10), -3);
  EXPECT_EQ(*root.find("i")->number(), -3.0);
  EXPECT_EQ(*root.find("d")->number(), 1e-6);
  EXPECT_EQ(*root.find("b")->boolean(), true);
  EXPECT_EQ(*root.find("s")->string(), "aé\n");
  EXPECT_TRUE(root.find("n")->isNull());
  EXPECT_EQ((*root.find("l")->items()).size(), 2u);
  EXPECT_EQ(*root.find("o")->find("k")->integer(0, 9), 7);
  EXPECT_FALSE(root.find("none").has_value());
  EXPECT_EQ((*root.members())[1].first, "d");
}

TEST(JsonTest, ValuesOutliveTheMoveOfTheirDocument) {
  JsonDocument first = parsed(R"({"s": "text"})");
  Json root = first.root();
  JsonDocument second = std::move(first);
  EXPECT_EQ(*root.find("s")->string(), "text");
}

TEST(JsonTest, FailuresNameFilePathExpectationAndFinding) {
  JsonDocument document = parsed(R"({"a": {"b": ["x", 1.5]}})");
  Json list = *document.root().find("a")->find("b");
  EXPECT_EQ((*list.items())[0].integer(1, 8).status().message(),
            R"(x.json: "a.b[0]": expected an integer from 1 to 8, found "x")");
  EXPECT_EQ((*list.items())[1].integer(1, 8).status().message(),
            R"(x.json: "a.b[1]": expected an integer from 1 to 8, found 1.5)");
  EXPECT_EQ(list.number().status().message(),
            R"(x.json: "a.b": expected a number, found a list of 2)");
  EXPECT_EQ(document.root().string().status().message(),
            "x.json: expected a string, found an object of 1");
  EXPECT_EQ(document.root().get("z").status().message(),
            R"(x.json: expected a key "z", found none)");
  EXPECT_THAT(list.get("z").status().message(),
              HasSubstr("expected an object, found a list of 2"));
  EXPECT_THAT(list.boolean().status().message(),
              HasSubstr("expected true or false"));
}

TEST(JsonTest, IntegersOutsideTheRangeOrTheTypeAreRefused) {
  JsonDocument document =
      parsed(R"({"big": 18446744073709551615, "edge": 8, "over": 9})");
  EXPECT_TRUE(document.root().find("edge")->integer(1, 8).ok());
  EXPECT_THAT(document.root().find("over")->integer(1, 8).status().message(),
              HasSubstr("found 9"));
  EXPECT_THAT(document.root().find("big")->integer(0, 8).status().message(),
              HasSubstr("found 18446744073709551615"));
}

TEST(JsonTest, DepthIsBoundedExactly) {
  EXPECT_EQ(refusal(nested(32)), "accepted");
  EXPECT_THAT(refusal(nested(33)), HasSubstr("at most 32 nested"));
  EXPECT_THAT(refusal(nested(400000)), HasSubstr("at most 32 nested"));
  EXPECT_EQ(refusal(nested(3), {.maxDepth = 3}), "accepted");
  EXPECT_THAT(refusal(nested(4), {.maxDepth = 3}), HasSubstr("at most 3"));
  // The innermost object counts like an array, with or without a scalar in it.
  EXPECT_EQ(refusal(R"([[{"a": 1}]])", {.maxDepth = 3}), "accepted");
  EXPECT_THAT(refusal(R"([[[{"a": 1}]]])", {.maxDepth = 3}),
              HasSubstr("at most 3"));
}

TEST(JsonTest, SizeIsBoundedExactly) {
  EXPECT_EQ(refusal("[1234]", {.maxBytes = 6}), "accepted");
  EXPECT_THAT(refusal("[1234]", {.maxBytes = 5}),
              HasSubstr("at most 5 bytes of JSON, found 6"));
}

TEST(JsonTest, RepeatedKeysAreRefusedAtEveryLevel) {
  EXPECT_THAT(refusal(R"({"a": 1, "a": 1})"), HasSubstr(R"(found "a" twice)"));
  EXPECT_THAT(refusal(R"([{"x": {"b": 1, "c": 2, "b": 3}}])"),
              HasSubstr(R"(found "b" twice)"));
  EXPECT_THAT(refusal(R"({"a": 1, "\u0061": 1})"), HasSubstr("twice"));
  EXPECT_EQ(refusal(R"([{"a": 1}, {"a": 1}])"), "accepted");
}

TEST(JsonTest, WhatIsNoJsonIsRefused) {
  for (std::string_view text :
       {"", " ", "{", "{]", "[1,]", "{\"a\" 1}", "nul", "01", "1 2", "[NaN]",
        "[Infinity]", "[1e999]", "\"a", "\"\\x\"", "\"\\ud800\"", "{'a': 1}"})
    EXPECT_THAT(refusal(text), HasSubstr("x.json: expected JSON")) << text;
  EXPECT_THAT(refusal("[\"\xff\"]"), HasSubstr("expected JSON in UTF-8"));
}

TEST(JsonTest, CanonicalTextDependsOnTheValueOnly) {
  JsonDocument document = parsed(
      R"({"z": [1e4, 10000.0, 10000, 1e-06, 0.000001, -0.0, 1.5e300],
          "a": {"d": "q\"\u0001é", "c": null, "b": [true, false, {}]}})");
  EXPECT_EQ(document.root().canonical(),
            R"({"a":{"b":[true,false,{}],"c":null,"d":"q\"\u0001é"},)"
            R"("z":[10000,10000,10000,1e-06,1e-06,0,1.5e+300]})");
  EXPECT_EQ(parsed("18446744073709551615").root().canonical(),
            "18446744073709551615");
}
