// Text of bytes that come in parts: the parts do not matter.

#include "runtime/text/TextDecoder.h"

#include "runtime/text/TokenizerTables.h"
#include "runtime/text/Utf8.h"
#include "test/runtime/text/TestTables.h"

#include <gtest/gtest.h>

#include <random>

using namespace sluice;

namespace {

Tokenizer opened(const TokenizerTables &tables) {
  std::string bytes = writeTokenizerTables(tables);
  Result<Tokenizer> tokenizer =
      Tokenizer::open(std::as_bytes(std::span(bytes)));
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  return *std::move(tokenizer);
}

const Tokenizer &byteTokenizer() {
  static const Tokenizer tokenizer = opened(testTables());
  return tokenizer;
}

/// The text of all bytes at once, by Unicode's rule (3.9, "substitution of
/// maximal subparts"): a byte at which no well-formed sequence starts, or the
/// longest start of one, becomes one U+FFFD. By trial of the table's
/// rows, so it shares nothing with nextUtf8.
std::string atOnce(std::string_view bytes) {
  auto matches = [](uint8_t b, int low, int high) {
    return b >= low && b <= high;
  };
  // Table 3-7: first to last byte of each position, 0 where there is none.
  constexpr int forms[9][4][2] = {
      {{0x00, 0x7F}, {}, {}, {}},
      {{0xC2, 0xDF}, {0x80, 0xBF}, {}, {}},
      {{0xE0, 0xE0}, {0xA0, 0xBF}, {0x80, 0xBF}, {}},
      {{0xE1, 0xEC}, {0x80, 0xBF}, {0x80, 0xBF}, {}},
      {{0xED, 0xED}, {0x80, 0x9F}, {0x80, 0xBF}, {}},
      {{0xEE, 0xEF}, {0x80, 0xBF}, {0x80, 0xBF}, {}},
      {{0xF0, 0xF0}, {0x90, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}},
      {{0xF1, 0xF3}, {0x80, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}},
      {{0xF4, 0xF4}, {0x80, 0x8F}, {0x80, 0xBF}, {0x80, 0xBF}}};
  std::string text;
  for (size_t at = 0; at < bytes.size();) {
    size_t longest = 1;
    bool whole = false;
    for (const auto &form : forms) {
      size_t length = 0, wanted = 0;
      while (wanted < 4 && form[wanted][1] != 0)
        ++wanted;
      while (length < wanted && at + length < bytes.size() &&
             matches(uint8_t(bytes[at + length]), form[length][0],
                     form[length][1]))
        ++length;
      whole |= length == wanted;
      longest = std::max(longest, length);
    }
    if (whole)
      text += bytes.substr(at, longest);
    else
      text += "\xEF\xBF\xBD";
    at += longest;
  }
  return text;
}

/// Characters of every length, starts of some, and bytes that are none.
std::string randomBytes(std::mt19937 &random) {
  static const std::string parts[] = {"a",
                                      "\n",
                                      std::string(1, '\0'),
                                      "é",
                                      "\u07ff",
                                      "€",
                                      "\ufffd",
                                      "\uffff",
                                      "😀",
                                      "\U0010ffff",
                                      "\xf0\x9f",
                                      "\xe2\x82",
                                      "\xc3",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xc0\x80",
                                      "\xff\xfe",
                                      "\x80",
                                      "\xf0\x9f\x98",
                                      "\xe0\x80"};
  std::string bytes;
  for (size_t i = random() % 12; i-- > 0;)
    if (random() % 5 == 0)
      bytes += static_cast<char>(random());
    else
      bytes += parts[random() % std::size(parts)];
  return bytes;
}

} // namespace

TEST(TextDecoderTest, KnownTexts) {
  auto decoded = [](std::string_view bytes) {
    std::string text;
    TextDecoder decoder(byteTokenizer());
    decoder.addBytes(bytes, text);
    decoder.finish(text);
    return text;
  };
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("a€😀"), "a€😀");
  EXPECT_EQ(decoded("\xF0\x9F\x98"), "\uFFFD");
  EXPECT_EQ(decoded("\xF0\x9F\x98x"), "\uFFFDx");
  EXPECT_EQ(decoded("\xF0\x9F\xF0\x9F\x98\x80"), "\uFFFD😀");
  EXPECT_EQ(decoded("\xC0\x80"), "\uFFFD\uFFFD");
  EXPECT_EQ(decoded("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  // The example of Unicode's table 3-8.
  EXPECT_EQ(decoded("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"),
            "a\uFFFD\uFFFD\uFFFDb\uFFFDc\uFFFD\uFFFDd");
}

// Any bytes, cut anywhere, with empty parts too, give the text of all at once;
// what came out is UTF-8 at every moment.
TEST(TextDecoderTest, SplitsDoNotChangeTheText) {
  std::mt19937 random(13);
  for (int round = 0; round < 20000; ++round) {
    const std::string bytes = randomBytes(random);
    const std::string expected = atOnce(bytes);
    TextDecoder decoder(byteTokenizer());
    std::string text;
    for (size_t at = 0; at < bytes.size();) {
      size_t part = random() % (round % 2 ? 3 : 9);
      decoder.addBytes(std::string_view(bytes).substr(at, part), text);
      at += std::min(part, bytes.size() - at);
      ASSERT_FALSE(findInvalidUtf8(text)) << "round " << round;
      ASSERT_TRUE(expected.starts_with(text)) << "round " << round;
      // Not more than the start of one character waits.
      ASSERT_GE(text.size() + 3, atOnce(bytes.substr(0, at)).size());
    }
    decoder.finish(text);
    ASSERT_EQ(text, expected) << "round " << round;
    // The decoder is as new: nothing of this text is left in it.
    text.clear();
    decoder.addBytes("\x80", text);
    decoder.finish(text);
    ASSERT_EQ(text, "\uFFFD");
  }
}

// The same with tokens that cut characters: one by one and at once.
TEST(TextDecoderTest, TokensOneByOneAreTheTextOfAll) {
  // 256 "\xf0\x9f", 257 "\x98\x80", 258 "😀", 259 "\x80a"
  TokenizerTables tables =
      testTables({{0xF0, 0x9F}, {0x98, 0x80}, {256, 257}, {0x80, 'a'}});
  uint32_t special = addToken(tables, "<s>", true);
  addToken(tables, "<t>");
  Tokenizer tokenizer = opened(tables);
  std::mt19937 random(14);
  for (int round = 0; round < 5000; ++round) {
    std::vector<int32_t> ids(random() % 12);
    for (int32_t &id : ids)
      id = random() % 2 ? static_cast<int32_t>(255 + random() % 8)
                        : static_cast<int32_t>(random() % 256);
    for (bool skipSpecial : {true, false}) {
      std::string bytes, text;
      TextDecoder decoder(tokenizer, skipSpecial);
      for (int32_t id : ids) {
        decoder.add(id, text);
        bool left = skipSpecial && id == static_cast<int32_t>(special);
        if (!left && id < static_cast<int32_t>(tables.size()))
          bytes += tables.token(static_cast<uint32_t>(id));
      }
      decoder.finish(text);
      ASSERT_EQ(text, atOnce(bytes)) << "round " << round;
      ASSERT_EQ(tokenizer.decode(ids, skipSpecial), text);
    }
  }
}

TEST(TextDecoderTest, AnIdWithoutATokenAddsNothing) {
  TextDecoder decoder(byteTokenizer());
  std::string text;
  for (int32_t id : {0xE2, -1, 256, INT32_MAX, INT32_MIN, 0x82, 0xAC})
    decoder.add(id, text);
  EXPECT_EQ(text, "€");
}
