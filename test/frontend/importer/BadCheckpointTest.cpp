// Checkpoints whose tensors are not what the config asks for: each is refused
// with a sentence that names the tensor, what was expected and what was found.

#include "test/frontend/importer/FakeCheckpoint.h"

#include <gmock/gmock.h>

using namespace sluice;
using testing::HasSubstr;

namespace {
struct BadCheckpoint {
  const char *what, *golden;
  void (*change)(FakeCheckpoint &);
  const char *sentence; // a whole line
};
} // namespace

static const BadCheckpoint badCheckpoints[] = {
    {"missing tensor", "v4-released",
     [](FakeCheckpoint &f) { f.tensors.erase("layers.1.attn.wq_a.weight"); },
     "the checkpoint has no tensor \"layers.1.attn.wq_a.weight\""},
    {"missing expert", "v4-released",
     [](FakeCheckpoint &f) {
       f.tensors.erase("layers.2.ffn.experts.7.w3.weight");
     },
     "the checkpoint has no tensor \"layers.2.ffn.experts.7.w3.weight\""},
    {"missing head", "v4-plain-bf16",
     [](FakeCheckpoint &f) { f.tensors.erase("head.weight"); },
     "the checkpoint has no tensor \"head.weight\""},
    {"missing stack of experts", "v4-runtime",
     [](FakeCheckpoint &f) {
       f.tensors.erase("model.layers.3.mlp.experts.down_proj");
     },
     "the checkpoint has no tensor \"model.layers.3.mlp.experts.down_proj\""},
    {"transposed matrix", "v4-released",
     [](FakeCheckpoint &f) {
       std::swap(f.at("layers.0.attn.wq_a.weight").shape[0],
                 f.at("layers.0.attn.wq_a.weight").shape[1]);
     },
     "tensor \"layers.0.attn.wq_a.weight\": expected the shape [96, 128], "
     "found [128, 96]"},
    {"another rank", "v4-plain-bf16",
     [](FakeCheckpoint &f) { f.at("norm.weight").shape = {1, 128}; },
     "tensor \"norm.weight\": expected the shape [128], found [1, 128]"},
    {"another vocabulary", "v4-plain-bf16",
     [](FakeCheckpoint &f) { f.at("embed.weight").shape[0] = 152; },
     "tensor \"embed.weight\": expected the shape [151, 128], found [152, "
     "128]"},
    {"a layer of another width", "v4-plain-bf16",
     [](FakeCheckpoint &f) { f.at("layers.2.attn.attn_sink").shape = {8}; },
     "tensor \"layers.2.attn.attn_sink\": expected the shape [4], found [8]"},
    {"experts stacked with other halves", "v4-runtime",
     [](FakeCheckpoint &f) {
       f.at("model.layers.0.mlp.experts.gate_up_proj").shape[1] = 96;
     },
     "tensor \"model.layers.0.mlp.experts.gate_up_proj\": expected the shape "
     "[8, 64, 64], found [8, 96, 64]"},
    {"unpacked FP4", "v4-released",
     [](FakeCheckpoint &f) {
       f.at("layers.0.ffn.experts.0.w1.weight").shape[1] = 128;
     },
     "tensor \"layers.0.ffn.experts.0.w1.weight\": expected the shape [64, 64] "
     "of packed FP4, found [64, 128]"},
    {"half precision", "v4-plain-bf16",
     [](FakeCheckpoint &f) {
       f.at("layers.0.attn.wkv.weight").dtype = DType::F16;
     },
     "tensor \"layers.0.attn.wkv.weight\": expected F32, BF16, F8_E4M3 or "
     "packed FP4 (I8 or U8), found F16; convert the checkpoint to BF16 or F32"},
    {"a norm in integers", "v4-plain-bf16",
     [](FakeCheckpoint &f) {
       f.at("layers.0.attn_norm.weight").dtype = DType::I64;
     },
     "tensor \"layers.0.attn_norm.weight\": expected F32 or BF16, found I64"},
    {"a table of floats", "v4-plain-bf16",
     [](FakeCheckpoint &f) {
       f.at("layers.0.ffn.gate.tid2eid").dtype = DType::F32;
     },
     "tensor \"layers.0.ffn.gate.tid2eid\": expected I64 or I32, found F32"},
    {"E5M2 weights", "v4-released",
     [](FakeCheckpoint &f) {
       f.at("layers.0.attn.wkv.weight").dtype = DType::F8E5M2;
     },
     "tensor \"layers.0.attn.wkv.weight\": expected F32, BF16, F8_E4M3 or "
     "packed FP4 (I8 or U8), found F8_E5M2"},
    {"missing scale", "v4-released",
     [](FakeCheckpoint &f) { f.tensors.erase("layers.3.attn.wkv.scale"); },
     "tensor \"layers.3.attn.wkv.weight\" is FP8 and needs its scales, but the "
     "checkpoint has no tensor \"layers.3.attn.wkv.scale\""},
    {"missing scale of an expert", "v4-released",
     [](FakeCheckpoint &f) {
       f.tensors.erase("layers.4.ffn.experts.5.w2.scale");
     },
     "tensor \"layers.4.ffn.experts.5.w2.weight\" is packed FP4 and needs its "
     "scales, but the checkpoint has no tensor "
     "\"layers.4.ffn.experts.5.w2.scale\""},
    {"scales of other blocks", "v4-released",
     [](FakeCheckpoint &f) { f.at("layers.0.attn.wq_b.scale").shape = {8, 1}; },
     "tensor \"layers.0.attn.wq_b.scale\": expected the shape [4, 1], one "
     "scale "
     "for each 128x128 block of \"layers.0.attn.wq_b.weight\", found [8, 1]"},
    {"scales in BF16", "v4-released",
     [](FakeCheckpoint &f) {
       f.at("layers.0.attn.wq_b.scale").dtype = DType::BF16;
     },
     "tensor \"layers.0.attn.wq_b.scale\": expected F8_E8M0 or F32 scales, "
     "found BF16"},
    {"F32 scales of FP4", "v4-released",
     [](FakeCheckpoint &f) {
       f.at("layers.0.ffn.experts.0.w1.scale").dtype = DType::F32;
     },
     "tensor \"layers.0.ffn.experts.0.w1.scale\": expected F8_E8M0 scales, "
     "found F32"},
    {"experts of two formats", "v4-plain-bf16",
     [](FakeCheckpoint &f) {
       f.at("layers.1.ffn.experts.3.w1.weight").dtype = DType::F32;
     },
     "tensor \"layers.1.ffn.experts.3.w1.weight\": expected the format of "
     "\"layers.1.ffn.experts.0.w1.weight\" "
     "(\"layers.1.ffn.experts.0.w1.weight\" BF16 [64, 128]), found "
     "\"layers.1.ffn.experts.3.w1.weight\" F32 [64, 128]"},
    {"blocks of a width we do not take", "v4-released",
     [](FakeCheckpoint &f) {
       f.setConfig("\"weight_block_size\"", "\"weight_block_size\":[128,100],"
                                            "\"was\"");
       for (auto &[name, tensor] : f.tensors)
         if (name.ends_with("wq_a.weight") &&
             name != "layers.0.attn.wq_a.weight")
           tensor.dtype = DType::BF16;
     },
     "tensor \"layers.0.attn.wq_a.weight\" is FP8: expected the blocks of "
     "weight_block_size to have a multiple of 16 columns, found 100"},
    {"a block across the stacked halves", "v4-runtime",
     [](FakeCheckpoint &f) {
       std::string name = "model.layers.0.mlp.experts.gate_up_proj";
       f.at(name).dtype = DType::F8E4M3;
       f.add(name + "_scale_inv", DType::F32, {8, 1, 1});
     },
     "tensor \"model.layers.0.mlp.experts.gate_up_proj\": row 32, where the "
     "second of the stacked matrices begins, lies inside a block of 128 rows "
     "with one scale"},
};

TEST(BadCheckpointTest, EachIsRefusedWithASentence) {
  for (const BadCheckpoint &bad : badCheckpoints) {
    FakeCheckpoint fake(bad.golden);
    bad.change(fake);
    Imported imported = importFake(fake);
    EXPECT_FALSE(imported.module) << bad.what;
    EXPECT_THAT("\n" + imported.errors,
                HasSubstr("\n" + std::string(bad.sentence) + "\n"))
        << bad.what;
  }
}

TEST(BadCheckpointTest, NamesOfNoSchemeAreRefused) {
  FakeCheckpoint fake("v4-plain-bf16");
  std::map<std::string, TensorInfo> tensors;
  for (auto &[name, tensor] : fake.tensors)
    tensors["transformer." + name] = tensor;
  fake.tensors = std::move(tensors);
  Imported imported = importFake(fake);
  EXPECT_FALSE(imported.module);
  EXPECT_THAT(imported.errors,
              HasSubstr("expected tensors named in one of the three ways of "
                        "DeepSeek-V4, for instance layers.0.attn.wq_a.weight "
                        "(released)"));
  EXPECT_THAT(imported.errors, HasSubstr("tensors such as \"transformer."));
}

TEST(BadCheckpointTest, NoTensorAtAllIsRefused) {
  FakeCheckpoint fake("v4-plain-bf16");
  fake.tensors.clear();
  EXPECT_THAT(importFake(fake).errors, HasSubstr("found no tensor at all"));
}

TEST(BadCheckpointTest, OneImportFindsAllFaultsAndShowsTen) {
  FakeCheckpoint fake("v4-plain-bf16");
  for (auto &[name, tensor] : fake.tensors)
    if (name.find(".attn.") != std::string::npos && tensor.shape.size() == 2)
      tensor.dtype = DType::F16;
  Imported imported = importFake(fake);
  EXPECT_FALSE(imported.module);
  EXPECT_EQ(std::count(imported.errors.begin(), imported.errors.end(), '\n'),
            11);
  EXPECT_THAT(imported.errors, HasSubstr(" more faults of this kind"));
}
