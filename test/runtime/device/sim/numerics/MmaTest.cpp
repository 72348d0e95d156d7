#include "runtime/device/sim/numerics/Mma.h"
#include "runtime/device/sim/numerics/Arithmetic32.h"
#include "runtime/device/sim/numerics/Fragments.h"
#include "runtime/device/sim/numerics/Rounded.h"
#include "runtime/device/sim/numerics/Wmma.h"
#include "test/runtime/device/sim/numerics/NearestSearch.h"

#include <gtest/gtest.h>

#include <cstring>

using sluice::Result;
using namespace sluice::sim;
using namespace sluice::sim::test;

namespace {

using enum NumberType;

/// Up to 32 registers of 32 lanes.
struct Registers {
  alignas(64) uint64_t words[32][32] = {};
  std::vector<void *> pointers;

  Registers() {
    for (auto &r : words)
      pointers.push_back(r);
  }
  void *const *out() { return pointers.data(); }
  const void *const *in() { return pointers.data(); }
  uint32_t *lanes(int i) { return reinterpret_cast<uint32_t *>(words[i]); }
};

const FloatFormat *formatOf(NumberType type) {
  switch (type) {
  case F16:
    return &kF16;
  case Bf16:
    return &kBf16;
  case Tf32:
    return &kTf32;
  case E4m3:
    return &kE4m3;
  case E5m2:
    return &kE5m2;
  case F32:
    return &kF32;
  default:
    return nullptr;
  }
}

double elementValue(NumberType type, int bits, uint64_t code) {
  if (type == Tf32)
    return valueOf(kTf32, code >> 13);
  if (const FloatFormat *format = formatOf(type))
    return valueOf(*format, code);
  auto value = static_cast<int64_t>(code << (64 - bits));
  return static_cast<double>(type == S8 ? value >> (64 - bits)
                                        : static_cast<int64_t>(code));
}

/// A random element whose value is of moderate size. With `small`, an integer
/// of at most 3, so that every sum is exact.
uint64_t element(NumberType type, int bits, Random &random, bool small) {
  uint64_t r = random.next();
  if (type == S8 || type == U8)
    return r & ((1U << bits) - 1);
  const FloatFormat &format = *formatOf(type);
  double x = small ? static_cast<double>(r % 7) - 3
                   : (static_cast<double>(r >> 11) * 0x1p-52 - 1) * 4;
  uint64_t code = bitsOf(format, x, Rounding::Nearest, true);
  return type == Tf32 ? code << 13 : code;
}

struct Case {
  MmaForm form;
  bool wmma = false;
};

/// Matrices of values, filled at random into registers through `place`.
struct Operands {
  double a[32][64], b[64][32], c[32][32];
  Registers ra, rb, rc;
};

int inputBits(const MmaForm &f) { return f.s4 ? 4 : elementBits(f.a); }

/// Independent of Fragments.h: PTX's a_i/b_i formulas folded into byte offsets
/// of a row of A or a column of B, for mma.sync.
void fill(const MmaForm &f, Operands &o, Random &random, bool small) {
  int bits = inputBits(f);
  auto put = [&](Registers &r, int reg, int lane, int bit, uint64_t code) {
    r.lanes(reg)[lane] |= static_cast<uint32_t>(code << bit);
  };
  for (int row = 0; row < f.m; ++row)
    for (int k = 0; k < f.k; ++k) {
      uint64_t code = element(f.a, bits, random, small);
      o.a[row][k] = elementValue(f.a, bits, code);
      int bitInRow = k * bits;
      int half = bitInRow / 128; // 16 bytes of k
      int reg = f.m == 16 ? 2 * half + row / 8 : half;
      put(o.ra, reg, row % 8 * 4 + bitInRow % 128 / 32, bitInRow % 32, code);
    }
  for (int column = 0; column < f.n; ++column)
    for (int k = 0; k < f.k; ++k) {
      uint64_t code = element(f.b, bits, random, small);
      o.b[k][column] = elementValue(f.b, bits, code);
      int bitInColumn = k * bits;
      put(o.rb, bitInColumn / 128, column * 4 + bitInColumn % 128 / 32,
          bitInColumn % 32, code);
    }
  for (int row = 0; row < f.m; ++row)
    for (int column = 0; column < f.n; ++column) {
      int lane = row % 8 * 4 + column / 2;
      if (f.c == S32) {
        auto x = static_cast<int32_t>(random.next());
        if (small)
          x >>= 12;
        o.c[row][column] = x;
        put(o.rc, row / 8 * 2 + column % 2, lane, 0, static_cast<uint32_t>(x));
      } else if (f.c == F16) {
        uint64_t code = element(F16, 16, random, small);
        o.c[row][column] = valueOf(kF16, code);
        put(o.rc, row / 8, lane, column % 2 * 16, code);
      } else {
        auto x = static_cast<float>(
            valueOf(kBf16, element(Bf16, 16, random, small)));
        o.c[row][column] = x;
        put(o.rc, row / 8 * 2 + column % 2, lane, 0, bitsOf32(x));
      }
    }
}

double result(const MmaForm &f, Registers &r, int row, int column) {
  int lane = row % 8 * 4 + column / 2;
  if (f.d == F16)
    return valueOf(kF16, r.lanes(row / 8)[lane] >> (column % 2 * 16) & 0xffff);
  uint32_t word = r.lanes(row / 8 * 2 + column % 2)[lane];
  if (f.d == S32)
    return static_cast<int32_t>(word);
  return f32(word);
}

/// What `mode` promises, by naive loops.
double expected(const MmaForm &f, const Operands &o, int row, int column) {
  if (f.c == S32) {
    int64_t sum = static_cast<int64_t>(o.c[row][column]);
    for (int k = 0; k < f.k; ++k)
      sum += static_cast<int64_t>(o.a[row][k] * o.b[k][column]);
    if (f.satfinite)
      sum = std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX);
    return static_cast<int32_t>(sum);
  }
  if (f.mode == MmaMode::Wide) {
    long double sum = o.c[row][column];
    for (int k = 0; k < f.k; ++k)
      sum += static_cast<long double>(o.a[row][k]) * o.b[k][column];
    if (f.d == F16)
      return valueOf(kF16, bitsOf(kF16, static_cast<double>(sum),
                                  Rounding::Nearest, false));
    return static_cast<float>(sum);
  }
  auto sum = static_cast<float>(o.c[row][column]);
  for (int k = 0; k < f.k; ++k)
    sum = std::fma(static_cast<float>(o.a[row][k]),
                   static_cast<float>(o.b[k][column]), sum);
  if (f.d == F16)
    return valueOf(kF16, bitsOf(kF16, sum, Rounding::Nearest, false));
  return sum;
}

std::vector<MmaForm> mmaForms() {
  std::vector<MmaForm> forms;
  auto add = [&](MmaForm form) {
    for (MmaMode mode : {MmaMode::Fast, MmaMode::Wide}) {
      form.mode = mode;
      forms.push_back(form);
    }
  };
  for (int k : {8, 16}) {
    add({.m = 16, .n = 8, .k = k, .a = Bf16, .b = Bf16, .c = F32, .d = F32});
    for (NumberType c : {F16, F32})
      for (NumberType d : {F16, F32})
        add({.m = 16, .n = 8, .k = k, .a = F16, .b = F16, .c = c, .d = d});
  }
  for (int k : {4, 8})
    add({.m = 16, .n = 8, .k = k, .a = Tf32, .b = Tf32, .c = F32, .d = F32});
  for (int k : {16, 32}) {
    for (NumberType a : {E4m3, E5m2})
      for (NumberType b : {E4m3, E5m2})
        for (NumberType c : {F16, F32})
          add({.m = 16, .n = 8, .k = k, .a = a, .b = b, .c = c, .d = c});
    for (NumberType a : {S8, U8})
      for (NumberType b : {S8, U8})
        for (bool clamp : {false, true})
          add({.m = 16,
               .n = 8,
               .k = k,
               .a = a,
               .b = b,
               .c = S32,
               .d = S32,
               .satfinite = clamp});
  }
  for (NumberType a : {S8, U8})
    for (NumberType b : {S8, U8}) {
      add({.m = 8, .n = 8, .k = 16, .a = a, .b = b, .c = S32, .d = S32});
      for (int k : {32, 64})
        add({.m = 16,
             .n = 8,
             .k = k,
             .a = a,
             .b = b,
             .s4 = true,
             .c = S32,
             .d = S32});
      add({.m = 8,
           .n = 8,
           .k = 32,
           .a = a,
           .b = b,
           .s4 = true,
           .c = S32,
           .d = S32,
           .satfinite = true});
    }
  return forms;
}

TEST(Mma, EveryFormIsTheNaiveProduct) {
  Random random(1);
  for (const MmaForm &form : mmaForms()) {
    Result<Mma> mma = Mma::mma(form);
    ASSERT_TRUE(mma.ok()) << mma.status().message();
    EXPECT_EQ(mma->aRegisters(), form.m * form.k * inputBits(form) / 1024);
    EXPECT_EQ(mma->bRegisters(), form.n * form.k * inputBits(form) / 1024);
    EXPECT_EQ(mma->operations(), 2 * form.m * form.n * form.k);
    for (int round = 0; round < 6; ++round) {
      auto o = std::make_unique<Operands>();
      fill(form, *o, random, round < 2);
      Registers d;
      mma->run(o->ra.in(), o->rb.in(), o->rc.in(), d.out());
      // In place as well, as accumulators are.
      mma->run(o->ra.in(), o->rb.in(), o->rc.in(), o->rc.out());
      for (int row = 0; row < form.m; ++row)
        for (int column = 0; column < form.n; ++column) {
          double found = result(form, d, row, column);
          ASSERT_EQ(found, expected(form, *o, row, column))
              << "k" << form.k << " type " << static_cast<int>(form.a) << ' '
              << static_cast<int>(form.b) << " d " << static_cast<int>(form.d)
              << " mode " << static_cast<int>(form.mode) << " at " << row
              << ", " << column;
          if (form.c == form.d)
            ASSERT_EQ(result(form, o->rc, row, column), found);
        }
    }
  }
}

TEST(Mma, IntegerSumsWrapOrClamp) {
  for (bool clamp : {false, true}) {
    MmaForm form{.m = 16,
                 .n = 8,
                 .k = 32,
                 .a = U8,
                 .b = U8,
                 .c = S32,
                 .d = S32,
                 .satfinite = clamp};
    Result<Mma> mma = Mma::mma(form);
    ASSERT_TRUE(mma.ok());
    Registers a, b, c;
    for (int i = 0; i < 4; ++i)
      for (int lane = 0; lane < 32; ++lane) {
        a.lanes(i)[lane] = b.lanes(i)[lane] = 0xffffffff;
        c.lanes(i)[lane] = 0x7fffffff - 255 * 255 * 32 + (lane == 5);
      }
    mma->run(a.in(), b.in(), c.in(), c.out());
    EXPECT_EQ(c.lanes(0)[4], 0x7fffffffU);
    EXPECT_EQ(c.lanes(0)[5], clamp ? 0x7fffffffU : 0x80000000U);
  }
}

TEST(Mma, F64EveryShape) {
  Random random(2);
  for (int m : {8, 16})
    for (int k : {4, 8, 16}) {
      if (m == 8 && k != 4)
        continue;
      Result<Mma> mma = Mma::mma(
          {.m = m, .n = 8, .k = k, .a = F64, .b = F64, .c = F64, .d = F64});
      ASSERT_TRUE(mma.ok());
      double a[16][16], b[16][8], c[16][8];
      Registers ra, rb, rc;
      auto value = [&] {
        return static_cast<double>(random.next() >> 11) * 0x1p-52 - 1;
      };
      auto put = [](Registers &r, int reg, int lane, double x) {
        r.words[reg][lane] = std::bit_cast<uint64_t>(x);
      };
      for (int row = 0; row < m; ++row) // PTX: a_i at (g or g + 8, t + 4 j)
        for (int j = 0; j < k; ++j)
          put(ra, j / 4 * (m / 8) + row / 8, row % 8 * 4 + j % 4,
              a[row][j] = value());
      for (int j = 0; j < k; ++j)
        for (int column = 0; column < 8; ++column)
          put(rb, j / 4, column * 4 + j % 4, b[j][column] = value());
      for (int row = 0; row < m; ++row)
        for (int column = 0; column < 8; ++column)
          put(rc, row / 8 * 2 + column % 2, row % 8 * 4 + column / 2,
              c[row][column] = value());
      mma->run(ra.in(), rb.in(), rc.in(), rc.out());
      for (int row = 0; row < m; ++row)
        for (int column = 0; column < 8; ++column) {
          double sum = c[row][column];
          for (int j = 0; j < k; ++j)
            sum = std::fma(a[row][j], b[j][column], sum);
          ASSERT_EQ(
              std::bit_cast<double>(
                  rc.words[row / 8 * 2 + column % 2][row % 8 * 4 + column / 2]),
              sum);
        }
    }
}

TEST(Mma, NanIsCanonicalAndInfinityIsKept) {
  Result<Mma> mma = Mma::mma(
      {.m = 16, .n = 8, .k = 16, .a = Bf16, .b = Bf16, .c = F32, .d = F32});
  ASSERT_TRUE(mma.ok());
  Registers a, b, c;
  a.lanes(0)[0] = 0x7f80; // A[0][0] = infinity, B is zero: NaN in row 0
  c.lanes(2)[4] = 0x7f800000;
  mma->run(a.in(), b.in(), c.in(), c.out());
  EXPECT_EQ(c.lanes(0)[0], 0x7fffffffU);
  EXPECT_EQ(c.lanes(1)[3], 0x7fffffffU);
  EXPECT_EQ(c.lanes(0)[4], 0U);
  EXPECT_EQ(c.lanes(2)[4], 0x7f800000U);
}

TEST(Mma, Tf32IgnoresTheLowBits) {
  Result<Mma> mma = Mma::mma(
      {.m = 16, .n = 8, .k = 4, .a = Tf32, .b = Tf32, .c = F32, .d = F32});
  ASSERT_TRUE(mma.ok());
  Registers a, b, c;
  a.lanes(0)[0] = 0x3f801fff; // 1 and bits that do not count
  b.lanes(0)[0] = 0x40001000;
  mma->run(a.in(), b.in(), c.in(), c.out());
  EXPECT_EQ(f32(c.lanes(0)[0]), 2);
}

/// A and B in memory as kernels keep them, loaded with ldmatrix.
TEST(Mma, LdmatrixFillsWhatMmaReads) {
  Random random(3);
  MmaForm form{
      .m = 16, .n = 8, .k = 16, .a = F16, .b = F16, .c = F32, .d = F32};
  Result<Mma> mma = Mma::mma(form);
  ASSERT_TRUE(mma.ok());
  uint16_t a[16][16], b[16][8]; // row major
  double va[16][16], vb[16][8];
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 16; ++j) {
      a[i][j] = static_cast<uint16_t>(element(F16, 16, random, false));
      va[i][j] = valueOf(kF16, a[i][j]);
      if (j < 8) {
        b[i][j] = static_cast<uint16_t>(element(F16, 16, random, false));
        vb[i][j] = valueOf(kF16, b[i][j]);
      }
    }
  Registers ra, rb, rc;
  auto loadTile = [](const uint16_t *at, int stride, bool transposed,
                     uint32_t *lanes) {
    uint16_t rows[8][8];
    for (int row = 0; row < 8; ++row)
      std::memcpy(rows[row], at + row * stride, 16);
    distributeMatrix(rows, transposed, lanes);
  };
  // ldmatrix.x4: rows 0..7, rows 8..15, and both again for k 8..15.
  for (int i = 0; i < 4; ++i)
    loadTile(&a[i % 2 * 8][i / 2 * 8], 16, false, ra.lanes(i));
  // B is k x n in memory: ldmatrix.x2.trans.
  for (int i = 0; i < 2; ++i)
    loadTile(&b[i * 8][0], 8, true, rb.lanes(i));
  mma->run(ra.in(), rb.in(), rc.in(), rc.out());
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 8; ++column) {
      float sum = 0;
      for (int k = 0; k < 16; ++k)
        sum = std::fma(static_cast<float>(va[row][k]),
                       static_cast<float>(vb[k][column]), sum);
      ASSERT_EQ(result(form, rc, row, column), sum);
    }
}

TEST(Mma, RefusesByName) {
  Result<Mma> odd = Mma::mma(
      {.m = 8, .n = 8, .k = 4, .a = F16, .b = F16, .c = F32, .d = F32});
  ASSERT_FALSE(odd.ok());
  EXPECT_NE(odd.status().message().find("mma m8n8k4"), std::string::npos);
  EXPECT_FALSE(
      Mma::mma(
          {.m = 16, .n = 8, .k = 16, .a = F16, .b = Bf16, .c = F32, .d = F32})
          .ok());
  EXPECT_FALSE(
      Mma::mma(
          {.m = 16, .n = 8, .k = 16, .a = Bf16, .b = Bf16, .c = F16, .d = F16})
          .ok());
  EXPECT_FALSE(
      Mma::wmma(
          {.m = 16, .n = 8, .k = 16, .a = F16, .b = F16, .c = F32, .d = F32})
          .ok());
}

/// Loads A, B and C as wmma does, multiplies, stores D.
TEST(Wmma, EveryShapeIsTheNaiveProduct) {
  Random random(4);
  struct Shape {
    int m, n, k;
  };
  std::vector<MmaForm> forms;
  for (Shape s : {Shape{16, 16, 16}, Shape{32, 8, 16}, Shape{8, 32, 16}}) {
    for (NumberType c : {F16, F32})
      for (NumberType d : {F16, F32})
        forms.push_back(
            {.m = s.m, .n = s.n, .k = s.k, .a = F16, .b = F16, .c = c, .d = d});
    forms.push_back({.m = s.m,
                     .n = s.n,
                     .k = s.k,
                     .a = Bf16,
                     .b = Bf16,
                     .c = F32,
                     .d = F32});
    for (NumberType t : {S8, U8})
      forms.push_back(
          {.m = s.m, .n = s.n, .k = s.k, .a = t, .b = t, .c = S32, .d = S32});
  }
  forms.push_back(
      {.m = 16, .n = 16, .k = 8, .a = Tf32, .b = Tf32, .c = F32, .d = F32});
  for (MmaForm form : forms)
    for (MmaMode mode : {MmaMode::Fast, MmaMode::Wide}) {
      form.mode = mode;
      Result<Mma> mma = Mma::wmma(form);
      ASSERT_TRUE(mma.ok()) << mma.status().message();
      int bits = inputBits(form);
      auto o = std::make_unique<Operands>();
      std::vector<uint8_t> a(static_cast<size_t>(form.m * form.k * bits / 8));
      std::vector<uint8_t> b(static_cast<size_t>(form.n * form.k * bits / 8));
      std::vector<uint8_t> c(static_cast<size_t>(form.m * form.n * 4));
      auto bytes = static_cast<size_t>(bits / 8);
      for (int row = 0; row < form.m; ++row)
        for (int k = 0; k < form.k; ++k) {
          uint64_t code = element(form.a, bits, random, false);
          o->a[row][k] = elementValue(form.a, bits, code);
          std::memcpy(&a[static_cast<size_t>(row * form.k + k) * bytes], &code,
                      bytes);
        }
      for (int k = 0; k < form.k; ++k)
        for (int column = 0; column < form.n; ++column) {
          uint64_t code = element(form.a, bits, random, false);
          o->b[k][column] = elementValue(form.a, bits, code);
          std::memcpy(&b[static_cast<size_t>(k * form.n + column) * bytes],
                      &code, bytes);
        }
      for (int row = 0; row < form.m; ++row)
        for (int column = 0; column < form.n; ++column) {
          size_t size = form.c == F16 ? 2 : 4;
          uint64_t code = form.c == S32 ? random.next() & 0xffffff
                          : form.c == F16
                              ? element(F16, 16, random, false)
                              : bitsOf32(static_cast<float>(column - row));
          o->c[row][column] = form.c == S32 ? static_cast<double>(code)
                                            : elementValue(form.c, 32, code);
          std::memcpy(&c[static_cast<size_t>(row * form.n + column) * size],
                      &code, size);
        }
      WmmaFragment fa{WmmaOperand::A, form.a, form.m, form.n, form.k};
      WmmaFragment fb{WmmaOperand::B, form.b, form.m, form.n, form.k};
      WmmaFragment fc{WmmaOperand::Accumulator, form.c, form.m, form.n, form.k};
      WmmaFragment fd{WmmaOperand::Accumulator, form.d, form.m, form.n, form.k};
      EXPECT_EQ(fc.registers(), form.c == F16 ? 4 : 8);
      EXPECT_EQ(fd.tileRegisters(), mma->dRegisters());
      EXPECT_EQ(fa.tileRegisters(), mma->aRegisters());
      EXPECT_EQ(fb.tileRegisters(), mma->bRegisters());
      if (form.a == F16)
        EXPECT_EQ(fa.registers() + fb.registers(), 16);
      Registers d;
      wmmaFromMatrix(fa, a.data(), o->ra.out());
      wmmaFromMatrix(fb, b.data(), o->rb.out());
      wmmaFromMatrix(fc, c.data(), o->rc.out());
      std::vector<uint8_t> again(a.size());
      wmmaToMatrix(fa, o->ra.in(), again.data());
      EXPECT_EQ(again, a);
      mma->run(o->ra.in(), o->rb.in(), o->rc.in(), d.out());
      std::vector<uint8_t> out(c.size());
      wmmaToMatrix(fd, d.in(), out.data());
      for (int row = 0; row < form.m; ++row)
        for (int column = 0; column < form.n; ++column) {
          size_t size = form.d == F16 ? 2 : 4;
          uint32_t code = 0;
          std::memcpy(&code,
                      &out[static_cast<size_t>(row * form.n + column) * size],
                      size);
          double found = form.d == S32 ? static_cast<int32_t>(code)
                                       : elementValue(form.d, 32, code);
          ASSERT_EQ(found, expected(form, *o, row, column))
              << form.m << 'x' << form.n << ' ' << row << ',' << column;
        }
    }
}

} // namespace
