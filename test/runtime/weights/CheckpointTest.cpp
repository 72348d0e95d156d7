#include "runtime/weights/Checkpoint.h"

#include "runtime/weights/Limits.h"
#include "test/runtime/base/TestFolder.h"
#include "test/runtime/weights/SafetensorsText.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace sluice;
using testing::ElementsAre;

static Checkpoint opened(const std::string &directory) {
  Result<Checkpoint> checkpoint = Checkpoint::open(directory);
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  return *std::move(checkpoint);
}

TEST(CheckpointTest, ASingleFileIsReadWithItsData) {
  TestFolder folder;
  folder.write(
      "model.safetensors",
      safetensorsText(R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]},)"
                      R"("a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})",
                      0) +
          "wxyz");
  Checkpoint checkpoint = opened(folder.path(""));
  ASSERT_EQ(checkpoint.tensors().size(), 2u);
  EXPECT_EQ(checkpoint.tensors()[0].name, "a"); // sorted
  const TensorInfo *b = checkpoint.find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(checkpoint.find("c"), nullptr);
  EXPECT_EQ(checkpoint.find(""), nullptr);
  Checkpoint moved = std::move(checkpoint);
  EXPECT_EQ(std::memcmp(moved.data(*moved.find("a")), "wxy", 3), 0);
  EXPECT_EQ(*reinterpret_cast<const char *>(moved.data(*b)), 'z');
}

TEST(CheckpointTest, ASingleFileWinsOverAnIndexBesideIt) {
  TestFolder folder;
  folder.write(
      "model.safetensors",
      safetensorsText(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})",
                      1));
  folder.write("model.safetensors.index.json", "stale");
  EXPECT_THAT(opened(folder.path("")).shards(),
              ElementsAre("model.safetensors"));
}

TEST(CheckpointTest, TheLinksOfAHubCacheAreFollowed) {
  TestFolder folder;
  std::filesystem::create_directory(folder.path("blobs"));
  std::filesystem::create_directory(folder.path("snapshot"));
  folder.write(
      "blobs/1f2e",
      safetensorsText(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})",
                      1));
  ASSERT_EQ(symlink("../blobs/1f2e",
                    folder.path("snapshot/model.safetensors").c_str()),
            0);
  EXPECT_NE(opened(folder.path("snapshot")).find("a"), nullptr);
}

TEST(CheckpointTest, TheGoldenCheckpointsOpen) {
  struct Golden {
    const char *name;
    size_t shards;
    const char *tensor;
    DType dtype;
    std::vector<int64_t> shape;
  };
  std::string data = SLUICE_TEST_DATA;
  for (const Golden &golden : std::vector<Golden>{
           {"golden/v4-runtime",
            1,
            "model.layers.1.mlp.experts.gate_up_proj",
            DType::F32,
            {8, 64, 64}},
           {"golden/v4-released",
            2,
            "layers.4.ffn.experts.7.w2.scale",
            DType::F8E8M0,
            {128, 2}},
           {"golden/v4-base",
            1,
            "layers.0.ffn.experts.11.w1.weight",
            DType::F8E4M3,
            {96, 160}},
           {"golden/v4-plain-bf16", 1, "embed.weight", DType::BF16, {151, 128}},
           {"golden/v4-saved-bf16",
            6,
            "model.layers.0.ffn.gate.tid2eid",
            DType::I64,
            {113, 3}},
           {"models/tiny-v4",
            1,
            "layers.0.ffn.experts.15.w1.weight",
            DType::I8,
            {128, 128}}}) {
    SCOPED_TRACE(golden.name);
    Checkpoint checkpoint = opened(data + "/" + golden.name);
    EXPECT_EQ(checkpoint.shards().size(), golden.shards);
    const TensorInfo *tensor = checkpoint.find(golden.tensor);
    ASSERT_NE(tensor, nullptr);
    EXPECT_EQ(tensor->dtype, golden.dtype);
    EXPECT_EQ(tensor->shape, golden.shape);
    // A table of expert numbers shows that the offset is the right one.
    if (const TensorInfo *table =
            checkpoint.find("layers.0.ffn.gate.tid2eid")) {
      for (size_t i = 0; i < table->bytes / 8; ++i) {
        int64_t expert = 0;
        std::memcpy(&expert, checkpoint.data(*table) + 8 * i, 8);
        ASSERT_TRUE(expert >= 0 && expert < 16) << i;
      }
    }
  }
}

/// VmHWM or VmRSS of this process, in KiB.
static long memoryLine(const char *key) {
  std::ifstream status("/proc/self/status");
  std::string word;
  long value = 0;
  while (status >> word)
    if (word == key)
      status >> value;
  return value;
}

// The shape of V4-Pro: 61 layers of 384 experts, 145,116 tensors and 865 GB.
TEST(CheckpointTest, OneHundredFortyFiveThousandTensorsOpenQuickly) {
  TestFolder folder;
  constexpr int layers = 63;
  size_t count = 0;
  std::string map;
  for (int layer = 0; layer < layers; ++layer) {
    std::string header = "{";
    uint64_t at = 0;
    std::string name =
        fmt::format("model-{:05}-of-00063.safetensors", layer + 1);
    for (int expert = 0; expert < 384; ++expert)
      for (const char *leaf : {"w1.weight", "w1.scale", "w2.weight", "w2.scale",
                               "w3.weight", "w3.scale"}) {
        bool scale = std::strstr(leaf, "scale") != nullptr;
        uint64_t columns = scale ? 224 : 3584;
        std::string tensor =
            fmt::format("layers.{}.ffn.experts.{}.{}", layer, expert, leaf);
        header += fmt::format(
            R"({}"{}":{{"dtype":"{}","shape":[3072,{}],"data_offsets":[{},{}]}})",
            count && at ? "," : "", tensor, scale ? "F8_E8M0" : "I8", columns,
            at, at + 3072 * columns);
        map += fmt::format(R"({}"{}":"{}")", count ? "," : "", tensor, name);
        at += 3072 * columns;
        ++count;
      }
    folder.write(name, safetensorsText(header + "}", 0));
    std::filesystem::resize_file( // sparse: takes no space
        folder.path(name), std::filesystem::file_size(folder.path(name)) + at);
  }
  folder.write("model.safetensors.index.json",
               "{\"weight_map\":{" + map + "}}");
  map = {};

  long before = memoryLine("VmRSS:");
  auto start = std::chrono::steady_clock::now();
  Checkpoint checkpoint = opened(folder.path(""));
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  long used = memoryLine("VmHWM:") - before;
  EXPECT_EQ(checkpoint.tensors().size(), count);
  EXPECT_GT(count, 145'000u);
  EXPECT_NE(checkpoint.find("layers.62.ffn.experts.383.w3.scale"), nullptr);
  std::printf("%zu tensors: %.3f s, %ld MiB\n", count, seconds.count(),
              used / 1024);
#if !__has_feature(address_sanitizer) // sanitizers cost time and memory
  EXPECT_LT(seconds.count(), 1.5);
  EXPECT_LT(used, 300 * 1024);
#endif
}
