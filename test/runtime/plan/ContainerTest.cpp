// The plan file as bytes: what is cut, flipped, appended or from another
// version is refused with a sentence.

#include "test/runtime/plan/Inspected.h"
#include "test/runtime/plan/TestPlan.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::HasSubstr;

namespace {

using Bytes = std::vector<uint8_t>;

template <typename T> void put(Bytes &bytes, size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

/// Makes the header's hash fit what stands in it.
void seal(Bytes &bytes) {
  Hash128 hash = containerHeaderHash(
      std::span<const uint8_t>(bytes).first(container::headerBytes));
  put(bytes, container::hashOffset, hash.low);
  put(bytes, container::hashOffset + 8, hash.high);
}

void expectRefused(const Bytes &bytes, StatusCode code,
                   const std::string &words) {
  Status status = Inspected(bytes).status();
  EXPECT_EQ(status.code(), code) << words;
  EXPECT_THAT(status.message(), HasSubstr(words));
}

const size_t firstEntry = container::tableOffset;

} // namespace

TEST(ContainerTest, SoundPlansAreRead) {
  Bytes file = soundPlan().file();
  Inspected inspected(file);
  ASSERT_TRUE(inspected.status().ok()) << inspected.status().message();
  EXPECT_EQ(inspected.plan().sections.size(), 4u);
  EXPECT_EQ(inspected.plan().kernels.size(), 2u);
}

TEST(ContainerTest, CutAtAnyLength) {
  Bytes file = soundPlan().file();
  for (size_t length = 0; length < file.size(); ++length) {
    Bytes cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(length));
    ASSERT_EQ(Inspected(cut).status().code(), StatusCode::BadInput) << length;
  }
}

TEST(ContainerTest, AnyBitFlipped) {
  Bytes file = soundPlan().file();
  for (size_t bit = 0; bit < file.size() * 8; ++bit) {
    file[bit / 8] ^= uint8_t(1) << bit % 8;
    ASSERT_EQ(Inspected(file).status().code(), StatusCode::BadInput)
        << "byte " << bit / 8 << " bit " << bit % 8;
    file[bit / 8] ^= uint8_t(1) << bit % 8;
  }
}

TEST(ContainerTest, BytesAppended) {
  Bytes file = soundPlan().file();
  file.push_back(0);
  expectRefused(file, StatusCode::BadInput, "cut or appended to");
}

TEST(ContainerTest, NotAPlan) {
  expectRefused(Bytes(5000, 'x'), StatusCode::BadInput, "not a sluice plan");
  expectRefused({}, StatusCode::BadInput, "a header of 4096 bytes");
}

TEST(ContainerTest, VersionsAndFeatures) {
  Bytes file = soundPlan().file();
  auto spoiled = [&](size_t at, auto value) {
    Bytes bytes = file;
    put(bytes, at, value);
    seal(bytes);
    return bytes;
  };
  expectRefused(spoiled(8, uint16_t(container::major + 1)),
                StatusCode::Incompatible, "use a newer sluice");
  expectRefused(spoiled(8, uint16_t(container::major - 1)),
                StatusCode::Incompatible, "compile the model again");
  expectRefused(spoiled(16, uint64_t(1) << 9), StatusCode::Incompatible,
                "feature bit 9");
  EXPECT_TRUE(Inspected(spoiled(10, uint16_t(7))).status().ok())
      << "a newer minor";
  EXPECT_TRUE(Inspected(spoiled(24, uint64_t(1) << 40)).status().ok())
      << "an optional";
}

// With the header's hash redone, what it says is still checked.
TEST(ContainerTest, HeadersThatLie) {
  Bytes file = soundPlan().file();
  struct {
    const char *words;
    size_t at;
    uint64_t value;
    size_t bytes;
  } cases[] = {
      {"a header of 8192 bytes", 12, 8192, 4},
      {"the plan states", 32, file.size() + 1, 8},
      {"sections, expected", 40, 0, 4},
      {"sections, expected", 40, 65, 4},
      {"not zero", 44, 1, 4},
      {"not zero", container::headerBytes - 1, 1, 1},
      {"the last section ends", 40, 3, 4},
      {"no Plan section", firstEntry, 5, 4},
      {"a second Plan section", firstEntry + 40, 1, 4},
      {"alignment", firstEntry + 4, 12288, 4},
      {"alignment", firstEntry + 4, 64, 4},
      {"alignment", firstEntry + 4, uint64_t(1) << 31, 4},
      {"begins at byte", firstEntry + 8, 8192, 8},
      {"begins at byte", firstEntry + 8, ~uint64_t(0), 8},
      {"is empty", firstEntry + 16, 0, 8},
      {"needs bytes", firstEntry + 16, file.size(), 8},
      {"needs bytes", firstEntry + 16, ~uint64_t(0), 8},
      {"does not match its hash", firstEntry + 24, 1, 8},
  };
  for (const auto &one : cases) {
    Bytes bytes = file;
    std::memcpy(bytes.data() + one.at, &one.value, one.bytes);
    // A last entry that is cut off leaves its bytes behind.
    if (one.at == 40 && one.value == 3)
      std::fill_n(bytes.begin() + firstEntry + 3 * 40, 40, 0);
    seal(bytes);
    expectRefused(bytes, StatusCode::BadInput, one.words);
  }
}

TEST(ContainerTest, PaddingIsZero) {
  Bytes file = soundPlan().file();
  // The last section is far shorter than its alignment, so the bytes before it
  // are padding.
  file[(file.size() - 1) / container::minAlignment * container::minAlignment -
       1] = 1;
  expectRefused(file, StatusCode::BadInput, "padding");
}

TEST(ContainerTest, KindsOfNewerVersionsAreLeftAlone) {
  TestPlan plan = soundPlan();
  plan.sections.push_back({static_cast<SectionKind>(77), Bytes(5, 1)});
  plan.sections.push_back({static_cast<SectionKind>(77), Bytes(5, 2)});
  EXPECT_TRUE(Inspected(plan.file()).status().ok());
}
