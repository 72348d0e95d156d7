#pragma once

#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Text to token ids and back, as Hugging Face `tokenizers` does it. Immutable,
/// so threads may share one.
class Tokenizer {
public:
  /// From the tables of a plan (TokenizerTables.h), which are copied and not
  /// trusted. Errors: BadInput, OutOfMemory.
  static Result<Tokenizer> open(std::span<const std::byte> tables);

  struct EncodeOptions {
    /// The id to put first; negative: none.
    int32_t bos = -1;
    /// Whether text that spells a special token ("<think>") becomes that token.
    /// If not it is text like any other.
    bool parseSpecial = true;
  };
  /// The ids of `text`, which may be empty. Errors: InvalidArgument if `text`
  /// is not UTF-8 (the message has the offset of the first bad byte) or longer
  /// than 128 MiB; Timeout or BadInput for a split pattern that cannot split
  /// it; OutOfMemory.
  Result<std::vector<int32_t>> encode(std::string_view text,
                                      const EncodeOptions &options) const;

  /// The text of `ids`. Bytes that are not UTF-8 become U+FFFD; an id that no
  /// token has adds nothing. TextDecoder does the same token by token.
  std::string decode(std::span<const int32_t> ids,
                     bool skipSpecial = true) const;

  /// Ids are below this; not every one need have a token.
  uint32_t size() const;
  bool has(int32_t id) const;
  /// Whether `id` controls (begin, end, roles) rather than spells.
  bool isSpecial(int32_t id) const;
  /// The bytes of `id`, perhaps not whole characters; empty if it has no token.
  std::string_view bytesOf(int32_t id) const;

  Tokenizer(Tokenizer &&) noexcept;
  Tokenizer &operator=(Tokenizer &&) noexcept;
  ~Tokenizer();

private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace sluice
