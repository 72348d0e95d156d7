#include "frontend/config/RopeKeys.h"

#include "frontend/config/RopeFrequencies.h"

#include <cmath>
#include <fmt/format.h>

namespace sluice {

// Not 1: the logarithm of theta is a divisor.
static constexpr double leastTheta = 1.0001, mostTheta = 1e15;

/// What a rope object is read against.
struct RopeContext {
  int64_t ropeDim;
  double theta; // by the keys outside
  /// Member of a nested object, rather than the flat one. A flat one is about
  /// compressing layers, whose theta stands elsewhere, and transformers sets
  /// its YaRN factor to 1; in nested ones it takes what is there.
  bool nested;
};

/// YaRN's factor on cos and sin.
static double attentionFactorOf(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

static Result<double> readAttentionFactor(const ConfigReader &keys, bool nested,
                                          double factor) {
  SLUICE_ASSIGN(double given, keys.number("attention_factor", 0, 1000, -1));
  if (given >= 0)
    return given;
  if (!nested && !keys.has("attention_factor"))
    return 1.0;
  SLUICE_ASSIGN(double mscale, keys.number("mscale", 0, 1000, 0));
  SLUICE_ASSIGN(double allDim, keys.number("mscale_all_dim", 0, 1000, 0));
  if (mscale != 0 && allDim != 0)
    return attentionFactorOf(factor, mscale) /
           attentionFactorOf(factor, allDim);
  return attentionFactorOf(factor, 1);
}

/// The frequencies of one rope object; of none, plain ones.
static Result<RopeConfig>
readRopeObject(const std::optional<ConfigReader> &keys,
               const RopeContext &context) {
  RopeConfig rope;
  if (!keys) {
    rope.inverseFrequencies =
        ropeFrequencies(context.theta, context.ropeDim, std::nullopt);
    return rope;
  }
  double theta = context.theta;
  if (context.nested) {
    SLUICE_ASSIGN(theta,
                  keys->number("rope_theta", leastTheta, mostTheta, theta));
  }
  // Older files say "type"; files that say both mean "rope_type".
  std::string_view type = "default";
  std::optional<Json> named = keys->find("rope_type");
  if (!named)
    named = keys->find("type");
  if (named) {
    SLUICE_ASSIGN(type, named->string());
    if (type != "default" && type != "yarn")
      return named->mismatch("a rope type \"default\" or \"yarn\"");
  }
  std::optional<Yarn> yarn;
  if (type == "yarn") {
    yarn.emplace();
    SLUICE_ASSIGN(yarn->factor, keys->number("factor", 1, 1e6));
    SLUICE_ASSIGN(
        int64_t positions,
        keys->integer("original_max_position_embeddings", 1, int64_t(1) << 31));
    yarn->originalPositions = static_cast<double>(positions);
    SLUICE_ASSIGN(yarn->betaFast, keys->number("beta_fast", 1e-6, 1e6, 32));
    SLUICE_ASSIGN(yarn->betaSlow, keys->number("beta_slow", 1e-6, 1e6, 1));
    if (yarn->betaFast <= yarn->betaSlow)
      return keys->json().error(fmt::format(
          "expected \"beta_fast\" above \"beta_slow\", found {} and {}",
          yarn->betaFast, yarn->betaSlow));
    SLUICE_ASSIGN(yarn->truncate, keys->boolean("truncate", true));
    SLUICE_ASSIGN(rope.attentionFactor,
                  readAttentionFactor(*keys, context.nested, yarn->factor));
  }
  rope.inverseFrequencies = ropeFrequencies(theta, context.ropeDim, yarn);
  return rope;
}

/// The rotated channels that `keys` say by "partial_rotary_factor"; nothing if
/// they do not.
static Result<std::optional<int64_t>> ropeDimOf(const ConfigReader &keys,
                                                int64_t headDim) {
  SLUICE_ASSIGN(double part, keys.number("partial_rotary_factor", 0, 1, -1));
  if (part < 0)
    return std::optional<int64_t>();
  // Cut, not rounded, as transformers does.
  return std::optional<int64_t>(
      static_cast<int64_t>(static_cast<double>(headDim) * part));
}

/// Sets `dim` by `more`, said under `where`; both must agree.
static Status mergeRopeDim(const ConfigReader &root,
                           std::optional<int64_t> &dim,
                           std::optional<int64_t> more, const char *where) {
  if (dim && more && *dim != *more)
    return root.json().error(fmt::format(
        "expected one number of rotated channels, found {} by \"{}\" and {} by "
        "other keys",
        *more, where, *dim));
  if (more)
    dim = more;
  return {};
}

static Status checkRopeDim(const ConfigReader &root,
                           const ModelConfig &config) {
  if (config.ropeDim < 2 || config.ropeDim % 2 != 0 ||
      config.ropeDim > config.headDim)
    return root.json().error(
        fmt::format("expected an even number of rotated channels from 2 to the "
                    "\"head_dim\" "
                    "of {}, found {} (by \"qk_rope_head_dim\" or "
                    "\"partial_rotary_factor\")",
                    config.headDim, config.ropeDim));
  return {};
}

Status readRope(const ConfigReader &root, ModelConfig &config) {
  // "rope_scaling" became "rope_parameters"; each comes flat, or with the two
  // members main and compress.
  std::optional<ConfigReader> flat = root.findObject("rope_parameters");
  std::optional<ConfigReader> scaling = root.findObject("rope_scaling");
  if (flat && scaling)
    return root.json().error("expected either \"rope_parameters\" or "
                             "\"rope_scaling\", found both; remove one");
  if (scaling)
    flat = scaling;
  if (flat && !flat->json().isObject())
    return flat->json().mismatch("an object");
  std::optional<ConfigReader> main, compress;
  if (flat && flat->has("main") && flat->has("compress")) {
    main = flat->findObject("main");
    compress = flat->findObject("compress");
    for (const auto &part : {main, compress})
      if (!part || !part->json().isObject())
        return flat->json().error(
            "expected objects for \"main\" and \"compress\", found others");
  }

  std::optional<int64_t> dim;
  SLUICE_ASSIGN(dim, ropeDimOf(root, config.headDim));
  std::optional<int64_t> said;
  if (std::optional<Json> value = root.find("qk_rope_head_dim")) {
    SLUICE_ASSIGN(said, value->integer(2, config.headDim));
  }
  SLUICE_TRY(mergeRopeDim(root, dim, said, "qk_rope_head_dim"));
  for (const auto &part : {main, compress}) {
    if (!part)
      continue;
    SLUICE_ASSIGN(said, ropeDimOf(*part, config.headDim));
    SLUICE_TRY(mergeRopeDim(root, dim, said, "rope_parameters"));
  }
  // transformers' default is 64 of 512 channels.
  config.ropeDim = dim ? *dim : config.headDim / 8;
  SLUICE_TRY(checkRopeDim(root, config));

  SLUICE_ASSIGN(double theta,
                root.number("rope_theta", leastTheta, mostTheta, 10000));
  SLUICE_ASSIGN(
      double compressTheta,
      root.number("compress_rope_theta", leastTheta, mostTheta, 160000));
  bool nested = main.has_value();
  SLUICE_ASSIGN(config.mainRope,
                readRopeObject(main, {config.ropeDim, theta, nested}));
  SLUICE_ASSIGN(config.compressRope,
                readRopeObject(nested ? compress : flat,
                               {config.ropeDim, compressTheta, nested}));
  return {};
}

} // namespace sluice
