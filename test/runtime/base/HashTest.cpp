#include "runtime/base/Hash.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

using namespace sluice;

TEST(HashTest, TheHashOfNothingIsThePublishedOne) {
  // XXH3_128bits of zero bytes with seed 0, from the xxHash specification.
  EXPECT_EQ(hashBytes(nullptr, 0).hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(HashTest, PiecesHashLikeTheWhole) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += static_cast<char>(i * 131 + i / 7);
  Hash128 whole = hashBytes(text.data(), text.size());
  for (size_t piece : {1, 7, 64, 241, 1024}) {
    Hasher hasher;
    for (size_t at = 0; at < text.size(); at += piece)
      hasher.update(std::string_view(text).substr(at, piece));
    EXPECT_EQ(hasher.hash(), whole) << "pieces of " << piece;
  }
  text[2500] ^= 1;
  EXPECT_NE(hashBytes(text.data(), text.size()), whole);
}

TEST(HashTest, AskingDoesNotEndTheHash) {
  Hasher hasher;
  hasher.update("ab");
  EXPECT_EQ(hasher.hash(), hashBytes("ab", 2));
  hasher.update("c");
  EXPECT_EQ(hasher.hash(), hashBytes("abc", 3));
  EXPECT_EQ(hasher.hash().hex().size(), 32u);
}
