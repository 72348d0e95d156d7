#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::reference {

/// Every way a checkpoint may spell one tensor: as released, as
/// save_pretrained writes it, and as transformers names its modules. `leaf` is
/// the released name, without "layers.{i}.".
std::vector<std::string> globalSpellings(const std::string &leaf);
std::vector<std::string> layerSpellings(std::int64_t layer,
                                        const std::string &leaf);

} // namespace sluice::reference
