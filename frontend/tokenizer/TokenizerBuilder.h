#pragma once

#include "runtime/base/Status.h"

#include <string>

namespace sluice {

/// The tables (runtime/text/TokenizerTables.h) of a Hugging Face
/// tokenizer.json: byte-level BPE behind isolated Splits, added tokens without
/// lstrip, rstrip and single_word. `fileName` is for messages. Errors: BadInput
/// for a file that is damaged or does something else; what it asks for is
/// either done exactly or refused.
Result<std::string> buildTokenizerTables(const std::string &tokenizerJson,
                                         const std::string &fileName);

} // namespace sluice
