// The alphabet in which byte-level BPE writes bytes.

#include "frontend/tokenizer/ByteLetters.h"

#include <gtest/gtest.h>

#include <set>

using namespace sluice;

TEST(ByteLettersTest, KnownLetters) {
  EXPECT_EQ(fromByteLetters("Ġthe").bytes, " the");
  EXPECT_EQ(fromByteLetters("ĊĊ").bytes, "\n\n");
  EXPECT_EQ(fromByteLetters("Ã©").bytes, "é");
  EXPECT_EQ(fromByteLetters("Ā").bytes, std::string(1, '\0'));
  EXPECT_EQ(fromByteLetters("ġ").bytes, "\x7f");
  EXPECT_EQ(fromByteLetters("ł").bytes, "\xa0");
  EXPECT_EQ(fromByteLetters("Ń").bytes, "\xad");
  EXPECT_EQ(fromByteLetters("ÿ~!").bytes, "\xff~!");
  EXPECT_TRUE(fromByteLetters("").all);
}

// 256 letters and no more, each for a byte of its own.
TEST(ByteLettersTest, EveryByteHasOneLetter) {
  std::set<std::string> bytes;
  for (unsigned point = 1; point < 0x800; ++point) {
    std::string text =
        point < 0x80 ? std::string(1, static_cast<char>(point))
                     : std::string{static_cast<char>(0xC0 | point >> 6),
                                   static_cast<char>(0x80 | (point & 0x3F))};
    ByteLetters found = fromByteLetters(text);
    if (found.all) {
      ASSERT_EQ(found.bytes.size(), 1u) << point;
      EXPECT_TRUE(bytes.insert(found.bytes).second) << point;
    } else {
      EXPECT_EQ(found.bytes, text);
    }
  }
  EXPECT_EQ(bytes.size(), 256u);
}

// One character that is none makes all of the text stand for itself.
TEST(ByteLettersTest, OtherCharactersStayAsTheyAre) {
  for (const char *text : {" ", "a b", "ń", "Ġ｜", "日本", "😀", "\u00a0",
                           "\u00ad", "\x7f", "\n"}) {
    ByteLetters found = fromByteLetters(text);
    EXPECT_FALSE(found.all) << text;
    EXPECT_EQ(found.bytes, text);
  }
}
