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
