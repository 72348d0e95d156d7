#include "runtime/text/TextDecoder.h"

#include "runtime/text/Utf8.h"

namespace sluice {

void TextDecoder::add(int32_t id, std::string &text) {
  if (skipSpecial && tokenizer->isSpecial(id))
    return;
  addBytes(tokenizer->bytesOf(id), text);
}

void TextDecoder::addBytes(std::string_view bytes, std::string &text) {
  if (waiting.empty() && !findInvalidUtf8(bytes)) {
    text += bytes;
    return;
  }
  waiting += bytes;
  size_t at = 0;
  while (at < waiting.size()) {
    Utf8Step step = nextUtf8(std::string_view(waiting).substr(at));
    if (step.kind == Utf8Step::Incomplete)
      break;
    if (step.kind == Utf8Step::WellFormed)
      text.append(waiting, at, step.length);
    else
      text += replacementCharacter;
    at += step.length;
  }
  waiting.erase(0, at);
}

void TextDecoder::finish(std::string &text) {
  if (!waiting.empty())
    text += replacementCharacter;
  waiting.clear();
}

} // namespace sluice
