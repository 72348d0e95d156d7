// Whether plan and checkpoint belong together, and where the checkpoint is.

#include "test/runtime/executor/TinyModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::HasSubstr;

namespace {

struct ModelTest : testing::Test {
  ~ModelTest() override { unsetenv("SLUICE_MODEL"); }

  void expectRefused(StatusCode code, std::vector<std::string> words) {
    Result<std::shared_ptr<const Model>> model = tiny.open();
    ASSERT_FALSE(model.ok());
    EXPECT_EQ(model.status().code(), code) << model.status().message();
    for (const std::string &word : words)
      EXPECT_THAT(model.status().message(), HasSubstr(word));
  }

  /// The checkpoint's file with `from` replaced by `to`, of the same length.
  void spoilTensors(const std::string &from, const std::string &to) {
    ASSERT_EQ(from.size(), to.size());
    std::string bytes = tiny.readModelFile("model.safetensors");
    size_t at = bytes.find(from);
    ASSERT_NE(at, std::string::npos);
    bytes.replace(at, from.size(), to);
    tiny.writeModelFile("model.safetensors", bytes);
  }

  TinyModel tiny;
};

} // namespace

TEST_F(ModelTest, OpensWhatBelongsTogether) {
  tiny.write();
  Result<std::shared_ptr<const Model>> model = tiny.open();
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ((*model)->weightBytes(), 4 * (16 + 4 + 4u));
  ASSERT_EQ((*model)->tensors(1, 1).size(), 2u);
  EXPECT_EQ((*model)->tensors(1, 1)[1]->name, "layers.3.t.1");
}

TEST_F(ModelTest, MissingTensor) {
  tiny.write();
  spoilTensors("layers.3.t.1", "layers.3.x.1");
  expectRefused(StatusCode::Incompatible,
                {"expected a tensor \"layers.3.t.1\"", "another model"});
}

TEST_F(ModelTest, OtherShape) {
  tiny.write();
  spoilTensors("[2,2]", "[1,4]");
  expectRefused(StatusCode::Incompatible,
                {"\"layers.3.s\" I32 [2, 2]", "[1, 4]", "another model"});
}

TEST_F(ModelTest, OtherType) {
  tiny.write();
  spoilTensors("\"dtype\":\"I32\"", "\"dtype\":\"F32\"");
  expectRefused(StatusCode::Incompatible, {"\"embed\" I32", "F32"});
}

TEST_F(ModelTest, OtherConfig) {
  tiny.write();
  tiny.writeModelFile("config.json",
                      R"({"hidden_size": 65, "model_type": "tiny"})");
  expectRefused(StatusCode::Incompatible,
                {"config.json", "\"64\"", "\"hidden_size\"", "\"65\""});
  tiny.writeModelFile("config.json", R"({"model_type": "tiny"})");
  expectRefused(StatusCode::Incompatible, {"\"hidden_size\"", "nothing"});
}

TEST_F(ModelTest, ConfigKeysThatThePlanDoesNotNameMayChange) {
  tiny.write();
  tiny.writeModelFile("config.json", R"({"model_type": "tiny", "other": [1],
                                         "hidden_size":64})");
  EXPECT_TRUE(tiny.open().ok());
}

TEST_F(ModelTest, OtherIdentity) {
  tiny.write();
  tiny.plan.identity = std::string(32, '0');
  std::vector<uint8_t> bytes = tiny.plan.file();
  tiny.writeFile("tiny.plan",
                 {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
  expectRefused(StatusCode::Incompatible, {"expected the identity 000"});
}

TEST_F(ModelTest, NoConfigNoWeights) {
  tiny.write();
  std::filesystem::remove(tiny.directory() + "/config.json");
  expectRefused(StatusCode::BadInput, {"config.json"});
  std::filesystem::remove_all(tiny.directory());
  expectRefused(StatusCode::BadInput, {tiny.directory()});
}

// --model, then SLUICE_MODEL, then the file the compiler left.
TEST_F(ModelTest, WhereTheModelIs) {
  tiny.write();
  auto open = [&] { return Model::open(tiny.planPath()); };
  Result<std::shared_ptr<const Model>> none = open();
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.status().code(), StatusCode::BadInput);
  EXPECT_THAT(none.status().message(), HasSubstr("--model or SLUICE_MODEL"));

  tiny.writeFile("tiny.plan.model", tiny.directory() + "\n");
  EXPECT_TRUE(open().ok());
  setenv("SLUICE_MODEL", "/nonexistent", 1);
  EXPECT_FALSE(open().ok());
  EXPECT_TRUE(tiny.open().ok()) << "what the caller says comes first";
  setenv("SLUICE_MODEL", tiny.directory().c_str(), 1);
  tiny.writeFile("tiny.plan.model", "/nonexistent");
  EXPECT_TRUE(open().ok());
}

TEST_F(ModelTest, DamagedModelNotes) {
  tiny.write();
  for (const std::string &note :
       {std::string(), std::string("\n"), std::string("a\nb"),
        std::string("a\0b", 3), std::string(5000, 'a')}) {
    tiny.writeFile("tiny.plan.model", note);
    Result<std::shared_ptr<const Model>> model = Model::open(tiny.planPath());
    ASSERT_FALSE(model.ok());
    EXPECT_EQ(model.status().code(), StatusCode::BadInput);
    EXPECT_THAT(model.status().message(), HasSubstr("in one line"));
  }
}
