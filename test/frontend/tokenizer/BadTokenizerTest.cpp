// tokenizer.json that is damaged or asks for what is not done: each is refused
// with a sentence that names the place, code BadInput (exit code 3).

#include "frontend/tokenizer/TokenizerBuilder.h"

#include "test/frontend/tokenizer/TokenizerText.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::HasSubstr;

namespace {

std::string refusal(const std::string &json) {
  Result<std::string> tables = buildTokenizerTables(json, "t.json");
  if (tables.ok())
    return "accepted";
  EXPECT_EQ(exitCode(tables.status().code()), 3);
  EXPECT_THAT(tables.status().message(), testing::StartsWith("t.json: "));
  EXPECT_LT(tables.status().message().size(), 1000u);
  return tables.status().message();
}

std::string refusal(const TokenizerText &json) { return refusal(json.text()); }

struct Bad {
  std::string from, to, sentence;
};

void expectRefusals(const std::vector<Bad> &cases) {
  for (const Bad &bad : cases)
    EXPECT_THAT(refusal(TokenizerText().replace(bad.from, bad.to)),
                HasSubstr(bad.sentence))
        << bad.from << " -> " << bad.to.substr(0, 200);
}

std::string repeated(const std::string &text, int count) {
  std::string all;
  while (count-- > 0)
    all += text;
  return all;
}

} // namespace

TEST(BadTokenizerTest, TheTextAsItStandsIsAccepted) {
  EXPECT_EQ(refusal(TokenizerText()), "accepted");
}

TEST(BadTokenizerTest, WhatIsNoObjectIsRefused) {
  EXPECT_THAT(refusal(std::string()), HasSubstr("expected JSON"));
  EXPECT_THAT(refusal(std::string("[]")),
              HasSubstr("expected an object, found a list of 0"));
  EXPECT_THAT(refusal(std::string("{}")), HasSubstr("expected a key \""));
  EXPECT_THAT(refusal(std::string(100000, '[')), HasSubstr("expected JSON"));
  EXPECT_THAT(
      refusal("{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}"),
      HasSubstr("at most 32 nested"));
  EXPECT_THAT(refusal("{\"a\":\"" + std::string(64 << 20, 'x') + "\"}"),
              HasSubstr("at most 67108864 bytes of JSON"));
  EXPECT_THAT(refusal(std::string("{\"a\":\"\xff\"}")), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal(std::string("{\"a\":\"\\ud800\"}")),
              HasSubstr("expected JSON"));
}

// Every prefix of the file is refused, and none crashes.
TEST(BadTokenizerTest, CutAnywhereIsRefused) {
  const std::string text = TokenizerText().text();
  for (size_t length = 0; length < text.size(); ++length)
    ASSERT_NE(refusal(text.substr(0, length)), "accepted") << length;
}

TEST(BadTokenizerTest, PartsThatAreNotDoneAreRefused) {
  expectRefusals({
      {R"("truncation":null)", R"("truncation":{"max_length":5})",
       "\"truncation\": expected null, since this is not supported, found"},
      {R"("padding":null)", R"("padding":{})", "\"padding\": expected null"},
      {R"("normalizer":null)", R"("normalizer":{"type":"NFC"})",
       "\"normalizer.type\": expected \"Sequence\", the only value supported, "
       "found \"NFC\""},
      {R"("normalizer":null)",
       R"("normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"}]})",
       "\"normalizer.normalizers\": expected no normalizer, since none is "
       "supported"},
      {R"("post_processor":null)",
       R"("post_processor":{"type":"TemplateProcessing"})",
       "\"post_processor.type\": expected \"ByteLevel\""},
      {R"("decoder":{"type":"ByteLevel")", R"("decoder":{"type":"Metaspace")",
       "\"decoder.type\": expected \"ByteLevel\""},
      {R"("decoder":{)", R"("decoder":null,"x":{)", "\"decoder\""},
      {R"("decoder":{)", R"("x":{)", "expected a key \"decoder\""},
      {R"("pre_tokenizer":{)", R"("pre_tokenizer":null,"x":{)",
       "\"pre_tokenizer\""},
      {R"("pre_tokenizer":{"type":"Sequence")",
       R"("pre_tokenizer":{"type":"Whitespace")",
       "\"pre_tokenizer.type\": expected \"Sequence\""},
  });
}

TEST(BadTokenizerTest, SplitsThatAreNotDoneAreRefused) {
  const std::string split =
      R"({"type":"Split","pattern":{"Regex":"a"},"behavior":"Isolated"},)";
  expectRefusals({
      {R"("type":"Split")", R"("type":"Digits")",
       "\"pre_tokenizer.pretokenizers[0].type\": expected \"Split\""},
      {R"("behavior":"Isolated")", R"("behavior":"Removed")",
       "pretokenizers[0].behavior\": expected \"Isolated\""},
      {R"("invert":false)", R"("invert":true)",
       "pretokenizers[0].invert\": expected false, the only value supported, "
       "found true"},
      {R"({"Regex":"\\p{N}"})", R"({"String":"a"})",
       "expected a key \"Regex\""},
      {R"("\\p{N}")", R"("a*")", "can match nothing, so it cannot split"},
      {R"("\\p{N}")", R"("\\w")",
       "\"pre_tokenizer.pretokenizers[0].pattern.Regex\": the split pattern "
       "\"\\\\w\" cannot be used: an escape that is not supported (at byte "
       "0)"},
      {R"("\\p{N}")", R"("[z-a]")", "range out of order"},
      {R"("\\p{N}")", R"("(?<=a+)b")", "lookbehind"},
      {R"("\\p{N}")", R"("")", "a pattern of 0 bytes, 1..4096 are possible"},
      {R"("\\p{N}")", "\"" + std::string(4097, 'a') + "\"",
       "a pattern of 4097 bytes"},
      {R"("\\p{N}")", "\"" + repeated("\\\\s", 1000) + "\"",
       "bytes long, 4096 are possible"},
      {R"("\\p{N}")",
       "\"" + repeated("(?:", 40) + "a" + repeated(")", 40) + "\"", "nested"},
      {R"([{"type":"Split")", "[" + repeated(split, 8) + R"({"type":"Split")",
       "expected up to 8 Splits and then ByteLevel, found a list of 10"},
      {R"(,{"type":"ByteLevel","add_prefix_space":false)",
       R"(],"x":[{"type":"ByteLevel","add_prefix_space":false)",
       "pretokenizers[0].type\": expected \"ByteLevel\""},
      {R"("add_prefix_space":false)", R"("add_prefix_space":true)",
       "pretokenizers[1].add_prefix_space\": expected false"},
      {R"(,"use_regex":false)", "", "expected a key \"use_regex\""},
      {R"("use_regex":false)", R"("use_regex":true)",
       "pretokenizers[1].use_regex\": expected false"},
  });
}

TEST(BadTokenizerTest, ModelsThatAreNotDoneAreRefused) {
  expectRefusals({
      {R"("type":"BPE")", R"("type":"Unigram")",
       "\"model.type\": expected \"BPE\""},
      {R"("dropout":null)", R"("dropout":0.1)",
       "\"model.dropout\": expected null"},
      {R"("unk_token":null)", R"("unk_token":"<unk>")",
       "\"model.unk_token\": expected null"},
      {R"("end_of_word_suffix":null)", R"("end_of_word_suffix":"</w>")",
       "\"model.end_of_word_suffix\": expected null"},
      {R"("continuing_subword_prefix":null)",
       R"("continuing_subword_prefix":"##")", "expected null"},
      {R"("byte_fallback":false)", R"("byte_fallback":true)",
       "\"model.byte_fallback\": expected false"},
      {R"("ignore_merges":false)", R"("ignore_merges":1)",
       "\"model.ignore_merges\": expected "},
      {R"("model":{)", R"("x":{)", "expected a key \"model\""},
      {R"("model":{)", R"("model":[],"x":{)", "\"model\""},
  });
}

TEST(BadTokenizerTest, VocabulariesThatCannotBeAreRefused) {
  expectRefusals({
      {R"("ab":256)", R"("ab":255)",
       "\"model.vocab.ab\": id 255 belongs to another token"},
      {R"("ab":256)", R"("ab":-1)", "expected an integer from 0 to 1048575"},
      {R"("ab":256)", R"("ab":1048576)", "found 1048576"},
      {R"("ab":256)", R"("ab":1.5)", "expected an integer"},
      {R"("ab":256)", R"("ab":"256")", "expected an integer"},
      {R"("ab":256)", R"("a":256)", "found \"a\" twice"},
      {R"("q":113)", R"("qq":113)",
       "\"model.vocab\": no token for byte 0x71, so not every text could be "
       "written"},
      {R"("vocab":{)", R"("vocab":{},"x":{)",
       "expected 1..1048576 tokens, found an object of 0"},
      {R"("vocab":{)", R"("vocab":[],"x":{)", "\"model.vocab\""},
      {R"("vocab":{)", R"("x":{)", "expected a key \"vocab\""},
  });
}

TEST(BadTokenizerTest, MergesThatCannotBeAreRefused) {
  const std::string first = R"(["a","b"])";
  expectRefusals({
      {first, R"(["a","x"])",
       "\"model.merges[0]\": \"ax\" is not in the vocabulary"},
      {first, R"(["aa","b"])", "\"aa\" is not in the vocabulary"},
      {first, R"(["a"])", "expected two tokens, found"},
      {first, R"(["a","b","c"])", "expected two tokens"},
      {first, R"(["","ab"])", "expected two tokens"},
      {first, R"(["a",1])", "expected a string, found 1"},
      {first, R"("ab")", "expected two tokens with one space between"},
      {first, R"("a b c")", "expected two tokens with one space between"},
      {first, R"(" ab")", "expected two tokens"},
      {first, "5", "\"model.merges[0]\""},
      {first, R"(["a","b"],["a","b"])",
       "merges 0 and 1 join the same pair of tokens, 97 and 98"},
      {R"("merges":[)", R"("merges":{},"x":[)", "\"model.merges\""},
      {R"("merges":[)", R"("x":[)", "expected a key \"merges\""},
  });
  TokenizerText other;
  other.replace(R"("abc":257)", R"("abc":257,"日":259,"日a":260)")
      .replace(first, R"(["日","a"])");
  EXPECT_THAT(refusal(other), HasSubstr("\"日\" has a character that stands "
                                        "for no byte"));
}

TEST(BadTokenizerTest, AddedTokensThatCannotBeAreRefused) {
  const std::string token = R"("id":258,"content":"<s>")";
  const std::string two =
      R"("id":258,"content":"<s>","single_word":false,"lstrip":false,)"
      R"("rstrip":false,"normalized":false,"special":true},{)";
  expectRefusals({
      {token, R"("id":300,"content":"<s>")",
       "\"added_tokens[0].id\": expected 258, the id \"<s>\" gets, found 300"},
      {token, R"("id":0,"content":"<s>")", "expected 258"},
      {token, R"("id":258,"content":"ab")",
       "expected 256, the id \"ab\" gets, found 258"},
      {token, R"("id":-1,"content":"<s>")", "expected an integer from 0"},
      {token, R"("content":"<s>")", "expected a key \"id\""},
      {token, R"("id":258)", "expected a key \"content\""},
      {token, R"("id":258,"content":"")", "0 bytes, 1..512 are possible"},
      {token, R"("id":258,"content":")" + std::string(513, 'x') + "\"",
       "513 bytes, 1..512 are possible"},
      {token, two + R"("id":259,"content":"<s>")", "<s>"},
      {token, two + R"("id":258,"content":"<t>")",
       "\"added_tokens[1].id\": expected 259"},
      {R"("single_word":false)", R"("single_word":true)",
       "\"added_tokens[0].single_word\": expected false"},
      {R"("lstrip":false)", R"("lstrip":true)", "lstrip\": expected false"},
      {R"("rstrip":false)", R"("rstrip":true)", "rstrip\": expected false"},
      {R"("normalized":false,)", "", "expected a key \"normalized\""},
      {R"("special":true)", R"("special":1)", "special\": expected "},
      {R"("added_tokens":[)", R"("added_tokens":{},"x":[)", "\"added_tokens\""},
      {R"("added_tokens":[)", R"("added_tokens":[7,)", "\"added_tokens[0]"},
  });
  // Its id is one that the vocabulary left out, then gave away.
  TokenizerText other;
  other.replace(R"("abc":257)", R"("abc":258)");
  EXPECT_THAT(refusal(other), HasSubstr("id 258 belongs to another token"));
}
