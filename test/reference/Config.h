#pragma once

#include "test/reference/HyperConnections.h"
#include "test/reference/Rope.h"

#include <string>

namespace sluice::reference {

enum class AttentionKind {
  Sliding, // the window only
  Sparse,  // and the entries that the indexer picks
  Heavy,   // and every closed entry
};

struct LayerConfig {
  AttentionKind attention = AttentionKind::Sliding;
  std::int64_t rate = 0; // tokens an entry; 0: no entries
  bool hashRouted = false;
};

/// The numbers of config.json that the model's function depends on.
struct Config {
  std::int64_t vocabulary = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t headWidth = 0;
  std::int64_t ropeChannels = 0;
  std::int64_t queryRank = 0;
  std::int64_t outGroups = 0;
  std::int64_t outRank = 0;
  std::int64_t experts = 0;
  std::int64_t chosen = 0; // experts a token
  std::int64_t inner = 0;  // width of an expert
  std::int64_t window = 0;
  std::int64_t streams = 0;
  std::int64_t indexHeads = 0;
  std::int64_t indexWidth = 0;
  std::int64_t indexTop = 0;
  double normEpsilon = 1e-6;
  double limit = 10;
  double routedScale = 1.5;
  HcNumbers hc;
  Rope mainRope, compressRope;
  std::vector<LayerConfig> layers;

  const Rope &ropeOf(const LayerConfig &layer) const {
    return layer.attention == AttentionKind::Sliding ? mainRope : compressRope;
  }
};

/// Reads config.json with the released keys or the ones transformers writes
/// (spec 2.2). Throws std::runtime_error, naming the key: this library serves
/// tests, which want to stop there.
Config readConfig(const std::string &path);

} // namespace sluice::reference
