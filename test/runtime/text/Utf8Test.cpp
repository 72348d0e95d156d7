// UTF-8 by its definition (RFC 3629): a code point has one form, the shortest;
// surrogates and what lies past U+10FFFF have none.

#include "runtime/text/Utf8.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

using namespace sluice;

namespace {

/// The bytes of a code point, from the bit layout.
std::string encoded(uint32_t point) {
  auto tail = [&](int shift) {
    return static_cast<char>(0x80 | (point >> shift & 0x3F));
  };
  if (point < 0x80)
    return {static_cast<char>(point)};
  if (point < 0x800)
    return {static_cast<char>(0xC0 | point >> 6), tail(0)};
  if (point < 0x10000)
    return {static_cast<char>(0xE0 | point >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | point >> 18), tail(12), tail(6), tail(0)};
}

/// Every well-formed sequence, and every proper start of one.
struct Sequences {
  std::set<std::string> whole, starts;
  Sequences() {
    for (uint32_t point = 0; point <= 0x10FFFF; ++point) {
      if (point >= 0xD800 && point <= 0xDFFF)
        continue;
      std::string bytes = encoded(point);
      for (size_t n = 1; n < bytes.size(); ++n)
        starts.insert(bytes.substr(0, n));
      if (bytes.size() < 4) // a million more would only take memory
        whole.insert(bytes);
    }
  }
};

} // namespace

TEST(Utf8Test, EveryCodePointIsWellFormed) {
  for (uint32_t point = 0; point <= 0x10FFFF; ++point) {
    std::string bytes = encoded(point);
    bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    Utf8Step step = nextUtf8(bytes + "\x80");
    ASSERT_EQ(step.kind == Utf8Step::WellFormed, !surrogate) << point;
    ASSERT_EQ(step.length, surrogate ? 1 : bytes.size()) << point;
    ASSERT_EQ(findInvalidUtf8(bytes).has_value(), surrogate) << point;
  }
}

// Of up to three bytes every combination: what the longest start of a
// well-formed sequence is says all that a step says.
TEST(Utf8Test, EveryStartOfThreeBytes) {
  const Sequences all;
  std::string bytes(3, '\0');
  for (uint32_t word = 0; word < 1u << 24; ++word) {
    // Third bytes differ in their class only: one of each is enough.
    if ((word & 0xFF) % 0x10 != 0 && (word & 0xFF) % 0x10 != 0xF)
      continue;
    bytes[0] = static_cast<char>(word >> 16);
    bytes[1] = static_cast<char>(word >> 8);
    bytes[2] = static_cast<char>(word);
    Utf8Step::Kind kind = Utf8Step::IllFormed;
    size_t length = 1;
    for (size_t n = 1; n <= 3; ++n) {
      std::string start = bytes.substr(0, n);
      if (all.whole.contains(start)) {
        kind = Utf8Step::WellFormed;
        length = n;
        break;
      }
      if (!all.starts.contains(start))
        break;
      length = n;
      if (n == 3)
        kind = Utf8Step::Incomplete;
    }
    Utf8Step step = nextUtf8(bytes);
    ASSERT_EQ(step.kind, kind) << std::hex << word;
    ASSERT_EQ(step.length, length) << std::hex << word;
  }
}

TEST(Utf8Test, TheFirstBadByteIsFoundAtEveryOffset) {
  for (size_t before = 0; before < 40; ++before)
    for (std::string bad : {"\xFF", "\x80", "\xC3", "\xE2\x82", "\xC0\x80",
                            "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5"})
      for (const char *good : {"a", "é", "€", "😀"}) {
        std::string text;
        while (text.size() < before)
          text += good;
        size_t at = text.size();
        EXPECT_EQ(findInvalidUtf8(text + bad + "abcdefghijk"), at);
        EXPECT_EQ(findInvalidUtf8(text + bad), at);
        EXPECT_EQ(findInvalidUtf8(text), std::nullopt);
      }
}
