#pragma once

#include "tools/pack/PackShard.h"

#include <string>

namespace sluice {

/// How much each column of each routed expert's weight counts, from what it is
/// multiplied by while the model `model` reads the text `file` ("-": standard
/// input): the mean square of the column's inputs, in f32, over the tokens that
/// chose the expert. An expert that few chose is drawn towards the mean of its
/// layer. Names as released.
///
/// The model is compiled by the sluice-compile beside this program, to a
/// temporary folder, and evaluated in windows of 512 tokens on `threads`
/// threads. Errors: as the compiler and the runtime have them; Incompatible
/// without a compiler or a tokenizer; Failed when interrupted.
Result<ColumnImportance> calibrate(const std::string &model,
                                   const std::string &file, unsigned threads);

} // namespace sluice
