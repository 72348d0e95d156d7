#include "frontend/names/NameTable.h"

namespace sluice {

#define LAYER "layers.{}."
#define MODULE "model.layers.{}."
#define ATTN "model.layers.{}.self_attn."
#define COMPRESSOR "model.layers.{}.self_attn.compressor."
#define INDEXER "model.layers.{}.self_attn.compressor.indexer."

// clang-format off: a table is read by its columns
static constexpr NameRow table[] = {
  {Param::Embed,       "embed.weight",   "model.embed_tokens.weight", "model.embed_tokens.weight"},
  {Param::Head,        "head.weight",    "lm_head.weight",            "head.weight"},
  {Param::Norm,        "norm.weight",    "model.norm.weight",         "model.norm.weight"},
  {Param::HcHeadFn,    "hc_head_fn",     "model.hc_head.hc_fn",       "model.hc_head.hc_fn"},
  {Param::HcHeadBase,  "hc_head_base",   "model.hc_head.hc_base",     "model.hc_head.hc_base"},
  {Param::HcHeadScale, "hc_head_scale",  "model.hc_head.hc_scale",    "model.hc_head.hc_scale"},

  {Param::AttnNorm,    LAYER "attn_norm.weight",                MODULE "input_layernorm.weight",                    ""},
  {Param::FfnNorm,     LAYER "ffn_norm.weight",                 MODULE "post_attention_layernorm.weight",           ""},
  {Param::HcAttnFn,    LAYER "hc_attn_fn",                      MODULE "attn_hc.fn",                                ""},
  {Param::HcAttnBase,  LAYER "hc_attn_base",                    MODULE "attn_hc.base",                              ""},
  {Param::HcAttnScale, LAYER "hc_attn_scale",                   MODULE "attn_hc.scale",                             ""},
  {Param::HcFfnFn,     LAYER "hc_ffn_fn",                       MODULE "ffn_hc.fn",                                 ""},
  {Param::HcFfnBase,   LAYER "hc_ffn_base",                     MODULE "ffn_hc.base",                               ""},
  {Param::HcFfnScale,  LAYER "hc_ffn_scale",                    MODULE "ffn_hc.scale",                              ""},
  {Param::AttnSink,    LAYER "attn.attn_sink",                  ATTN "sinks",                                       ""},
  {Param::WqA,         LAYER "attn.wq_a.weight",                ATTN "q_a_proj.weight",                             "", true},
  {Param::QNorm,       LAYER "attn.q_norm.weight",              ATTN "q_a_norm.weight",                             ""},
  {Param::WqB,         LAYER "attn.wq_b.weight",                ATTN "q_b_proj.weight",                             "", true},
  {Param::Wkv,         LAYER "attn.wkv.weight",                 ATTN "kv_proj.weight",                              "", true},
  {Param::KvNorm,      LAYER "attn.kv_norm.weight",             ATTN "kv_norm.weight",                              MODULE "attn.norm.weight " MODULE "attn.kv_norm.weight"},
  {Param::WoA,         LAYER "attn.wo_a.weight",                ATTN "o_a_proj.weight",                             "", true},
  {Param::WoB,         LAYER "attn.wo_b.weight",                ATTN "o_b_proj.weight",                             "", true},
  {Param::Gate,        LAYER "ffn.gate.weight",                 MODULE "mlp.gate.weight",                           ""},
  {Param::GateTid2eid, LAYER "ffn.gate.tid2eid",                MODULE "mlp.gate.tid2eid",                          ""},
  {Param::GateBias,    LAYER "ffn.gate.bias",                   MODULE "mlp.gate.e_score_correction_bias",          ""},
  {Param::SharedW1,    LAYER "ffn.shared_experts.w1.weight",    MODULE "mlp.shared_experts.gate_proj.weight",       "", true},
  {Param::SharedW2,    LAYER "ffn.shared_experts.w2.weight",    MODULE "mlp.shared_experts.down_proj.weight",       "", true},
  {Param::SharedW3,    LAYER "ffn.shared_experts.w3.weight",    MODULE "mlp.shared_experts.up_proj.weight",         "", true},
  {Param::ExpertW1,    LAYER "ffn.experts.{e}.w1.weight",       MODULE "mlp.experts.gate_up_proj",                  "", true, 0},
  {Param::ExpertW2,    LAYER "ffn.experts.{e}.w2.weight",       MODULE "mlp.experts.down_proj",                     "", true},
  {Param::ExpertW3,    LAYER "ffn.experts.{e}.w3.weight",       MODULE "mlp.experts.gate_up_proj",                  "", true, 1},

  {Param::CompressorApe,   LAYER "attn.compressor.ape",         COMPRESSOR "position_bias",                         ""},
  {Param::CompressorWkv,   LAYER "attn.compressor.wkv.weight",  COMPRESSOR "kv_proj.weight",                        ""},
  {Param::CompressorWgate, LAYER "attn.compressor.wgate.weight", COMPRESSOR "gate_proj.weight",                     ""},
  {Param::CompressorNorm,  LAYER "attn.compressor.norm.weight", COMPRESSOR "kv_norm.weight",                        ""},

  {Param::IndexerWqB,         LAYER "attn.indexer.wq_b.weight", INDEXER "q_b_proj.weight",                          "", true},
  {Param::IndexerWeightsProj, LAYER "attn.indexer.weights_proj.weight",
                              INDEXER "scorer.weights_proj.weight " INDEXER "weights_proj.weight",                  ""},
  {Param::IndexerApe,         LAYER "attn.indexer.compressor.ape",          INDEXER "position_bias",                ""},
  {Param::IndexerWkv,         LAYER "attn.indexer.compressor.wkv.weight",   INDEXER "kv_proj.weight",               ""},
  {Param::IndexerWgate,       LAYER "attn.indexer.compressor.wgate.weight", INDEXER "gate_proj.weight",             ""},
  {Param::IndexerNorm,        LAYER "attn.indexer.compressor.norm.weight",  INDEXER "kv_norm.weight",               ""},
};
// clang-format on

static constexpr bool isInOrder() {
  size_t at = 0;
  for (const NameRow &row : table)
    if (static_cast<size_t>(row.param) != at++)
      return false;
  return at == static_cast<size_t>(Param::IndexerNorm) + 1;
}
static_assert(isInOrder());

std::span<const NameRow> nameTable() { return table; }

std::vector<std::string> NameRow::spellings(NameScheme scheme) const {
  std::string_view text = scheme == NameScheme::Released  ? released
                          : scheme == NameScheme::Modules ? modules
                                                          : saved;
  if (text.empty())
    return {"model." + std::string(released)};
  size_t blank = text.find(' ');
  if (blank == std::string_view::npos)
    return {std::string(text)};
  return {std::string(text.substr(0, blank)),
          std::string(text.substr(blank + 1))};
}

} // namespace sluice
