#include "runtime/device/sim/ptx/Refused.h"

#include <algorithm>

namespace sluice::sim {
namespace {

constexpr std::string_view kBulk = "bulk and tensor copies (TMA)";
constexpr std::string_view kClusters = "clusters of blocks";
constexpr std::string_view kBlockScaled = "block-scaled products";
constexpr std::string_view kSparse = "sparse products";
constexpr std::string_view kTextures = "textures and surfaces";

/// Opcodes, or those with a modifier that begins so.
struct Family {
  std::string_view opcode, word, name;
};
constexpr Family kFamilies[] = {
    {"cp", "bulk", kBulk},
    {"cp", "reduce", kBulk},
    {"cp", "tensor", kBulk},
    {"prefetch", "tensormap", kBulk},
    {"tensormap", "", kBulk},
    {"barrier", "cluster", kClusters},
    {"clusterlaunchcontrol", "", kClusters},
    {"getctarank", "", kClusters},
    {"mapa", "", kClusters},
    {"red", "async", kClusters},
    {"st", "async", kClusters},
    {"mma", "block_scale", kBlockScaled},
    {"mma", "kind", kBlockScaled},
    {"mma", "sp", kSparse},
    {"wgmma", "", "products of warp groups (wgmma)"},
    {"tcgen05", "", "tensor memory (tcgen05)"},
    {"multimem", "", "memory of several GPUs (multimem)"},
    {"sured", "", kTextures},
    {"sust", "", kTextures},
    {"suld", "", kTextures},
    {"suq", "", kTextures},
    {"tex", "", kTextures},
    {"tld4", "", kTextures},
    {"txq", "", kTextures},
};

} // namespace

std::string_view refusedFamily(std::string_view opcode,
                               std::span<const std::string_view> words) {
  for (const Family &family : kFamilies)
    if (family.opcode == opcode &&
        (family.word.empty() ||
         std::any_of(words.begin(), words.end(), [&](std::string_view word) {
           return word.starts_with(family.word);
         })))
      return family.name;
  return "";
}

} // namespace sluice::sim
