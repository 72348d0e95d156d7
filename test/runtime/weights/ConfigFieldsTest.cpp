#include "runtime/weights/ConfigFields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

static Result<std::vector<std::pair<std::string, std::string>>>
fields(std::string_view text, std::vector<std::string> keys) {
  return readConfigFields(text, "config.json", keys);
}

TEST(ConfigFieldsTest, DottedKeysReachIntoObjects) {
  auto result = fields(
      R"({"rope": {"main": {"factor": 16.0}}, "list": [1, 2], "none": null})",
      {"rope.main.factor", "list", "none", "rope.main.x", "list.x",
       "rope.x.y"});
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_THAT(*result,
              ElementsAre(Pair("rope.main.factor", "16"), Pair("list", "[1,2]"),
                          Pair("none", "null"), Pair("rope.main.x", ""),
                          Pair("list.x", ""), Pair("rope.x.y", "")));
}

TEST(ConfigFieldsTest, BadTextIsRefused) {
  EXPECT_THAT(fields("[]", {"a"}).status().message(),
              HasSubstr("config.json: expected an object"));
  EXPECT_THAT(fields("{", {"a"}).status().message(),
              HasSubstr("expected JSON"));
  EXPECT_THAT(fields(std::string((1 << 20) + 1, ' '), {}).status().message(),
              HasSubstr("at most 1048576 bytes"));
}
