// Damaged or hostile safetensors files, one a line: each is refused with a
// sentence, code BadInput, which a tool turns into exit code 3.

#include "runtime/weights/SafetensorsHeader.h"

#include "test/runtime/weights/SafetensorsText.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::HasSubstr;

namespace {
struct BadFile {
  const char *what;
  std::string bytes;
  const char *sentence; // part of the message
};
} // namespace

/// A file with one entry "a"; the default says 8 bytes, F32 [2].
static std::string one(const std::string &entry, size_t dataBytes = 8) {
  return safetensorsText("{\"a\":" + entry + "}", dataBytes);
}

static std::string withShape(const std::string &shape) {
  return one(R"({"dtype":"F32","shape":)" + shape +
             R"(,"data_offsets":[0,8]})");
}

static std::string withOffsets(const std::string &offsets) {
  return one(R"({"dtype":"F32","shape":[2],"data_offsets":)" + offsets + "}");
}

static std::string two(const std::string &a, const std::string &b,
                       size_t dataBytes) {
  return safetensorsText(
      R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + a +
          R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}",
      dataBytes);
}

static std::vector<BadFile> badFiles() {
  std::string deep = std::string(500, '[') + '1' + std::string(500, ']');
  return {
      {"empty file", "", "found 0 bytes in all"},
      {"seven bytes", std::string(7, '\0'), "found 7 bytes in all"},
      {"length past the end", headerLength(100) + "{}",
       "expected a header of 100 bytes, found only 2"},
      {"length at the limit", headerLength(100'000'001) + "{}",
       "at most 100000000 bytes, found a length of 100000001"},
      {"length of 64 ones", headerLength(~uint64_t(0)) + "{}",
       "found a length of 18446744073709551615"},
      {"length that wraps with 8", headerLength(~uint64_t(0) - 7) + "{}",
       "found a length of 18446744073709551608"},
      {"length of zero", headerLength(0),
       "expected the header to begin with '{'"},
      {"a zip file", headerLength(20) + "PK\x03\x04 and then some more",
       "this is no safetensors file"},
      {"blanks before the brace", safetensorsText(" {}", 0),
       "expected the header to begin with '{'"},
      {"cut JSON", safetensorsText(R"({"a":)", 0), "expected JSON"},
      {"two values", safetensorsText("{}{}", 0), "expected JSON"},
      {"NUL padding", safetensorsText(std::string_view("{}\0\0", 4), 0),
       "expected JSON"},
      {"deep JSON", one(R"({"dtype":"F32","shape":)" + deep + "}"),
       "at most 32 nested"},
      {"invalid UTF-8 in a name", safetensorsText("{\"\xc3\x28\":{}}", 0),
       "expected JSON in UTF-8"},
      {"lone surrogate in a name", safetensorsText(R"({"\ud800":{}})", 0),
       "expected JSON"},
      {"same name twice",
       safetensorsText(
           R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
           R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
           1),
       "found \"a\" twice"},
      {"same name, spelled otherwise",
       safetensorsText(
           R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
           R"("\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
           2),
       "found \"a\" twice"},
      {"a key twice in an entry",
       one(R"({"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]})"),
       "found \"dtype\" twice"},
      {"name of 513 bytes",
       safetensorsText(
           "{\"" + std::string(513, 'n') +
               R"(":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})",
           1),
       "a tensor name of at most 512 bytes, found 513"},
      {"entry is a number", one("3"), "expected an object, found 3"},
      {"entry is null", one("null"), "expected an object, found null"},
      {"metadata is a list", safetensorsText(R"({"__metadata__":[]})", 0),
       "expected an object, found a list of 0"},
      {"metadata holds a number",
       safetensorsText(R"({"__metadata__":{"format":1}})", 0),
       "\"__metadata__.format\": expected a string, found 1"},
      {"no dtype", one(R"({"shape":[2],"data_offsets":[0,8]})"),
       "\"a\": expected a key \"dtype\""},
      {"unknown dtype",
       one(R"({"dtype":"F4","shape":[2],"data_offsets":[0,8]})"),
       "expected one of BOOL, U8, I8, F8_E4M3"},
      {"dtype is a number",
       one(R"({"dtype":7,"shape":[2],"data_offsets":[0,8]})"),
       "\"a.dtype\": expected a string, found 7"},
      {"no shape", one(R"({"dtype":"F32","data_offsets":[0,8]})"),
       "expected a key \"shape\""},
      {"shape is a number", withShape("2"), "expected a list, found 2"},
      {"shape is null", withShape("null"), "expected a list, found null"},
      {"rank of 9", withShape("[1,1,1,1,1,1,1,1,2]"), "at most 8 dimensions"},
      {"negative dimension", withShape("[-2]"), "found -2"},
      {"fractional dimension", withShape("[2.0]"), "expected an integer"},
      {"dimension of 2^63", withShape("[9223372036854775808]"),
       "found 9223372036854775808"},
      {"dimension as text", withShape(R"(["2"])"), "found \"2\""},
      {"product past 64 bits", withShape("[4294967296,4294967296]"),
       "expected a size that fits 64 bits"},
      {"product that wraps to 8", withShape("[4611686018427387904,2,2,2]"),
       "expected a size that fits 64 bits"},
      {"overflow hidden by a zero", withShape("[4294967296,4294967296,0]"),
       "expected a size that fits 64 bits"},
      {"element size overflows", withShape("[9223372036854775807]"),
       "expected a size that fits 64 bits"},
      {"shape larger than the range", withShape("[3]"),
       "expected 12 bytes for \"a\" F32 [3], found [0, 8], which is 8"},
      {"shape smaller than the range", withShape("[1]"), "expected 4 bytes"},
      {"no offsets", one(R"({"dtype":"F32","shape":[2]})"),
       "expected a key \"data_offsets\""},
      {"one offset", withOffsets("[0]"), "expected a list [begin, end]"},
      {"three offsets", withOffsets("[0,8,8]"), "found a list of 3"},
      {"offsets reversed", withOffsets("[8,0]"), "an end that is not before"},
      {"negative offset", withOffsets("[-8,0]"), "found -8"},
      {"offset past the data", withOffsets("[0,9]"),
       "within the 8 bytes of data in the file, found an end of 9"},
      {"offset near 2^63",
       withOffsets("[9223372036854775799,9223372036854775807]"),
       "found an end of 9223372036854775807"},
      {"offset past 2^64", withOffsets("[0,18446744073709551616]"),
       "expected JSON"},
      {"offset as text", withOffsets(R"(["0","8"])"), "expected an integer"},
      {"data cut short",
       one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 7),
       "the file is cut or damaged"},
      {"data left over",
       one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 9),
       "expected the tensors to cover the file, found 1 bytes"},
      {"data without tensors", safetensorsText("{}", 5), "found 5 bytes"},
      {"two tensors at one place", two("[0,4]", "[0,4]", 4), "without overlap"},
      {"partial overlap", two("[0,4]", "[3,7]", 7),
       "without overlap, found \"b\" at byte 3 of the data where 4 was due"},
      {"hole between tensors", two("[0,4]", "[5,9]", 9),
       "without holes, found \"b\" at byte 5 of the data where 4 was due"},
      {"hole before the first", two("[1,5]", "[5,9]", 9), "without holes"},
      {"empty tensor beyond the rest",
       safetensorsText(
           R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
           R"("e":{"dtype":"U8","shape":[0],"data_offsets":[3,3]}})",
           3),
       "without holes"},
      {"terminal escape in a name",
       safetensorsText(R"({"\u001b[2J":{"dtype":"U8","shape":[2],)"
                       R"("data_offsets":[0,1]}})",
                       1),
       "\\x1b[2J"},
  };
}

TEST(BadSafetensorsTest, EachIsRefusedWithItsSentence) {
  for (const BadFile &bad : badFiles()) {
    SCOPED_TRACE(bad.what);
    auto tensors = readSafetensorsHeader(asBytes(bad.bytes), "a.safetensors");
    ASSERT_FALSE(tensors.ok());
    EXPECT_EQ(exitCode(tensors.status().code()), 3);
    EXPECT_THAT(tensors.status().message(),
                testing::StartsWith("a.safetensors: "));
    EXPECT_THAT(tensors.status().message(), HasSubstr(bad.sentence));
  }
}
