#pragma once

#include "frontend/config/ConfigReader.h"
#include "frontend/config/ModelConfig.h"

namespace sluice {

/// Reads which kind each layer is, by any of the keys that say so, and the two
/// compression rates, into `config`, whose `layers` is set.
Status readLayerSchedule(const ConfigReader &root, ModelConfig &config);

} // namespace sluice
