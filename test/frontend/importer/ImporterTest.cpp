// What an import makes of sound checkpoints.

#include "test/frontend/importer/FakeCheckpoint.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include <gmock/gmock.h>

using namespace sluice;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

static const char *const goldens[] = {"v4-base", "v4-plain-bf16", "v4-released",
                                      "v4-runtime", "v4-saved-bf16"};

static std::string goldenFolder(const std::string &name) {
  return std::string(SLUICE_TEST_DATA) + "/golden/" + name;
}

/// The private functions, in order.
static std::vector<std::string> kindsOf(mlir::ModuleOp module) {
  std::vector<std::string> names;
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (function.isPrivate())
      names.push_back(function.getName().str());
  return names;
}

static mlir::DictionaryAttr modelOf(mlir::ModuleOp module) {
  return module->getAttrOfType<mlir::DictionaryAttr>("plan.model");
}
static int64_t number(mlir::DictionaryAttr model, const char *key) {
  return mlir::cast<mlir::IntegerAttr>(model.get(key)).getInt();
}
static std::string word(mlir::DictionaryAttr model, const char *key) {
  return mlir::cast<mlir::StringAttr>(model.get(key)).str();
}

TEST(ImporterTest, EveryGoldenImportsInSilence) {
  for (const char *golden : goldens) {
    Imported imported = importFolder(goldenFolder(golden));
    ASSERT_TRUE(imported.module) << golden << ": " << imported.errors;
    EXPECT_EQ(imported.errors + imported.warnings, "") << golden;
    EXPECT_TRUE(mlir::succeeded(mlir::verify(*imported.module))) << golden;
  }
}

TEST(ImporterTest, ItsTextReadsBackTheSame) {
  for (const char *golden : goldens) {
    Imported imported = importFolder(goldenFolder(golden));
    ASSERT_TRUE(imported.module) << golden;
    mlir::OwningOpRef<mlir::ModuleOp> again =
        mlir::parseSourceString<mlir::ModuleOp>(imported.text(),
                                                imported.context.get());
    ASSERT_TRUE(again) << golden;
    std::string text;
    llvm::raw_string_ostream out(text);
    again->print(out);
    EXPECT_EQ(text, imported.text()) << golden;
  }
}

TEST(ImporterTest, LayersOfAKindShareItsFunctions) {
  Imported imported = importFolder(goldenFolder("v4-released"));
  ASSERT_TRUE(imported.module) << imported.errors;
  // Both sites have "enter": their names differ by more than a prefix here.
  EXPECT_THAT(kindsOf(*imported.module),
              ElementsAre("enter", "latent", "leave", "attn_swa", "enter_2",
                          "experts", "ffn_hash", "attn_csa", "ffn_bias",
                          "attn_hca"));
}

TEST(ImporterTest, ALayerStoredOtherwiseGetsKindsOfItsOwn) {
  FakeCheckpoint fake("v4-plain-bf16");
  fake.at("layers.2.attn.wq_a.weight").dtype = DType::F32;
  Imported imported = importFake(fake);
  ASSERT_TRUE(imported.module) << imported.errors;
  EXPECT_THAT(kindsOf(*imported.module), testing::Contains("latent_2"));
  // All else is as before, so no other function comes twice.
  EXPECT_THAT(kindsOf(*imported.module), Not(testing::Contains("leave_2")));
}

TEST(ImporterTest, TheModelIsDescribed) {
  Imported imported = importFolder(goldenFolder("v4-runtime"));
  ASSERT_TRUE(imported.module) << imported.errors;
  mlir::DictionaryAttr model = modelOf(*imported.module);
  ASSERT_TRUE(model);
  EXPECT_EQ(word(model, "architecture"), "deepseek_v4");
  EXPECT_EQ(number(model, "vocabulary"), 97);
  EXPECT_EQ(number(model, "page_multiple"), 8); // of rates 4 and 8
  EXPECT_EQ(number(model, "bos"), 0);
  EXPECT_EQ(number(model, "eos"), 1);
  EXPECT_EQ(word(model, "identity").size(), 32U);
  auto config = mlir::cast<mlir::DictionaryAttr>(model.get("config"));
  EXPECT_EQ(word(config, "hidden_size"), "64");
  EXPECT_EQ(word(config, "model_type"), "\"deepseek_v4\"");
}

TEST(ImporterTest, TheIdentityIsOfNamesTypesAndShapesNotOfFolders) {
  auto identity = [](const FakeCheckpoint &fake) {
    Imported imported = importFake(fake);
    EXPECT_TRUE(imported.module) << imported.errors;
    return word(modelOf(*imported.module), "identity");
  };
  FakeCheckpoint same("v4-plain-bf16");
  std::string golden = word(
      modelOf(*importFolder(goldenFolder("v4-plain-bf16")).module), "identity");
  EXPECT_EQ(identity(same), golden); // no weights, other folder
  FakeCheckpoint unused("v4-plain-bf16");
  unused.add("mtp.0.more", DType::F32, {1});
  EXPECT_EQ(identity(unused), golden);
  FakeCheckpoint other("v4-plain-bf16");
  other.at("norm.weight").dtype = DType::F32;
  EXPECT_NE(identity(other), golden);
  FakeCheckpoint scaled("v4-plain-bf16");
  scaled.setConfig("\"routed_scaling_factor\": 1.5",
                   "\"routed_scaling_factor\": 2.5");
  EXPECT_NE(identity(scaled), golden);
}

TEST(ImporterTest, WhatNothingReadsIsAWarningButTheDraftHead) {
  FakeCheckpoint fake("v4-plain-bf16");
  fake.add("layers.0.attn.rotary.inv_freq", DType::F32, {8});
  fake.add("mtp.0.enorm.weight", DType::F32, {8});
  Imported imported = importFake(fake);
  EXPECT_TRUE(imported.module) << imported.errors;
  EXPECT_EQ(imported.warnings,
            "the model does not use 1 tensor of the checkpoint: "
            "\"layers.0.attn.rotary.inv_freq\"\n");
}

TEST(ImporterTest, AScaleBesideAPlainTensorIsUnused) {
  FakeCheckpoint fake("v4-plain-bf16");
  fake.add("layers.0.attn.wkv.scale", DType::F8E8M0, {1, 1});
  Imported imported = importFake(fake);
  EXPECT_TRUE(imported.module) << imported.errors;
  EXPECT_THAT(imported.warnings, HasSubstr("\"layers.0.attn.wkv.scale\""));
}

TEST(ImporterTest, ATiedHeadIsTheEmbedding) {
  FakeCheckpoint fake("v4-plain-bf16");
  fake.setConfig("\"tie_word_embeddings\": false",
                 "\"tie_word_embeddings\": true");
  fake.tensors.erase("head.weight");
  Imported imported = importFake(fake);
  ASSERT_TRUE(imported.module) << imported.errors;
  EXPECT_THAT(imported.text(), Not(HasSubstr("\"head.weight\"")));
}
