#pragma once

#include "tools/pack/PackLayout.h"

#include <string>
#include <string_view>

namespace sluice {

/// The config.json of the packed model: `text`, that of its source, letter by
/// letter but for what says how weights are quantized (quantization_config,
/// expert_dtype). `fileName` is for messages. Errors: BadInput.
Result<std::string> packedConfig(std::string_view text,
                                 const std::string &fileName,
                                 const PackLayout &layout,
                                 const ModelConfig &config);

} // namespace sluice
