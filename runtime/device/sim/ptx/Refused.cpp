#include "runtime/device/sim/ptx/Refused.h"

#include <algorithm>

namespace sluice::sim {
namespace {

constexpr std::string_view kBulk = "bulk and tensor copies (TMA)";
constexpr std::string_view kClusters = "clusters of blocks";
constexpr std::string_view kBlockScaled = "block-scaled products";
constexpr std::string_view kSparse = "sparse products";
constexpr std::string_view kTextures = "textures and surfaces";
constexpr std::string_view kVideo = "video instructions";
constexpr std::string_view kWmma = "wmma of other types than f16 and bf16";

/// Opcodes (with a star: all that begin so), or those with a modifier that
/// begins so.
struct Family {
  std::string_view opcode, word, name;
};
constexpr Family kFamilies[] = {
    {"cp", "bulk", kBulk},
    {"cp", "reduce", kBulk},
    {"cp", "tensor", kBulk},
    {"prefetch", "tensormap", kBulk},
    {"tensormap", "", kBulk},
    {"fence", "tensormap", kBulk},
    {"mbarrier", "expect_tx", kBulk},
    {"mbarrier", "complete_tx", kBulk},
    {"st", "bulk", kBulk},
    {"barrier", "cluster", kClusters},
    {"clusterlaunchcontrol", "", kClusters},
    {"getctarank", "", kClusters},
    {"mapa", "", kClusters},
    {"fence", "sync_restrict", kClusters},
    {"mbarrier", "shared::cluster", kClusters},
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
    {"vabsdiff*", "", kVideo},
    {"vadd*", "", kVideo},
    {"vavrg*", "", kVideo},
    {"vmad", "", kVideo},
    {"vmax*", "", kVideo},
    {"vmin*", "", kVideo},
    {"vset*", "", kVideo},
    {"vshl", "", kVideo},
    {"vshr", "", kVideo},
    {"vsub*", "", kVideo},
    {"wmma", "b1", kWmma},
    {"wmma", "f64", kWmma},
    {"wmma", "s4", kWmma},
    {"wmma", "s8", kWmma},
    {"wmma", "s32", kWmma},
    {"wmma", "tf32", kWmma},
    {"wmma", "u4", kWmma},
    {"wmma", "u8", kWmma},
};

bool isNamed(std::string_view opcode, std::string_view family) {
  return family.ends_with('*')
             ? opcode.starts_with(family.substr(0, family.size() - 1))
             : opcode == family;
}

} // namespace

std::string_view refusedFamily(std::string_view opcode,
                               std::span<const std::string_view> words) {
  for (const Family &family : kFamilies)
    if (isNamed(opcode, family.opcode) &&
        (family.word.empty() ||
         std::any_of(words.begin(), words.end(), [&](std::string_view word) {
           return word.starts_with(family.word);
         })))
      return family.name;
  return "";
}

} // namespace sluice::sim
