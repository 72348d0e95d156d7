// Model directories whose parts do not fit together: each is refused with a
// sentence, code BadInput, which a tool turns into exit code 3.

#include "runtime/weights/Checkpoint.h"

#include "test/runtime/base/TestFolder.h"
#include "test/runtime/weights/SafetensorsText.h"

#include <fmt/format.h>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace sluice;
using testing::HasSubstr;

namespace {
struct BadDirectory {
  const char *what;
  std::function<void(const TestFolder &)> make;
  const char *sentence; // part of the message
};
} // namespace

static const char *indexName = "model.safetensors.index.json";

/// A file with one tensor of 4 bytes.
static std::string shard(const std::string &tensor) {
  return safetensorsText(
      "{\"" + tensor + R"(":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
      4);
}

/// Two sound shards with tensors "a" and "b", and an index with this map.
static void withMap(const TestFolder &folder, const std::string &map) {
  folder.write("1.safetensors", shard("a"));
  folder.write("2.safetensors", shard("b"));
  folder.write(indexName, "{\"weight_map\":" + map + "}");
}

static BadDirectory badMap(const char *what, std::string map,
                           const char *sentence) {
  return {what,
          [map = std::move(map)](const TestFolder &f) { withMap(f, map); },
          sentence};
}

static std::string mapToManyShards() {
  std::string map = "{";
  for (int i = 0; i < 1025; ++i)
    map += fmt::format("{}\"t{}\":\"{}.safetensors\"", i ? "," : "", i, i);
  return map + "}";
}

static std::vector<BadDirectory> badDirectories() {
  const char *sound = R"({"a":"1.safetensors","b":"2.safetensors"})";
  return {
      {"empty directory", [](const TestFolder &) {},
       "expected model.safetensors or model.safetensors.index.json, found "
       "neither"},
      {"only other formats",
       [](const TestFolder &f) { f.write("pytorch_model.bin", "x"); },
       "sluice reads safetensors only"},
      {"damaged single file",
       [](const TestFolder &f) { f.write("model.safetensors", "x"); },
       "model.safetensors: expected a safetensors file"},
      {"single file is a directory",
       [](const TestFolder &f) {
         std::filesystem::create_directory(f.path("model.safetensors"));
       },
       "to be a regular file, found a directory"},
      {"single file is a dangling link",
       [](const TestFolder &f) {
         EXPECT_EQ(symlink("gone", f.path("model.safetensors").c_str()), 0);
       },
       "No such file or directory"},
      {"index is no JSON",
       [](const TestFolder &f) { f.write(indexName, "weight_map"); },
       "model.safetensors.index.json: expected JSON"},
      {"index without a map",
       [](const TestFolder &f) { f.write(indexName, R"({"metadata":{}})"); },
       "expected a key \"weight_map\""},
      {"index is a list", [](const TestFolder &f) { f.write(indexName, "[]"); },
       "expected an object"},
      badMap("map is a list", "[]", "expected an object, found a list of 0"),
      badMap("map is empty", "{}", "expected at least one tensor"),
      badMap("shard is a number", R"({"a":1})", "expected a string, found 1"),
      badMap("tensor twice", R"({"a":"1.safetensors","a":"2.safetensors"})",
             "found \"a\" twice"),
      badMap("shard above the directory", R"({"a":"../1.safetensors"})",
             "expected a plain file name"),
      badMap("absolute shard", R"({"a":"/etc/x.safetensors"})",
             "expected a plain file name"),
      badMap("shard in a folder", R"({"a":"x/1.safetensors"})",
             "expected a plain file name"),
      badMap("shard is the parent", R"({"a":".."})",
             "expected a plain file name"),
      badMap("shard without a name", R"({"a":""})",
             "expected a plain file name"),
      badMap("NUL in a shard", R"({"a":"1.safetensors\u0000.safetensors"})",
             "expected a plain file name"),
      badMap("shard of another kind", R"({"a":"config.json"})",
             "expected a plain file name"),
      badMap("shard name too long",
             R"({"a":")" + std::string(300, 'x') + ".safetensors\"}",
             "expected a plain file name"),
      badMap("too many shards", mapToManyShards(),
             "expected at most 1024 shards, found 1025"),
      badMap("missing shard", R"({"a":"1.safetensors","b":"3.safetensors"})",
             "3.safetensors\": No such file or directory"),
      badMap("tensor the shard lacks",
             R"({"a":"1.safetensors","b":"2.safetensors","c":"2.safetensors"})",
             "expected \"c\" in \"2.safetensors\", found no such tensor there"),
      badMap("tensor the index lacks",
             R"({"a":"1.safetensors","0":"2.safetensors"})",
             "expected \"0\" in \"2.safetensors\", found no such tensor there"),
      {"another tensor in a shard",
       [sound](const TestFolder &f) {
         withMap(f, sound);
         f.write("2.safetensors",
                 safetensorsText(
                     R"({"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                     R"("c":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}})",
                     5));
       },
       "found none named \"c\", which lies in \"2.safetensors\""},
      badMap(
          "tensor in the other shard",
          R"({"a":"2.safetensors","b":"1.safetensors"})",
          "expected \"a\" in \"2.safetensors\", found it in \"1.safetensors\""),
      {"tensor in both shards",
       [sound](const TestFolder &f) {
         withMap(f, sound);
         f.write("2.safetensors", shard("a"));
       },
       "expected every tensor once, found \"a\" in \"1.safetensors\" and in "
       "\"2.safetensors\""},
      {"damaged shard",
       [sound](const TestFolder &f) {
         withMap(f, sound);
         f.write("2.safetensors", shard("b").substr(0, 40));
       },
       "2.safetensors: expected a header of"},
      {"shard is a directory",
       [sound](const TestFolder &f) {
         withMap(f, sound);
         std::filesystem::remove(f.path("2.safetensors"));
         std::filesystem::create_directory(f.path("2.safetensors"));
       },
       "to be a regular file, found a directory"},
      {"shard links to a device",
       [sound](const TestFolder &f) {
         withMap(f, sound);
         std::filesystem::remove(f.path("2.safetensors"));
         EXPECT_EQ(symlink("/dev/zero", f.path("2.safetensors").c_str()), 0);
       },
       "to be a regular file, found a device or pipe"},
      {"shard links to itself",
       [sound](const TestFolder &f) {
         withMap(f, sound);
         std::filesystem::remove(f.path("2.safetensors"));
         EXPECT_EQ(symlink("2.safetensors", f.path("2.safetensors").c_str()),
                   0);
       },
       "Too many levels of symbolic links"},
  };
}

TEST(BadIndexTest, EachIsRefusedWithItsSentence) {
  for (const BadDirectory &bad : badDirectories()) {
    SCOPED_TRACE(bad.what);
    TestFolder folder;
    bad.make(folder);
    Result<Checkpoint> checkpoint = Checkpoint::open(folder.path(""));
    ASSERT_FALSE(checkpoint.ok());
    EXPECT_EQ(exitCode(checkpoint.status().code()), 3);
    EXPECT_THAT(checkpoint.status().message(), HasSubstr(bad.sentence));
  }
}

TEST(BadIndexTest, WhatIsNoDirectoryIsSaidSo) {
  TestFolder folder;
  EXPECT_THAT(Checkpoint::open(folder.path("none")).status().message(),
              HasSubstr("expected a model directory, found nothing at"));
  EXPECT_THAT(
      Checkpoint::open(folder.write("a.safetensors", "")).status().message(),
      HasSubstr("found a file at"));
}
