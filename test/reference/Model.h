#pragma once

#include "test/reference/Weights.h"

namespace sluice::reference {

/// What evaluating some tokens of a sequence gives, a row for each of them.
struct Evaluation {
  Values logits;              // [rows, V]
  std::vector<Values> hidden; // by layer: the streams after it, [rows, n, H]
  /// The smallest gap between a last chosen and a first rejected value, over
  /// every router and indexer; noChoice where none was made.
  Values margin; // [rows]
};

/// One sequence, evaluated as far as it was appended. It keeps every row that
/// attention and compressors ever made, so nothing here depends on rings,
/// chunks or pages.
class Sequence {
public:
  /// Both must outlive the sequence.
  Sequence(const Config &config, const Weights &weights);

  /// Evaluates `ids` as the next tokens. Throws std::runtime_error for an id
  /// outside the vocabulary.
  Evaluation append(std::span<const std::int64_t> ids);

  std::int64_t length() const { return theLength; }

private:
  /// What one compressor has seen and made.
  struct CompressorRows {
    Values c, z, entries;
  };
  struct LayerRows {
    Values kv;
    CompressorRows entries, keys;
  };

  /// One layer over the rows of an append.
  struct Pass;

  const Config &config;
  const Weights &weights;
  std::vector<LayerRows> layers;
  std::int64_t theLength = 0;
};

/// Greedy tokens after a prompt whose last row of logits is given (ties: the
/// smaller id); appends all but the last to the sequence.
std::vector<std::int64_t> continueGreedily(Sequence &sequence, View lastLogits,
                                           int count);

} // namespace sluice::reference
