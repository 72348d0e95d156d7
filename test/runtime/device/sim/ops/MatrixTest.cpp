#include "test/runtime/device/sim/SimKernel.h"
#include "test/runtime/device/sim/ops/MatrixKernels.h"
#include "test/runtime/device/sim/ops/OpCase.h"

namespace sluice::sim {
namespace {

// mma.sync with operands laid out by the formulas of PTX 9.7.14.5.1 to .8, as
// the ISA writes them for each shape and element i of a lane, and products of
// small whole numbers, which every type holds exactly.

struct Spot {
  int row, column;
};

/// Element i of A of a lane.
Spot spotA(const MmaTest &t, int lane, int i) {
  int group = lane / 4;
  int q = lane % 4;
  switch (t.aBits) {
  case 16: // a0, a1: group; a2, a3: group + 8; from a4 on columns + 8
    return {group + (i % 4 >= 2 ? 8 : 0), q * 2 + (i & 1) + (i >= 4 ? 8 : 0)};
  case 32:
    return {group + (i % 2 == 1 ? 8 : 0), q + (i >= 2 ? 4 : 0)};
  case 8:
    if (t.m == 8)
      return {group, q * 4 + i};
    if (t.k == 16)
      return {group + (i >= 4 ? 8 : 0), q * 4 + (i & 3)};
    return {group + ((i >= 4 && i < 8) || i >= 12 ? 8 : 0),
            q * 4 + (i & 3) + (i >= 8 ? 16 : 0)};
  default:
    return {group, q};
  }
}

Spot spotB(const MmaTest &t, int lane, int i) {
  int group = lane / 4;
  int q = lane % 4;
  switch (t.aBits) {
  case 16:
    return {q * 2 + (i & 1) + (i >= 2 ? 8 : 0), group};
  case 32:
    return {q + (i >= 1 ? 4 : 0), group};
  case 8:
    return {q * 4 + (i & 3) + (i >= 4 ? 16 : 0), group};
  default:
    return {q, group};
  }
}

Spot spotC(int lane, int i) {
  return {lane / 4 + (i >= 2 ? 8 : 0), lane % 4 * 2 + (i & 1)};
}

uint64_t encode(const std::string &type, int value) {
  if (type == "f16")
    return toBits(static_cast<_Float16>(value));
  if (type == "bf16")
    return toBits(static_cast<float>(value)) >> 16;
  if (type == "f32" || type == "tf32")
    return toBits(static_cast<float>(value));
  if (type == "f64")
    return toBits(static_cast<double>(value));
  if (type == "s32")
    return static_cast<uint32_t>(value);
  if (type == "s8" || type == "u8")
    return static_cast<uint8_t>(value);
  // fp8: 0 to 3 and their negatives.
  const int e4m3[] = {0, 0x38, 0x40, 0x44};
  const int e5m2[] = {0, 0x3c, 0x40, 0x42};
  int code = (type == "e4m3" ? e4m3 : e5m2)[std::abs(value)];
  return static_cast<uint64_t>(code | (value < 0 ? 0x80 : 0));
}

double decode(const std::string &type, uint64_t bits) {
  if (type == "f16")
    return static_cast<double>(fromBits<_Float16>(bits));
  if (type == "f32")
    return fromBits<float>(bits);
  if (type == "f64")
    return fromBits<double>(bits);
  return static_cast<int32_t>(bits);
}

/// Packs a lane's elements into registers of 32 (f64: 64) bits.
void pack(std::vector<uint64_t> &registers, int count, int lane, int i,
          int bits, uint64_t element) {
  int perRegister = bits == 64 ? 1 : 32 / bits;
  size_t at = static_cast<size_t>(lane * count + i / perRegister);
  registers[at] |= element << (i % perRegister * bits);
}

class MmaRowTest : public testing::TestWithParam<MmaTest> {};

TEST_P(MmaRowTest, multipliesWholeNumbersExactly) {
  const MmaTest &t = GetParam();
  for (MatrixMode mode : {MatrixMode::Fast, MatrixMode::Wide}) {
    SimKernel sim(mmaKernel(t, "k"), t.target);
    ASSERT_TRUE(sim.loaded()) << sim.error();
    sim.options.matrix = mode;
    sim.options.checks = Checks::all();
    std::vector<int> a(static_cast<size_t>(t.m * t.k));
    std::vector<int> b(static_cast<size_t>(t.k * t.n));
    std::vector<int> c(static_cast<size_t>(t.m * t.n));
    int low = t.a == "u8" ? 0 : -3;
    for (size_t i = 0; i < a.size(); ++i)
      a[i] = low + static_cast<int>(i * 7 + i / 5) % (4 - low);
    low = t.b == "u8" ? 0 : -3;
    for (size_t i = 0; i < b.size(); ++i)
      b[i] = low + static_cast<int>(i * 5 + i / 3) % (4 - low);
    for (size_t i = 0; i < c.size(); ++i)
      c[i] = static_cast<int>(i % 11) - 5;
    std::vector<uint64_t> ra(static_cast<size_t>(32 * t.aRegisters()));
    std::vector<uint64_t> rb(static_cast<size_t>(32 * t.bRegisters()));
    std::vector<uint64_t> rc(static_cast<size_t>(32 * t.cRegisters()));
    for (int lane = 0; lane < 32; ++lane) {
      for (int i = 0; i < t.m * t.k / 32; ++i) {
        Spot s = spotA(t, lane, i);
        pack(ra, t.aRegisters(), lane, i, t.aBits,
             encode(t.a, a[static_cast<size_t>(s.row * t.k + s.column)]));
      }
      for (int i = 0; i < t.k * t.n / 32; ++i) {
        Spot s = spotB(t, lane, i);
        pack(rb, t.bRegisters(), lane, i, t.aBits,
             encode(t.b, b[static_cast<size_t>(s.row * t.n + s.column)]));
      }
      for (int i = 0; i < t.m * t.n / 32; ++i) {
        Spot s = spotC(lane, i);
        pack(rc, t.cRegisters(), lane, i, t.cBits(),
             encode(t.c, c[static_cast<size_t>(s.row * t.n + s.column)]));
      }
    }
    uint64_t in[] = {sim.upload(ra), sim.upload(rb), sim.upload(rc)};
    size_t count = static_cast<size_t>(32 * t.dRegisters());
    uint64_t out = sim.reserve<uint64_t>(count);
    auto report =
        sim.arg(in[0]).arg(in[1]).arg(in[2]).arg(out).launch("k", 1, 32);
    EXPECT_EQ(findingsOf(report), "");
    auto got = sim.download<uint64_t>(out, count);
    int perRegister = t.dBits() == 16 ? 2 : 1;
    for (int lane = 0; lane < 32; ++lane)
      for (int i = 0; i < t.m * t.n / 32; ++i) {
        Spot s = spotC(lane, i);
        int expected = c[static_cast<size_t>(s.row * t.n + s.column)];
        for (int k = 0; k < t.k; ++k)
          expected += a[static_cast<size_t>(s.row * t.k + k)] *
                      b[static_cast<size_t>(k * t.n + s.column)];
        uint64_t bits =
            got[static_cast<size_t>(lane * t.dRegisters() + i / perRegister)] >>
            (i % perRegister * t.dBits());
        if (t.dBits() == 16)
          bits &= 0xffff;
        EXPECT_EQ(decode(t.d, bits), expected)
            << "row " << s.row << " column " << s.column;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sim, MmaRowTest, testing::ValuesIn(mmaTests()), [](const auto &info) {
      std::string name = info.param.modifiers;
      for (char &c : name)
        c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
      return name;
    });

class WmmaTest : public testing::TestWithParam<WmmaForm> {};

TEST_P(WmmaTest, multipliesMatricesInMemory) {
  const WmmaForm &t = GetParam();
  SimKernel sim(wmmaKernel(t, "k"), "sm_90");
  ASSERT_TRUE(sim.loaded()) << sim.error();
  sim.options.checks = Checks::all();
  size_t bytes = t.ab == "f16" || t.ab == "bf16" ? 2 : 1;
  auto fill = [&](int rows, int columns, bool turned, int salt) {
    std::vector<int> values(static_cast<size_t>(rows * columns));
    for (size_t i = 0; i < values.size(); ++i)
      values[i] =
          static_cast<int>(i * 7 + i / 5 + static_cast<size_t>(salt)) % 7 -
          (t.ab == "u8" ? 0 : 3);
    std::vector<uint8_t> memory(values.size() * bytes);
    for (int r = 0; r < rows; ++r)
      for (int k = 0; k < columns; ++k) {
        uint64_t bits =
            encode(t.ab, values[static_cast<size_t>(r * columns + k)]);
        size_t at =
            static_cast<size_t>(turned ? k * rows + r : r * columns + k);
        std::memcpy(memory.data() + at * bytes, &bits, bytes);
      }
    return std::pair(values, memory);
  };
  auto [a, aMemory] = fill(t.m, t.k, t.aLayout == "col", 1);
  auto [b, bMemory] = fill(t.k, t.n, t.bLayout == "col", 2);
  std::vector<int> c(static_cast<size_t>(t.m * t.n));
  size_t cBytes = t.c == "f16" ? 2 : 4;
  std::vector<uint8_t> cMemory(c.size() * cBytes);
  for (size_t i = 0; i < c.size(); ++i) {
    c[i] = static_cast<int>(i % 13) - 6;
    uint64_t bits = encode(t.c, c[i]);
    std::memcpy(cMemory.data() + i * cBytes, &bits, cBytes);
  }
  uint64_t in[] = {sim.upload(aMemory), sim.upload(bMemory),
                   sim.upload(cMemory)};
  uint64_t out = sim.reserve<uint8_t>(cMemory.size());
  auto report =
      sim.arg(in[0]).arg(in[1]).arg(in[2]).arg(out).launch("k", 1, 32);
  EXPECT_EQ(findingsOf(report), "");
  auto got = sim.download<uint8_t>(out, cMemory.size());
  for (int row = 0; row < t.m; ++row)
    for (int column = 0; column < t.n; ++column) {
      auto at = static_cast<size_t>(row * t.n + column);
      int expected = c[at];
      for (int k = 0; k < t.k; ++k)
        expected += a[static_cast<size_t>(row * t.k + k)] *
                    b[static_cast<size_t>(k * t.n + column)];
      uint64_t bits = 0;
      std::memcpy(&bits, got.data() + at * cBytes, cBytes);
      EXPECT_EQ(decode(t.c, bits), expected) << row << ", " << column;
    }
}

INSTANTIATE_TEST_SUITE_P(Sim, WmmaTest, testing::ValuesIn(wmmaTests()),
                         [](const auto &info) {
                           return std::to_string(info.index);
                         });

/// 16 bytes of a row from each lane into matrices in registers, and those into
/// rows again: each matrix, or its transpose.
TEST(LdMatrixTest, movesAndTransposes) {
  for (int count : {1, 2, 4})
    for (int form = 0; form < 4; ++form) {
      bool turnedIn = (form & 1) != 0;
      bool turnedOut = (form & 2) != 0;
      SimKernel sim(ldMatrixKernel(count, turnedIn, turnedOut, "k"), "sm_90");
      ASSERT_TRUE(sim.loaded()) << sim.error();
      std::vector<uint16_t> in(256);
      for (size_t i = 0; i < in.size(); ++i)
        in[i] = static_cast<uint16_t>(i * 77 + 5);
      uint64_t source = sim.upload(in);
      uint64_t out = sim.reserve<uint16_t>(256);
      uint64_t registers = sim.reserve<uint32_t>(32);
      sim.options.checks = Checks::all();
      auto report = sim.arg(source).arg(out).arg(registers).launch("k", 1, 32);
      EXPECT_EQ(findingsOf(report), "");
      auto got = sim.download<uint16_t>(out, 256);
      for (size_t m = 0; m < static_cast<size_t>(count); ++m)
        for (size_t r = 0; r < 8; ++r)
          for (size_t c = 0; c < 8; ++c)
            EXPECT_EQ(got[m * 64 + r * 8 + c], turnedIn != turnedOut
                                                   ? in[m * 64 + c * 8 + r]
                                                   : in[m * 64 + r * 8 + c]);
      // PTX 9.7.14.5.15: lane 4r + c / 2 has elements c and c + 1 of row r.
      auto first = sim.download<uint32_t>(registers, 32);
      for (size_t lane = 0; lane < 32; ++lane) {
        size_t r = lane / 4;
        size_t c = lane % 4 * 2;
        uint32_t low = turnedIn ? in[c * 8 + r] : in[r * 8 + c];
        uint32_t high = turnedIn ? in[(c + 1) * 8 + r] : in[r * 8 + c + 1];
        EXPECT_EQ(first[lane], low | high << 16);
      }
    }
}

} // namespace
} // namespace sluice::sim
