#pragma once

#include "test/reference/Config.h"
#include "test/reference/TensorSource.h"

namespace sluice::reference {

/// One hyper-connection site.
struct HcWeights {
  Values fn, base, scale;
};

struct CompressorWeights {
  Values kv, gate; // [D or 2 D, H]
  Values bias;     // [m, D or 2 D]
  Values norm;     // [D]
};

struct LayerWeights {
  HcWeights attentionSite, feedForwardSite;
  Values attentionNorm, feedForwardNorm; // [H]
  Values queryDown, queryNorm, queryUp;  // [ql, H], [ql], [nh d, ql]
  Values kv, kvNorm;                     // [d, H], [d]
  Values sinks;                          // [nh]
  Values outDown, outUp;                 // [og ol, nh d / og], [H, og ol]
  CompressorWeights entries;             // of Sparse and Heavy layers
  CompressorWeights keys;                // of Sparse layers, as the next two
  Values indexQuery;                     // [ih id, ql]
  Values indexGate;                      // [ih, H]
  Values router;                         // [E, H]
  Values routerBias;                     // [E], of learned routers
  std::vector<std::int64_t> table;       // [V, K], of hash routers
  Values expertGate, expertUp;           // [E, I, H]
  Values expertDown;                     // [E, H, I]
  Values sharedGate, sharedUp;           // [I, H]
  Values sharedDown;                     // [H, I]
};

struct Weights {
  Values embedding, head; // [V, H]
  Values norm;            // [H]
  HcWeights headSite;
  std::vector<LayerWeights> layers;
};

/// Reads every weight that `config` calls for, under any of the namings.
/// Throws std::runtime_error, naming the tensor, if one is missing.
Weights loadWeights(const Config &config, const TensorSource &source);

} // namespace sluice::reference
