// A tokenizer.json of any bytes, or tables with any bytes changed, is refused
// with a sentence or encodes any text, which comes back when it is decoded.
//
// Input: a tokenizer.json, a byte 0, a text. Or "T", changes of three bytes
// each (offset, low byte first; value) to the tables of the first seed, 0, a
// text.

#include "frontend/tokenizer/TokenizerBuilder.h"
#include "runtime/text/TextDecoder.h"
#include "runtime/text/Tokenizer.h"
#include "test/frontend/tokenizer/TokenizerText.h"

#include <cstdint>
#include <cstdlib>

using namespace sluice;

static void require(bool condition) {
  if (!condition)
    std::abort(); // libFuzzer keeps the input
}

static std::span<const std::byte> bytesOf(const std::string &text) {
  return std::as_bytes(std::span(text));
}

/// Encodes and decodes `text`; `lossless`: and finds it again.
static void roundTrip(const Tokenizer &tokenizer, std::string_view text,
                      bool lossless) {
  auto ids = tokenizer.encode(text, {});
  if (!ids.ok()) {
    require(ids.status().message().size() < 4096);
    return;
  }
  std::string streamed, whole = tokenizer.decode(*ids, /*skipSpecial=*/false);
  for (int32_t id : *ids)
    require(tokenizer.has(id));
  TextDecoder decoder(tokenizer, /*skipSpecial=*/false);
  for (int32_t id : *ids)
    decoder.add(id, streamed);
  decoder.finish(streamed);
  require(streamed == whole);
  require(!lossless || whole == text);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view input(reinterpret_cast<const char *>(data), size);
  size_t end = std::min(input.find('\0'), size);
  std::string_view text = input.substr(std::min(end + 1, size));
  if (input.starts_with('T')) {
    static const std::string tables =
        *buildTokenizerTables(TokenizerText().text(), "f");
    std::string changed = tables;
    for (size_t i = 1; i + 3 <= end; i += 3)
      changed[(data[i] | data[i + 1] << 8) % changed.size()] =
          char(data[i + 2]);
    auto tokenizer = Tokenizer::open(bytesOf(changed));
    if (tokenizer.ok())
      roundTrip(*tokenizer, text, /*lossless=*/false);
    return 0;
  }
  auto tables = buildTokenizerTables(std::string(input.substr(0, end)), "f");
  if (!tables.ok()) {
    require(tables.status().code() == StatusCode::BadInput);
    require(tables.status().message().starts_with("f: ") &&
            tables.status().message().size() < 4096);
    return 0;
  }
  auto tokenizer = Tokenizer::open(bytesOf(*tables));
  if (tokenizer.ok())
    roundTrip(*tokenizer, text, /*lossless=*/true);
  return 0;
}
