#include "test/reference/Names.h"

#include <stdexcept>

namespace sluice::reference {
namespace {

/// A released leaf and what transformers calls it.
struct Pair {
  const char *released, *module;
};

constexpr Pair layerLeaves[] = {
    {"attn_norm.weight", "input_layernorm.weight"},
    {"ffn_norm.weight", "post_attention_layernorm.weight"},
    {"hc_attn_fn", "attn_hc.fn"},
    {"hc_attn_base", "attn_hc.base"},
    {"hc_attn_scale", "attn_hc.scale"},
    {"hc_ffn_fn", "ffn_hc.fn"},
    {"hc_ffn_base", "ffn_hc.base"},
    {"hc_ffn_scale", "ffn_hc.scale"},
    {"attn.attn_sink", "self_attn.sinks"},
    {"attn.wq_a.weight", "self_attn.q_a_proj.weight"},
    {"attn.q_norm.weight", "self_attn.q_a_norm.weight"},
    {"attn.wq_b.weight", "self_attn.q_b_proj.weight"},
    {"attn.wkv.weight", "self_attn.kv_proj.weight"},
    {"attn.kv_norm.weight", "self_attn.kv_norm.weight"},
    {"attn.wo_a.weight", "self_attn.o_a_proj.weight"},
    {"attn.wo_b.weight", "self_attn.o_b_proj.weight"},
    {"attn.compressor.ape", "self_attn.compressor.position_bias"},
    {"attn.compressor.wkv.weight", "self_attn.compressor.kv_proj.weight"},
    {"attn.compressor.wgate.weight", "self_attn.compressor.gate_proj.weight"},
    {"attn.compressor.norm.weight", "self_attn.compressor.kv_norm.weight"},
    {"attn.indexer.wq_b.weight",
     "self_attn.compressor.indexer.q_b_proj.weight"},
    {"attn.indexer.weights_proj.weight",
     "self_attn.compressor.indexer.scorer.weights_proj.weight"},
    {"attn.indexer.compressor.ape",
     "self_attn.compressor.indexer.position_bias"},
    {"attn.indexer.compressor.wkv.weight",
     "self_attn.compressor.indexer.kv_proj.weight"},
    {"attn.indexer.compressor.wgate.weight",
     "self_attn.compressor.indexer.gate_proj.weight"},
    {"attn.indexer.compressor.norm.weight",
     "self_attn.compressor.indexer.kv_norm.weight"},
    {"ffn.gate.weight", "mlp.gate.weight"},
    {"ffn.gate.bias", "mlp.gate.e_score_correction_bias"},
    {"ffn.gate.tid2eid", "mlp.gate.tid2eid"},
    {"ffn.shared_experts.w1.weight", "mlp.shared_experts.gate_proj.weight"},
    {"ffn.shared_experts.w3.weight", "mlp.shared_experts.up_proj.weight"},
    {"ffn.shared_experts.w2.weight", "mlp.shared_experts.down_proj.weight"},
    // Stacked tensors that only the module names have.
    {"ffn.experts.gate_up_proj", "mlp.experts.gate_up_proj"},
    {"ffn.experts.down_proj", "mlp.experts.down_proj"},
};

} // namespace

std::vector<std::string> globalSpellings(const std::string &leaf) {
  if (leaf == "embed.weight")
    return {leaf, "model.embed_tokens.weight"};
  if (leaf == "head.weight")
    return {leaf, "lm_head.weight"};
  if (leaf == "norm.weight")
    return {leaf, "model.norm.weight"};
  if (leaf.starts_with("hc_head_"))
    return {leaf, "model.hc_head.hc_" + leaf.substr(8)};
  throw std::logic_error("no global tensor is called " + leaf);
}

std::vector<std::string> layerSpellings(std::int64_t layer,
                                        const std::string &leaf) {
  const std::string prefix = "layers." + std::to_string(layer) + '.';
  std::vector<std::string> names = {prefix + leaf, "model." + prefix + leaf};
  if (leaf == "attn.kv_norm.weight")
    names.push_back("model." + prefix + "attn.norm.weight");
  for (const Pair &pair : layerLeaves)
    if (leaf == pair.released)
      names.push_back("model." + prefix + pair.module);
  return names;
}

} // namespace sluice::reference
