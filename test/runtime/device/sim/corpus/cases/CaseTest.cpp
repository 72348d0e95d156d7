#include "test/runtime/device/sim/corpus/cases/Builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <regex>
#include <set>
#include <sstream>

using namespace sluice::sim::corpus;
using testing::HasSubstr;

namespace {

std::string contentsOf(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Bytes of the parameters of a kernel, in order: from its text, not by a
// parser.
std::vector<size_t> parameterSizes(const std::string &ptx,
                                   const std::string &kernel) {
  size_t begin = ptx.find(".entry " + kernel + "(");
  if (begin == std::string::npos)
    return {};
  std::string head = ptx.substr(begin, ptx.find(')', begin) - begin);
  std::vector<size_t> sizes;
  std::regex parameter(R"(\.param \.[a-z](\d+))");
  for (std::sregex_iterator it(head.begin(), head.end(), parameter), end;
       it != end; ++it)
    sizes.push_back(std::stoul((*it)[1]) / 8);
  return sizes;
}

TEST(CorpusCases, FitTheirKernels) {
  for (const Case &example : corpusCases())
    for (const std::string &target : example.targets) {
      SCOPED_TRACE(example.name + " " + target);
      std::string ptx = contentsOf(ptxPath(example, target));
      EXPECT_THAT(ptx, HasSubstr(".target " + target));
      for (const Launch &launch : example.launches) {
        std::vector<size_t> sizes;
        for (const Argument &argument : launch.arguments)
          sizes.push_back(std::holds_alternative<Pointer>(argument) ? 8 : 4);
        EXPECT_EQ(sizes, parameterSizes(ptx, launch.kernel)) << launch.kernel;
      }
      for (const Expectation &expectation : example.expectations) {
        size_t size = expectation.element == Element::U8 ? 1 : 4;
        EXPECT_EQ(expectation.values.size() * size,
                  example.buffers[expectation.buffer].bytes);
      }
    }
}

TEST(CorpusCases, CoverEveryKernelFile) {
  std::set<std::string> tested, written;
  for (const Case &example : corpusCases())
    for (const std::string &target : example.targets)
      tested.insert(ptxName(example, target));
  std::filesystem::path folder = ptxPath(corpusCases()[0], "sm_80");
  for (const auto &file :
       std::filesystem::directory_iterator(folder.parent_path()))
    written.insert(file.path().filename());
  EXPECT_EQ(tested, written);
}

TEST(CorpusCases, AreTheSameEachTime) {
  std::vector<Case> once = corpusCases(), again = corpusCases();
  ASSERT_EQ(once.size(), again.size());
  for (size_t i = 0; i < once.size(); ++i) {
    EXPECT_EQ(once[i].name, again[i].name);
    for (size_t b = 0; b < once[i].buffers.size(); ++b)
      EXPECT_EQ(once[i].buffers[b].contents, again[i].buffers[b].contents);
  }
}

std::vector<std::byte> bytesOf(std::vector<float> values) {
  auto *bytes = reinterpret_cast<const std::byte *>(values.data());
  return {bytes, bytes + values.size() * 4};
}

TEST(CorpusCases, DifferencesAreSeen) {
  Case example{.name = "example", .file = "none"};
  Expectation exact{unwritten(example, "out", 8).buffer, Element::F32, {1, 2}};
  EXPECT_EQ(firstDifference(example, exact, bytesOf({1, 2})), "");
  EXPECT_EQ(firstDifference(example, exact, bytesOf({1, 2.5f})),
            "example: out[1] is 2.5, expected 2 within 0");
  EXPECT_THAT(firstDifference(example, exact, bytesOf({1})),
              HasSubstr("4 bytes"));
  Expectation loose = exact;
  loose.absolute = 0.25;
  loose.relative = 0.25; // 0.5 around 1, 0.75 around 2
  EXPECT_EQ(firstDifference(example, loose, bytesOf({1.5f, 1.25f})), "");
  EXPECT_NE(firstDifference(example, loose, bytesOf({1.5f, 1.2f})), "");
  float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(firstDifference(example, loose, bytesOf({nan, 2})), "");
}

TEST(CorpusCases, ParametersAreAligned) {
  Launch launch{.kernel = "k",
                .arguments = {int32_t(7), Pointer{1}, 1.0f, Pointer{0}}};
  std::vector<uint64_t> addresses = {0x1000, 0x2000};
  std::vector<std::byte> block = parameterBlock(launch, addresses);
  ASSERT_EQ(block.size(), 32u);
  uint64_t words[4];
  std::memcpy(words, block.data(), 32);
  EXPECT_EQ(words[0], 7u);
  EXPECT_EQ(words[1], 0x2000u);
  EXPECT_EQ(words[2], 0x3f800000u);
  EXPECT_EQ(words[3], 0x1000u);
}

TEST(CorpusCases, NarrowNumbersAreRight) {
  EXPECT_EQ(exactBf16(-1.5f), 0xbfc0);
  EXPECT_EQ(nearestBf16(1 + 0x1p-8f), 0x3f80); // a tie goes to even
  EXPECT_EQ(nearestBf16(1 + 3 * 0x1p-8f), 0x3f82);
  EXPECT_EQ(nearestBf16(1 + 0x1.1p-8f), 0x3f81);
  EXPECT_EQ(bf16Value(0xc000), -2.0f);
  EXPECT_EQ(exactE4m3(0), 0x00);
  EXPECT_EQ(exactE4m3(1), 0x38);
  EXPECT_EQ(exactE4m3(-1.875f), 0xbf);
  EXPECT_EQ(exactE4m3(0.125f), 0x20);
}

} // namespace
