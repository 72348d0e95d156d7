#include "test/runtime/device/sim/ops/OpCase.h"

#include "test/runtime/device/sim/SimKernel.h"

namespace sluice::sim {

std::string opKernel(const OpCase &op, const std::string &name) {
  std::string text = ".visible .entry " + name +
                     "(.param .u64 a, .param .u64 b, .param .u64 c,"
                     " .param .u64 out)\n{\n"
                     "  .reg .pred %p<9>;\n  .reg .b16 %rs<9>;\n"
                     "  .reg .b32 %r<29>;\n  .reg .b64 %rd<29>;\n"
                     "  .reg .f32 %f<9>;\n  .reg .f64 %fd<9>;\n"
                     "  .reg .b128 %q<4>;\n"
                     "  mov.u32 %r20, %ctaid.x;\n  mov.u32 %r21, %ntid.x;\n"
                     "  mov.u32 %r22, %tid.x;\n"
                     "  mad.lo.u32 %r20, %r20, %r21, %r22;\n"
                     "  mul.wide.u32 %rd20, %r20, 8;\n";
  const char *const names[] = {"a", "b", "c"};
  for (int i = 0; i < 3; ++i) {
    std::string n = std::to_string(i + 1);
    text += "  ld.param.u64 %rd21, [" + std::string(names[i]) +
            "];\n  add.u64 %rd21, %rd21, %rd20;\n  ld.global.u64 %rd" + n +
            ", [%rd21];\n  cvt.u32.u64 %r" + n + ", %rd" + n +
            ";\n  cvt.u16.u64 %rs" + n + ", %rd" + n + ";\n  mov.b32 %f" + n +
            ", %r" + n + ";\n  mov.b64 %fd" + n + ", %rd" + n +
            ";\n  and.b32 %r23, %r" + n + ", 1;\n  setp.ne.u32 %p" + n +
            ", %r23, 0;\n";
  }
  text += "  " + op.text + "\n";
  switch (op.result) {
  case 'w':
  case 'y':
  case 'c':
    text += "  cvt.u64.u32 %rd0, %r0;\n";
    break;
  case 'h':
  case 'x':
  case 'b':
    text += "  cvt.u64.u16 %rd0, %rs0;\n";
    break;
  case 'f':
    text += "  mov.b32 %r24, %f0;\n  cvt.u64.u32 %rd0, %r24;\n";
    break;
  case 'd':
    text += "  mov.b64 %rd0, %fd0;\n";
    break;
  case 'p':
    text += "  selp.u64 %rd0, 1, 0, %p0;\n";
    break;
  default:
    break;
  }
  return text + "  ld.param.u64 %rd21, [out];\n"
                "  add.u64 %rd21, %rd21, %rd20;\n"
                "  st.global.u64 [%rd21], %rd0;\n  ret;\n}\n";
}

std::vector<OpCase> allOpCases() {
  std::vector<OpCase> all;
  for (auto *cases : {integerOpCases, bitOpCases, floatOpCases, halfOpCases,
                      compareOpCases, convertOpCases})
    for (OpCase &op : cases())
      all.push_back(std::move(op));
  return all;
}

namespace {

uint64_t scrambled(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::vector<uint64_t> edgesOf(char inputs) {
  switch (inputs) {
  case 'f':
    return {0,          0x80000000, 1,          0x80000001, 0x7fffff,
            0x800000,   0x3f800000, 0xbf800000, 0x3f7fffff, 0x3f800001,
            0x40490fdb, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,
            0x7fc00000, 0x4b000001, 0xcb000001, 0x3f000000, 0x42c80000,
            0x4f000000, 0xcf000000, 0x2e800000, 0x5f7fffff};
  case 'd':
    return {0,
            uint64_t{1} << 63,
            1,
            0x000fffffffffffff,
            0x3ff0000000000000,
            0xbff0000000000000,
            0x3fefffffffffffff,
            0x400921fb54442d18,
            0x7fefffffffffffff,
            0x7ff0000000000000,
            0xfff0000000000000,
            0x7ff8000000000000,
            0x41e0000000000000,
            0xc1e0000000000001,
            0x3fe0000000000000};
  case 'x':
    return {0x3c0000000001bc00, 0x7c007e00fc000400, 0x800003ff7bff3c01,
            0x3800b8004000c000, 0x3555b5552e66d140, 0x0000800000018001};
  case 'b':
    return {0x3f8000000001bf80, 0x7f807fc0ff800080, 0x8000007f7f7f3f81,
            0x3f00bf004000c000, 0x3eaabeaa3dcdd140, 0x0000800000018001};
  default:
    return {0,
            1,
            2,
            31,
            32,
            33,
            63,
            64,
            0x7f,
            0x80,
            0xff,
            0x7fff,
            0x8000,
            0xffff,
            0x7fffffff,
            0x80000000,
            0x80000001,
            0xffffffff,
            0x7fffffffffffffff,
            0x8000000000000000,
            0xffffffffffffffff,
            0x123456789abcdef0};
  }
}

constexpr size_t kThreads = 1024;

/// Every pair of edges, with a random c, then random values.
void fillInputs(char inputs, std::vector<uint64_t> (&in)[3]) {
  std::vector<uint64_t> edges = edgesOf(inputs);
  size_t n = edges.size();
  for (uint64_t i = 0; i < kThreads; ++i) {
    for (uint64_t k = 0; k < 3; ++k) {
      uint64_t random = scrambled(i * 3 + k + 1);
      uint64_t value = random;
      if (i < n * n)
        value = k == 0 ? edges[i / n] : k == 1 ? edges[i % n] : random;
      else if (random % 4 == 0)
        value = edges[scrambled(random) % n];
      else if (inputs == 'f' && random % 4 < 3)
        // Numbers near each other, so that sums cancel and round.
        value = (random & 0x80ffffff) | 0x3f000000;
      if (k == 2 && i % 2 == 0)
        value = edges[random % n];
      if (inputs == 's' && k > 0)
        value = value % 67;
      in[k].push_back(value);
    }
  }
}

template <typename T> bool isNan(uint64_t bits, uint64_t infinity, T mask) {
  return (bits & mask) > infinity;
}

bool sameHalf(uint64_t a, uint64_t b, uint64_t infinity) {
  bool aNan = (a & 0x7fff) > infinity;
  bool bNan = (b & 0x7fff) > infinity;
  return aNan || bNan ? aNan == bNan : (a & 0xffff) == (b & 0xffff);
}

bool isSame(const OpCase &op, uint64_t got, uint64_t expected) {
  switch (op.result) {
  case 'w':
    return got == (expected & 0xffffffff);
  case 'h':
    return got == (expected & 0xffff);
  case 'f': {
    auto x = fromBits<float>(got);
    auto y = fromBits<float>(expected);
    if (std::isnan(x) || std::isnan(y))
      return std::isnan(x) == std::isnan(y);
    if (op.ulps == 0)
      return got == (expected & 0xffffffff);
    if (x == y)
      return true;
    double ulp =
        std::ldexp(1.0, std::max(std::ilogb(y == 0 ? x : y), -126) - 23);
    return std::fabs(static_cast<double>(x) - y) <= op.ulps * ulp;
  }
  case 'd': {
    auto x = fromBits<double>(got);
    auto y = fromBits<double>(expected);
    if (std::isnan(x) || std::isnan(y))
      return std::isnan(x) == std::isnan(y);
    return op.ulps == 0 ? got == expected
                        : x == y || std::fabs(x - y) <= op.ulps * std::fabs(y);
  }
  case 'x':
    return sameHalf(got, expected, 0x7c00);
  case 'y':
    return sameHalf(got, expected, 0x7c00) &&
           sameHalf(got >> 16, expected >> 16, 0x7c00);
  case 'b':
    return sameHalf(got, expected, 0x7f80);
  case 'c':
    return sameHalf(got, expected, 0x7f80) &&
           sameHalf(got >> 16, expected >> 16, 0x7f80);
  default:
    return got == expected;
  }
}

class OpTest : public testing::TestWithParam<OpCase> {};

TEST_P(OpTest, equalsItsReference) {
  const OpCase &op = GetParam();
  SCOPED_TRACE(op.text);
  SimKernel sim(opKernel(op, "op"), op.target);
  ASSERT_TRUE(sim.loaded()) << sim.error();
  std::vector<uint64_t> in[3];
  fillInputs(op.inputs, in);
  for (auto &values : in)
    sim.arg(sim.upload(values));
  uint64_t out = sim.reserve<uint64_t>(kThreads);
  // A block that is not a multiple of 32 has lanes that are off.
  auto report = sim.arg(out).launch("op", 5, 203);
  // The last blocks' threads beyond the inputs are out of bounds; they are not
  // part of this.
  (void)report;
  std::vector<uint64_t> got = sim.download<uint64_t>(out, 1015);
  int bad = 0;
  for (size_t i = 0; i < got.size() && bad < 4; ++i) {
    uint64_t expected = op.expect(in[0][i], in[1][i], in[2][i]);
    if (isSame(op, got[i], expected))
      continue;
    ++bad;
    ADD_FAILURE() << std::hex << "a " << in[0][i] << " b " << in[1][i] << " c "
                  << in[2][i] << ": got " << got[i] << ", expected "
                  << expected;
  }
}

std::string caseName(const testing::TestParamInfo<OpCase> &info) {
  std::string name = std::to_string(info.index) + "_";
  for (char c : info.param.text) {
    if (c == ' ' && name.back() != '_' && name.size() > 4)
      break;
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Sim, OpTest, testing::ValuesIn(allOpCases()),
                         caseName);

} // namespace
} // namespace sluice::sim
