// Activations in bf16, and scaled.round.

#include "test/passes/lower/KernelHarness.h"

#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string_view>

using namespace sluice::test;

/// To nearest even, by looking at both neighbours.
static std::uint16_t bfloat(float x) {
  std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  if (std::isnan(x))
    return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  std::uint32_t low = bits & 0xffff0000u, high = low + 0x10000u;
  std::uint32_t below = bits - low, above = high - bits;
  bool up = above < below || (above == below && (low >> 16 & 1));
  return static_cast<std::uint16_t>((up ? high : low) >> 16);
}

static float wide(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t(bits) << 16);
}

static std::vector<std::uint16_t> bfloats(const std::vector<float> &x) {
  std::vector<std::uint16_t> y;
  for (float v : x)
    y.push_back(bfloat(v));
  return y;
}

static std::vector<float> wides(const std::vector<std::uint16_t> &x) {
  std::vector<float> y;
  for (std::uint16_t v : x)
    y.push_back(wide(v));
  return y;
}

static std::vector<float> positives(int mantissaBits, int low, int high,
                                    float largest) {
  std::vector<float> values{0};
  int steps = 1 << mantissaBits;
  for (int m = 1; m < steps; ++m) // subnormal
    values.push_back(std::ldexp(float(m) / float(steps), low));
  for (int e = low; e <= high; ++e)
    for (int m = 0; m < steps; ++m)
      values.push_back(std::ldexp(1 + float(m) / float(steps), e));
  while (values.back() > largest)
    values.pop_back();
  return values;
}

namespace {
struct Format {
  std::string_view name;
  float largest, floor;
  std::vector<float> values; // not below 0, ascending; even codes first
};

struct RoundCase {
  const Format *format;
  int heads, channels, group, of;
  bool hadamard;
};
} // namespace

static const Format e4m3{"f8E4M3FN", 448, 1e-4f, positives(3, -6, 8, 448)};
static const Format e2m1{"f4E2M1FN", 6, std::ldexp(6.0f, -126),
                         positives(1, 0, 2, 6)};

/// The value of the format nearest to x, of two as near the one with the even
/// code.
static float nearest(const Format &format, float x) {
  float m = std::min(std::fabs(x), format.largest);
  std::size_t best = 0;
  for (std::size_t i = 1; i < format.values.size(); ++i) {
    float a = std::fabs(format.values[i] - m);
    float b = std::fabs(format.values[best] - m);
    if (a < b || (a == b && i % 2 == 0))
      best = i;
  }
  return std::copysign(format.values[best], x);
}

/// The smallest power of two that brings `amax` into range, from the f32
/// product that the rule names.
static float scaleOf(const Format &format, float amax) {
  float product = std::max(amax, format.floor) * (1.0f / format.largest);
  int e = -126;
  while (std::ldexp(1.0f, e) < product)
    ++e;
  return std::ldexp(1.0f, e);
}

static void hadamard(std::span<float> x) {
  std::vector<double> sums;
  for (std::size_t k = 0; k < x.size(); ++k) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      sum += std::popcount(k & i) % 2 ? -x[i] : x[i];
    sums.push_back(sum / std::sqrt(double(x.size())));
  }
  for (std::size_t k = 0; k < x.size(); ++k)
    x[k] = wide(bfloat(float(sums[k])));
}

static std::vector<float> rounded(const RoundCase &c, std::vector<float> x) {
  for (std::size_t at = 0; at < x.size(); at += std::size_t(c.channels)) {
    std::span<float> head(&x[at], std::size_t(c.channels));
    for (float &v : head)
      v = wide(bfloat(v));
    if (c.hadamard)
      hadamard(head);
    int end = c.of ? c.of : c.channels;
    for (int low = 0; low < end; low += c.group) {
      auto group = head.subspan(std::size_t(low),
                                std::size_t(std::min(c.group, end - low)));
      float amax = 0;
      for (float v : group)
        amax = std::max(amax, std::fabs(v));
      float scale = scaleOf(*c.format, amax);
      for (float &v : group)
        v = nearest(*c.format, v / scale) * scale;
    }
  }
  return x;
}

class RoundKernelTest : public testing::TestWithParam<RoundCase> {};

TEST_P(RoundKernelTest, EqualsARuleOfItsOwn) {
  const RoundCase &c = GetParam();
  std::string attr = fmt::format("<{} group {}{}{}>", c.format->name, c.group,
                                 c.of ? fmt::format(" of {}", c.of) : "",
                                 c.hadamard ? " hadamard" : "");
  std::size_t row = std::size_t(c.heads * c.channels);
  Random random(static_cast<unsigned>(c.channels));
  for (std::size_t rows : {0, 1, 2, 33}) {
    // Whole numbers, so that sums have no rounding of their own; magnitudes
    // from group to group.
    std::vector<float> x;
    for (std::size_t i = 0; i < rows * row; ++i)
      x.push_back(std::ldexp(float(random.below(511) - 255),
                             c.hadamard ? 0 : int(i / 16 % 9) - 4));
    if (rows == 33) // a group of zeros, the floor, the largest, a tie
      for (std::size_t i = 0; i < row; ++i) {
        x[i] = 0;
        x[row + i] = i % 5 ? 1e-6f : -1e-6f;
        x[2 * row + i] = i % 7 ? c.format->largest : 0.5f;
        x[3 * row + i] = float(i % 16) * 0.25f;
      }
    std::vector<std::uint16_t> in = bfloats(x), out(x.size(), 0xffff);
    std::string type = fmt::format("tensor<?x{}xbf16>", row);
    runKernel(fmt::format("plan.kernel @k(%x: {0}) rows #plan.expr<T> {{\n"
                          " %y = scaled.round %x by {1} heads = {2} : {0} -> "
                          "{0}\n plan.yield %y : {0}\n}}",
                          type, attr, c.heads),
              {.T = std::int64_t(rows)}, {word(in), word(out)}, {bytesOf(out)});
    std::vector<float> expected = rounded(c, wides(in));
    for (std::size_t i = 0; i < out.size(); ++i)
      ASSERT_EQ(wide(out[i]), expected[i])
          << "row " << i / row << ", channel " << i % row << " from "
          << wide(in[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Formats, RoundKernelTest,
    testing::Values(RoundCase{&e4m3, 1, 128, 128, 0, false},
                    RoundCase{&e4m3, 1, 200, 128, 0, false},
                    RoundCase{&e4m3, 1, 37, 16, 21, false},
                    RoundCase{&e4m3, 2, 96, 64, 64, false},
                    RoundCase{&e2m1, 1, 64, 32, 0, false},
                    RoundCase{&e2m1, 3, 16, 32, 0, true},
                    RoundCase{&e2m1, 2, 64, 32, 0, true}));

/// All numbers of E4M3 between two neighbours, and the neighbours.
TEST(RoundKernelTest, EveryCodeAndEveryTie) {
  for (const Format *format : {&e4m3, &e2m1}) {
    std::vector<float> x;
    for (std::size_t i = 0; i + 1 < format->values.size(); ++i)
      for (float part : {0.0f, 0.25f, 0.5f, 0.75f}) {
        float v = format->values[i] +
                  part * (format->values[i + 1] - format->values[i]);
        x.push_back(v);
        x.push_back(-v);
      }
    x.push_back(format->largest); // makes the scale 1
    std::vector<std::uint16_t> in = bfloats(x), out(x.size(), 0xffff);
    ASSERT_EQ(wides(in), x);
    std::string type = fmt::format("tensor<?x{}xbf16>", x.size());
    runKernel(fmt::format("plan.kernel @k(%x: {0}) rows #plan.expr<T> {{\n"
                          " %y = scaled.round %x by <{1} group {2}> : {0} -> "
                          "{0}\n plan.yield %y : {0}\n}}",
                          type, format->name, x.size()),
              {.T = 1}, {word(in), word(out)}, {bytesOf(out)});
    for (std::size_t i = 0; i < x.size(); ++i)
      ASSERT_EQ(wide(out[i]), nearest(*format, x[i])) << x[i];
  }
}

TEST(RoundKernelTest, ANaNStaysOne) {
  std::vector<std::uint16_t> in = bfloats(std::vector<float>(16, 1.0f));
  in[3] = 0x7fc0;
  std::vector<std::uint16_t> out(16);
  runKernel("plan.kernel @k(%x: tensor<?x16xbf16>) rows #plan.expr<T> {\n"
            " %y = scaled.round %x by <f8E4M3FN group 16> : tensor<?x16xbf16> "
            "-> tensor<?x16xbf16>\n plan.yield %y : tensor<?x16xbf16>\n}",
            {.T = 1}, {word(in), word(out)}, {bytesOf(out)});
  EXPECT_TRUE(std::isnan(wide(out[3])));
}

namespace {
/// A kernel of one op over x [T, columns]; "N" stands for the type of numbers.
struct NarrowCase {
  std::string_view name, op, result;
  int columns, resultColumns;
};
class NarrowKernelTest : public testing::TestWithParam<NarrowCase> {};
} // namespace

static std::string textOf(const NarrowCase &c, std::string_view number) {
  std::string text =
      fmt::format("plan.kernel @k(%x: tensor<?x{0}xN>, %w: tensor<24x40xf32>, "
                  "%v: tensor<40xf32>, %b: !plan.batch) rows #plan.expr<T> {{\n"
                  " %y = {1} : {2}\n plan.yield %y : tensor<?x{3}xN>\n}}",
                  c.columns, c.op, c.result, c.resultColumns);
  for (std::size_t at; (at = text.find("xN")) != std::string::npos;)
    text.replace(at + 1, 1, number);
  return text;
}

/// With bf16 in and out an op computes what it computes with f32, and rounds
/// the result once.
TEST_P(NarrowKernelTest, RoundsTheResultOnce) {
  const NarrowCase &c = GetParam();
  Random random(7);
  for (std::size_t rows : {0, 1, 2, 33}) {
    std::vector<std::uint16_t> x =
        bfloats(random.floats(rows * std::size_t(c.columns)));
    std::vector<float> x32 = wides(x), w = random.floats(24 * 40),
                       v = random.floats(40);
    std::vector<std::int32_t> pos, zero(rows, 0);
    for (std::size_t i = 0; i < rows; ++i)
      pos.push_back(std::int32_t(i));
    std::size_t count = rows * std::size_t(c.resultColumns);
    std::vector<float> y32(count, NAN);
    std::vector<std::uint16_t> y(count, 0xffff);
    auto run = [&](std::string_view number, std::uint64_t in, std::uint64_t out,
                   Bytes written) {
      runKernel(textOf(c, number), {.T = std::int64_t(rows)},
                {in, word(w), word(v), word(pos), word(zero), word(zero), out},
                {written});
    };
    run("f32", word(x32), word(y32), bytesOf(y32));
    run("bf16", word(x), word(y), bytesOf(y));
    EXPECT_EQ(y, bfloats(y32)) << c.name << ", " << rows << " rows";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Ops, NarrowKernelTest,
    testing::Values(
        NarrowCase{"linear", "scaled.linear %x, %w",
                   "tensor<?x40xN>, tensor<24x40xf32> -> tensor<?x24xN>", 40,
                   24},
        NarrowCase{"norm", "hc.norm %x weight %v eps = 1.0e-6",
                   "tensor<?x40xN> weight tensor<40xf32> -> tensor<?x40xN>", 40,
                   40},
        NarrowCase{"rope",
                   "attn.rope %x at %b by <tail [1.0, 0.1, 0.01]> heads = 3",
                   "tensor<?x63xN> -> tensor<?x63xN>", 63, 63},
        NarrowCase{"glu", "moe.glu %x, %x limit = 0.5",
                   "tensor<?x21xN>, tensor<?x21xN> -> tensor<?x21xN>", 21,
                   21}));
