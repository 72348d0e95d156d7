#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice {

/// A small tokenizer.json: bytes 0..255 (id = byte), "ab" 256, "abc" 257, the
/// special token "<s>" 258, one split. Tests replace parts of its text.
class TokenizerText {
public:
  TokenizerText() {
    content =
        R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[)"
        R"({"id":258,"content":"<s>","single_word":false,"lstrip":false,)"
        R"("rstrip":false,"normalized":false,"special":true}],)"
        R"("normalizer":null,"pre_tokenizer":{"type":"Sequence",)"
        R"("pretokenizers":[{"type":"Split","pattern":{"Regex":"\\p{N}"},)"
        R"("behavior":"Isolated","invert":false},{"type":"ByteLevel",)"
        R"("add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},)"
        R"("post_processor":null,"decoder":{"type":"ByteLevel",)"
        R"("add_prefix_space":true,"trim_offsets":true,"use_regex":true},)"
        R"("model":{"type":"BPE","dropout":null,"unk_token":null,)"
        R"("continuing_subword_prefix":null,"end_of_word_suffix":null,)"
        R"("fuse_unk":false,"byte_fallback":false,"ignore_merges":false,)"
        R"("vocab":{)" +
        bytes() + R"(,"ab":256,"abc":257},"merges":[["a","b"],["ab","c"]]}})";
  }

  /// The text with `from`, which must be there, replaced by `to`.
  TokenizerText &replace(std::string_view from, std::string_view to) {
    size_t at = content.find(from);
    if (at == std::string::npos)
      ADD_FAILURE() << "no " << from;
    else
      content.replace(at, from.size(), to);
    return *this;
  }
  const std::string &text() const { return content; }

  /// The letter of `byte`, as GPT-2 writes it, escaped for JSON.
  static std::string letter(unsigned byte) {
    bool plain = (byte >= 0x21 && byte <= 0x7E) ||
                 (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    unsigned point = byte;
    if (!plain) // the others follow one another from U+0100
      point = 0x100 + (byte <= 0x20   ? byte
                       : byte <= 0xA0 ? byte - 0x7F + 0x21
                                      : 0x43);
    if (point == '"' || point == '\\')
      return {'\\', static_cast<char>(point)};
    if (point < 0x80)
      return {static_cast<char>(point)};
    return {static_cast<char>(0xC0 | point >> 6),
            static_cast<char>(0x80 | (point & 0x3F))};
  }

private:
  static std::string bytes() {
    std::string members;
    for (unsigned byte = 0; byte < 256; ++byte)
      members +=
          (byte ? ",\"" : "\"") + letter(byte) + "\":" + std::to_string(byte);
    return members;
  }
  std::string content;
};

} // namespace sluice
