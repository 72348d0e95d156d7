#pragma once

#include "frontend/config/ConfigReader.h"
#include "frontend/config/ModelConfig.h"

namespace sluice {

/// Reads the keys of rotary embeddings, flat or nested, into `ropeDim`,
/// `mainRope` and `compressRope` of `config`, whose `headDim` is set.
Status readRope(const ConfigReader &root, ModelConfig &config);

} // namespace sluice
