#pragma once

#include "runtime/text/Tokenizer.h"

namespace sluice {

/// Turns tokens into text as they come. Bytes of a character that is not
/// complete yet wait for the next token, so what was returned never changes,
/// and all of it together is what Tokenizer::decode makes of all tokens at
/// once.
class TextDecoder {
public:
  /// `tokenizer` must outlive the decoder.
  explicit TextDecoder(const Tokenizer &tokenizer, bool skipSpecial = true)
      : tokenizer(&tokenizer), skipSpecial(skipSpecial) {}

  /// Appends to `text` what `id` completes. An id that no token has adds
  /// nothing.
  void add(int32_t id, std::string &text);
  /// The same for plain bytes.
  void addBytes(std::string_view bytes, std::string &text);
  /// The end: appends U+FFFD for a character that will stay incomplete.
  void finish(std::string &text);

private:
  const Tokenizer *tokenizer;
  bool skipSpecial;
  std::string waiting; // the start of a character, at most 3 bytes
};

} // namespace sluice
