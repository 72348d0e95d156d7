#include "runtime/weights/SafetensorsHeader.h"

#include "test/runtime/weights/SafetensorsText.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::ElementsAre;

static std::vector<TensorInfo> read(std::string_view header, size_t dataBytes) {
  std::string file = safetensorsText(header, dataBytes);
  Result<std::vector<TensorInfo>> tensors =
      readSafetensorsHeader(asBytes(file), "a.safetensors");
  EXPECT_TRUE(tensors.ok()) << tensors.status().message();
  return tensors.ok() ? *tensors : std::vector<TensorInfo>();
}

TEST(SafetensorsHeaderTest, EntriesBecomeTensorsWithOffsetsInTheFile) {
  // Out of order, with trailing blanks as writers pad them, and a scalar.
  std::string header =
      R"({"__metadata__":{"format":"pt"},)"
      R"("b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},)"
      R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   )";
  std::vector<TensorInfo> tensors = read(header, 16);
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[0].name, "b");
  EXPECT_EQ(tensors[0].dtype, DType::BF16);
  EXPECT_THAT(tensors[0].shape, ElementsAre(2, 3));
  EXPECT_EQ(tensors[0].offset, 8 + header.size() + 4);
  EXPECT_EQ(tensors[0].bytes, 12u);
  EXPECT_EQ(tensors[1].name, "a");
  EXPECT_TRUE(tensors[1].shape.empty());
  EXPECT_EQ(tensors[1].offset, 8 + header.size());
  EXPECT_EQ(describe(tensors[0]), R"("b" BF16 [2, 3])");
}

TEST(SafetensorsHeaderTest, TensorsWithoutElementsTakeNoBytes) {
  std::vector<TensorInfo> tensors =
      read(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
           R"("e":{"dtype":"F32","shape":[0,7],"data_offsets":[2,2]},)"
           R"("f":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)"
           R"("b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
           3);
  EXPECT_EQ(tensors.size(), 4u);
  EXPECT_TRUE(read("{}", 0).empty());
}

TEST(SafetensorsHeaderTest, TheLimitsThemselvesAreAllowed) {
  std::string name(512, 'n');
  EXPECT_EQ(read("{\"" + name +
                     R"(":{"dtype":"I8","shape":[1,1,1,1,1,1,1,2],)"
                     R"("data_offsets":[0,2]}})",
                 2)
                .size(),
            1u);
}

TEST(SafetensorsHeaderTest, EveryElementTypeHasItsNameAndWidth) {
  struct Expected {
    const char *name;
    uint64_t bytes;
  };
  for (auto [name, bytes] : {Expected{"BOOL", 1},
                             {"U8", 1},
                             {"I8", 1},
                             {"F8_E4M3", 1},
                             {"F8_E5M2", 1},
                             {"F8_E8M0", 1},
                             {"I16", 2},
                             {"U16", 2},
                             {"F16", 2},
                             {"BF16", 2},
                             {"I32", 4},
                             {"U32", 4},
                             {"F32", 4},
                             {"I64", 8},
                             {"U64", 8},
                             {"F64", 8}}) {
    std::optional<DType> dtype = dtypeFromName(name);
    ASSERT_TRUE(dtype.has_value()) << name;
    EXPECT_EQ(dtypeName(*dtype), name);
    EXPECT_EQ(dtypeBytes(*dtype), bytes) << name;
  }
  EXPECT_EQ(dtypeFromName("f32"), std::nullopt);
}

TEST(SafetensorsHeaderTest, AFileCutAnywhereIsRefused) {
  std::string file = safetensorsText(
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  for (size_t size = 0; size < file.size(); ++size) {
    auto cut =
        readSafetensorsHeader(asBytes(file).first(size), "a.safetensors");
    ASSERT_FALSE(cut.ok()) << size;
    EXPECT_EQ(cut.status().code(), StatusCode::BadInput) << size;
  }
}
