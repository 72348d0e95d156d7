#include "test/reference/NamedWeights.h"

#include <cmath>
#include <initializer_list>

namespace sluice::reference {
namespace {

std::uint32_t hashOf(const std::string &name) {
  std::uint32_t hash = 2166136261u; // FNV-1a
  for (unsigned char byte : name)
    hash = (hash ^ byte) * 16777619u;
  return hash;
}

/// Value number i of a name, in [-1, 1).
double uniform(std::uint32_t hash, std::int64_t i) {
  std::uint32_t x = std::uint32_t(i) * 2654435761u + hash;
  x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
  x = (x ^ (x >> 13)) * 0xC2B2AE35u;
  x ^= x >> 16;
  return double(x) / 2147483648.0 - 1;
}

bool isOneOf(const std::string &leaf, std::initializer_list<const char *> all) {
  for (const char *one : all)
    if (leaf == one)
      return true;
  return false;
}

double scaled(double u, const std::string &name, std::int64_t fan) {
  const std::string leaf = name.substr(name.rfind('.') + 1);
  if (name.find("norm") != std::string::npos)
    return 1 + 0.25 * u;
  if (isOneOf(leaf, {"scale", "hc_scale"}))
    return 1 + 0.5 * u;
  if (leaf == "sinks")
    return 2 * u;
  if (leaf == "e_score_correction_bias")
    return 0.5 * u;
  if (isOneOf(leaf, {"base", "hc_base", "position_bias"}) ||
      name == "model.embed_tokens.weight")
    return u;
  return u * std::sqrt(3.0 / double(fan)) *
         (isOneOf(leaf, {"fn", "hc_fn"}) ? 3 : 1.5);
}

} // namespace

bool NamedWeights::has(const std::string &name) const {
  for (const char *part :
       {".self_attn.", ".mlp.", "_hc.", "layernorm.", "embed_tokens.",
        "lm_head.", "model.norm.", ".hc_head."})
    if (name.find(part) != std::string::npos)
      return true;
  return false;
}

Values NamedWeights::read(const std::string &name,
                          const std::vector<std::int64_t> &shape) const {
  std::int64_t count = 1;
  for (std::int64_t extent : shape)
    count *= extent;
  Values values(count);
  if (name.ends_with("tid2eid")) {
    for (std::int64_t i = 0; i < count; ++i)
      values[i] = double((7 * (i / shape[1]) + 3 * (i % shape[1])) % experts);
    return values;
  }
  const std::uint32_t hash = hashOf(name);
  for (std::int64_t i = 0; i < count; ++i)
    values[i] = scaled(uniform(hash, i), name, shape.back());
  return values;
}

} // namespace sluice::reference
