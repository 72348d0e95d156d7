#include "frontend/names/Names.h"

#include "frontend/config/ModelConfig.h"
#include "frontend/names/NameTable.h"
#include "runtime/base/MappedFile.h"
#include "test/runtime/base/TestFolder.h"
#include "test/runtime/weights/SafetensorsText.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

using namespace sluice;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

static Checkpoint open(const std::string &directory) {
  Result<Checkpoint> checkpoint = Checkpoint::open(directory);
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  return *std::move(checkpoint);
}

static Names detected(const Checkpoint &checkpoint, int64_t moeIntermediate) {
  Result<Names> names = Names::detect(checkpoint, moeIntermediate);
  EXPECT_TRUE(names.ok()) << names.status().message();
  return *std::move(names);
}

/// Whether a layer, or the model, has the parameter.
static bool isIn(Param param, LayerType attn, MlpType mlp) {
  if (param >= Param::IndexerWqB)
    return attn == LayerType::Csa;
  if (param >= Param::CompressorApe)
    return attn != LayerType::Sliding;
  if (param == Param::GateTid2eid)
    return mlp == MlpType::Hash;
  if (param == Param::GateBias)
    return mlp == MlpType::Learned;
  return true;
}

namespace {
struct Golden {
  const char *directory;
  NameScheme scheme;
  const char *wqA; // the tensor of layer 1
};
} // namespace

static std::vector<Golden> goldens() {
  return {
      {"golden/v4-runtime", NameScheme::Modules,
       "model.layers.1.self_attn.q_a_proj.weight"},
      {"golden/v4-released", NameScheme::Released, "layers.1.attn.wq_a.weight"},
      {"golden/v4-base", NameScheme::Released, "layers.1.attn.wq_a.weight"},
      {"golden/v4-plain-bf16", NameScheme::Released,
       "layers.1.attn.wq_a.weight"},
      {"golden/v4-saved-bf16", NameScheme::Saved,
       "model.layers.1.attn.wq_a.weight"},
      {"models/tiny-v4", NameScheme::Released, "layers.1.attn.wq_a.weight"}};
}

// Every parameter is found, and every tensor but the draft's is a parameter or
// its scale: the table is whole in both directions.
TEST(NamesTest, TheTableCoversTheGoldenCheckpointsExactly) {
  for (const Golden &golden : goldens()) {
    SCOPED_TRACE(golden.directory);
    std::string directory =
        std::string(SLUICE_TEST_DATA) + "/" + golden.directory;
    Checkpoint checkpoint = open(directory);
    Result<MappedFile> text = MappedFile::open(directory + "/config.json");
    ASSERT_TRUE(text.ok());
    Result<ModelConfig> config = readModelConfig(text->text(), "config.json");
    ASSERT_TRUE(config.ok()) << config.status().message();
    Names names = detected(checkpoint, config->moeIntermediate);
    EXPECT_EQ(names.scheme(), golden.scheme);
    ParamName wqA = names.of(Param::WqA);
    EXPECT_EQ(fillName(wqA.scope + wqA.leaf, 1), golden.wqA);

    std::set<std::string> used;
    auto use = [&](const ParamName &name, int64_t layer, int64_t expert) {
      std::string tensor = fillName(name.scope + name.leaf, layer, expert);
      EXPECT_NE(checkpoint.find(tensor), nullptr) << tensor;
      used.insert(tensor);
      if (!name.scale.empty())
        used.insert(fillName(name.scope + name.scale, layer, expert));
    };
    for (const NameRow &row : nameTable()) {
      ParamName name = names.of(row.param);
      if (name.layerPrefix().empty()) {
        use(name, 0, 0);
        continue;
      }
      bool perExpert = name.leaf.find("{e}") != std::string::npos;
      for (int64_t layer = 0; layer < config->layers; ++layer)
        if (isIn(row.param, config->layerTypes[layer], config->mlpTypes[layer]))
          for (int64_t e = 0; e < (perExpert ? config->experts : 1); ++e)
            use(name, layer, e);
    }
    std::vector<const TensorInfo *> unused =
        unusedTensors(checkpoint, [&](const TensorInfo &tensor) {
          return used.contains(tensor.name);
        });
    EXPECT_THAT(unused, IsEmpty()) << (unused.empty() ? "" : unused[0]->name);
  }
}

TEST(NamesTest, QuantizedGoldensHaveTheScalesOfTheTable) {
  for (const char *directory : {"golden/v4-released", "golden/v4-base"}) {
    Checkpoint checkpoint =
        open(std::string(SLUICE_TEST_DATA) + "/" + directory);
    Names names = detected(checkpoint, 64);
    for (const NameRow &row : nameTable()) {
      ParamName name = names.of(row.param);
      EXPECT_EQ(name.scale.empty(), !row.scaled);
      if (row.scaled) { // layer 2 is a CSA layer in both
        EXPECT_NE(checkpoint.find(fillName(name.scope + name.scale, 2)),
                  nullptr)
            << name.scope << name.scale;
      }
    }
  }
}

TEST(NamesTest, ScopeAndLeafAreCutBeforeTheLastWord) {
  struct Expected {
    NameScheme scheme;
    Param param;
    const char *scope, *leaf, *scale;
  };
  using enum NameScheme;
  for (const Expected &e : std::vector<Expected>{
           {Released, Param::Embed, "", "embed.weight", ""},
           {Released, Param::HcHeadFn, "", "hc_head_fn", ""},
           {Released, Param::WqA, "layers.{}.attn.", "wq_a.weight",
            "wq_a.scale"},
           {Released, Param::HcAttnFn, "layers.{}.", "hc_attn_fn", ""},
           {Released, Param::ExpertW1, "layers.{}.ffn.",
            "experts.{e}.w1.weight", "experts.{e}.w1.scale"},
           {Released, Param::IndexerNorm, "layers.{}.attn.indexer.compressor.",
            "norm.weight", ""},
           {Modules, Param::Head, "", "lm_head.weight", ""},
           {Modules, Param::Norm, "model.", "norm.weight", ""},
           {Modules, Param::HcHeadFn, "model.hc_head.", "hc_fn", ""},
           {Modules, Param::WqA, "model.layers.{}.self_attn.",
            "q_a_proj.weight", "q_a_proj.weight_scale_inv"},
           {Modules, Param::ExpertW2, "model.layers.{}.mlp.experts.",
            "down_proj", "down_proj_scale_inv"},
           {Modules, Param::HcAttnFn, "model.layers.{}.attn_hc.", "fn", ""},
           {Saved, Param::Head, "", "head.weight", ""},
           {Saved, Param::KvNorm, "model.layers.{}.attn.", "norm.weight", ""},
           {Saved, Param::SharedW3, "model.layers.{}.ffn.shared_experts.",
            "w3.weight", "w3.scale"}}) {
    ParamName name = Names(e.scheme, 7).of(e.param);
    EXPECT_EQ(name.scope, e.scope);
    EXPECT_EQ(name.leaf, e.leaf);
    EXPECT_EQ(name.scale, e.scale);
    EXPECT_EQ(name.rows.has_value(), false);
  }
  EXPECT_EQ(Names(Modules, 7).of(Param::WqA).layerPrefix(), "model.layers.{}.");
  EXPECT_EQ(Names(Modules, 7).of(Param::Norm).layerPrefix(), "");
}

TEST(NamesTest, StackedExpertsShareATensorByRows) {
  Names names(NameScheme::Modules, 40);
  ParamName w1 = names.of(Param::ExpertW1), w3 = names.of(Param::ExpertW3);
  EXPECT_EQ(w1.leaf, "gate_up_proj");
  EXPECT_EQ(w3.leaf, "gate_up_proj");
  ASSERT_TRUE(w1.rows && w3.rows);
  EXPECT_EQ(w1.rows->from, 0);
  EXPECT_EQ(w1.rows->to, 40);
  EXPECT_EQ(w1.rows->of, 80);
  EXPECT_EQ(w3.rows->from, 40);
  EXPECT_EQ(w3.rows->to, 80);
  EXPECT_EQ(w3.rows->of, 80);
  EXPECT_FALSE(names.of(Param::ExpertW2).rows.has_value());
  EXPECT_FALSE(
      Names(NameScheme::Saved, 40).of(Param::ExpertW1).rows.has_value());
}

/// A checkpoint with tensors of these names, one byte each.
static Checkpoint checkpointOf(const TestFolder &folder,
                               const std::vector<std::string> &names) {
  std::string header = "{";
  for (size_t i = 0; i < names.size(); ++i)
    header += fmt::format(
        R"({}"{}":{{"dtype":"U8","shape":[],"data_offsets":[{},{}]}})",
        i ? "," : "", names[i], i, i + 1);
  folder.write("model.safetensors",
               safetensorsText(header + "}", names.size()));
  return open(folder.path(""));
}

/// Names of layer 3 of a whole model.
static std::vector<std::string> namesOf(NameScheme scheme) {
  std::set<std::string> result; // stacked experts name one tensor twice
  for (const NameRow &row : nameTable())
    result.insert(fillName(row.spellings(scheme).front(), 3, 1));
  return {result.begin(), result.end()};
}

TEST(NamesTest, OlderSpellingsAreTakenWhereTheyAreUsed) {
  TestFolder folder;
  std::vector<std::string> names = namesOf(NameScheme::Modules);
  for (std::string &name : names)
    if (size_t at = name.find("scorer."); at != std::string::npos)
      name.erase(at, 7);
  Checkpoint checkpoint = checkpointOf(folder, names);
  ParamName proj = detected(checkpoint, 8).of(Param::IndexerWeightsProj);
  EXPECT_EQ(proj.scope + proj.leaf,
            "model.layers.{}.self_attn.compressor.indexer.weights_proj.weight");

  TestFolder second;
  names = namesOf(NameScheme::Saved);
  for (std::string &name : names)
    if (name == "model.layers.3.attn.norm.weight")
      name = "model.layers.3.attn.kv_norm.weight";
  Checkpoint saved = checkpointOf(second, names);
  EXPECT_EQ(detected(saved, 8).of(Param::KvNorm).leaf, "kv_norm.weight");
}

TEST(NamesTest, AFewMissingTensorsDoNotHideTheScheme) {
  for (NameScheme scheme :
       {NameScheme::Released, NameScheme::Modules, NameScheme::Saved}) {
    TestFolder folder;
    std::vector<std::string> names = namesOf(scheme);
    std::erase_if(names, [](const std::string &name) {
      return name.find("wq_a") != std::string::npos ||
             name.find("q_a_proj") != std::string::npos ||
             name.find("embed") != std::string::npos;
    });
    EXPECT_EQ(detected(checkpointOf(folder, names), 8).scheme(), scheme);
  }
}

TEST(NamesTest, ScalesWithTheNameOfTransformersAreFound) {
  TestFolder folder;
  std::vector<std::string> names = namesOf(NameScheme::Saved);
  names.push_back("model.layers.3.attn.wkv.weight_scale_inv");
  EXPECT_EQ(detected(checkpointOf(folder, names), 8).of(Param::Wkv).scale,
            "wkv.weight_scale_inv");
}

TEST(NamesTest, ACheckpointOfAnotherModelIsRefused) {
  TestFolder folder;
  Checkpoint llama = checkpointOf(
      folder, {"lm_head.weight", "model.embed_tokens.weight",
               "model.norm.weight", "model.layers.0.input_layernorm.weight",
               "model.layers.0.post_attention_layernorm.weight",
               "model.layers.0.self_attn.q_proj.weight"});
  Status status = Names::detect(llama, 8).status();
  EXPECT_EQ(exitCode(status.code()), 3);
  EXPECT_THAT(
      status.message(),
      HasSubstr("layers.0.attn.wq_a.weight (released), "
                "model.layers.0.self_attn.q_a_proj.weight (module), "
                "model.layers.0.attn.wq_a.weight (saved), found 6 tensors "
                "such as \"lm_head.weight\""));
  TestFolder second;
  EXPECT_THAT(Names::detect(checkpointOf(second, {}), 8).status().message(),
              HasSubstr("found no tensor at all"));
}

TEST(NamesTest, DraftTensorsAreNeitherUnusedNorAScheme) {
  EXPECT_TRUE(isDraftTensor("mtp.0.enorm.weight"));
  EXPECT_TRUE(isDraftTensor("model.mtp.0.enorm.weight"));
  EXPECT_FALSE(isDraftTensor("layers.0.mtp.weight"));
  TestFolder folder;
  Checkpoint checkpoint =
      checkpointOf(folder, {"a", "b", "mtp.0.norm.weight", "z"});
  std::vector<std::string> names;
  for (const TensorInfo *tensor : unusedTensors(
           checkpoint, [](const TensorInfo &t) { return t.name == "b"; }))
    names.push_back(tensor->name);
  EXPECT_THAT(names, ElementsAre("a", "z"));
}

TEST(NamesTest, HolesAreFilledOnce) {
  EXPECT_EQ(fillName("layers.{}.ffn.experts.{e}.w1.weight", 60, 383),
            "layers.60.ffn.experts.383.w1.weight");
  EXPECT_EQ(fillName("norm.weight", 60, 383), "norm.weight");
}
