#include "runtime/base/Quote.h"

#include <gtest/gtest.h>

using namespace sluice;

TEST(QuoteTest, ControlBytesAndQuotesAreEscaped) {
  EXPECT_EQ(inQuotes("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(inQuotes("x\n\x1b[31m"), R"("x\x0a\x1b[31m")");
  EXPECT_EQ(inQuotes("é"), "\"é\"");
  EXPECT_EQ(inQuotes(""), "\"\"");
}

TEST(QuoteTest, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(inQuotes(std::string(500, 'a')),
            "\"" + std::string(120, 'a') + "\"...");
  // The two-byte é straddles byte 120, so it goes whole.
  std::string text = std::string(119, 'a') + "é" + std::string(50, 'b');
  EXPECT_EQ(inQuotes(text), "\"" + std::string(119, 'a') + "\"...");
}

TEST(QuoteTest, BeginningsEndBetweenCharacters) {
  const std::string euros = "a\xe2\x82\xac\xe2\x82\xac"; // 1 + 3 + 3 bytes
  for (size_t most : {0, 1, 2, 3, 4, 5, 6, 7, 8})
    EXPECT_EQ(beginningOf(euros, most).size(), most == 0  ? 0u
                                               : most < 4 ? 1u
                                               : most < 7 ? 4u
                                                          : 7u);
}
