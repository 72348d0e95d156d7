#include "runtime/device/sim/numerics/Fragments.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

using namespace sluice::sim;

namespace {

// The formulas of PTX 9.7.14.5.6 and on, written out as they are printed there,
// for element i of a lane (a_i, b_i, c_i), counted through all registers.
struct Layout {
  const char *name;
  int rows, k, elementBits;
  int (*aRow)(int g, int t, int i);
  int (*aColumn)(int g, int t, int i);
  int (*bRow)(int g, int t, int i);
};

const Layout kLayouts[] = {
    {"m8n8k4 f64", 8, 4, 64, [](int g, int, int) { return g; },
     [](int, int t, int) { return t; }, [](int, int t, int) { return t; }},
    {"m16n8k4 f64", 16, 4, 64,
     [](int g, int, int i) { return i == 0 ? g : g + 8; },
     [](int, int t, int) { return t; }, [](int, int t, int) { return t; }},
    {"m16n8k8 f64", 16, 8, 64,
     [](int g, int, int i) { return i == 0 || i == 2 ? g : g + 8; },
     [](int, int t, int i) { return i < 2 ? t : t + 4; },
     [](int, int t, int i) { return i == 0 ? t : t + 4; }},
    {"m16n8k16 f64", 16, 16, 64,
     [](int g, int, int i) { return i % 2 == 0 ? g : g + 8; },
     [](int, int t, int i) { return i * 2 - (i % 2) * 2 + t; },
     [](int, int t, int i) { return t + i * 4; }},
    {"m16n8k4 tf32", 16, 4, 32,
     [](int g, int, int i) { return i == 0 ? g : g + 8; },
     [](int, int t, int) { return t; }, [](int, int t, int) { return t; }},
    {"m16n8k8 tf32", 16, 8, 32,
     [](int g, int, int i) { return i == 0 || i == 2 ? g : g + 8; },
     [](int, int t, int i) { return i < 2 ? t : t + 4; },
     [](int, int t, int i) { return i == 0 ? t : t + 4; }},
    {"m16n8k8 f16", 16, 8, 16,
     [](int g, int, int i) { return i < 2 ? g : g + 8; },
     [](int, int t, int i) { return t * 2 + (i & 1); },
     [](int, int t, int i) { return t * 2 + i; }},
    {"m16n8k16 f16", 16, 16, 16,
     [](int g, int, int i) {
       return (0 <= i && i < 2) || (4 <= i && i < 6) ? g : g + 8;
     },
     [](int, int t, int i) {
       return i < 4 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8;
     },
     [](int, int t, int i) {
       return i < 2 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8;
     }},
    {"m16n8k16 s8", 16, 16, 8,
     [](int g, int, int i) { return i < 4 ? g : g + 8; },
     [](int, int t, int i) { return t * 4 + (i & 3); },
     [](int, int t, int i) { return t * 4 + i; }},
    {"m16n8k32 s8", 16, 32, 8,
     [](int g, int, int i) {
       return (0 <= i && i < 4) || (8 <= i && i < 12) ? g : g + 8;
     },
     [](int, int t, int i) {
       return i < 8 ? t * 4 + (i & 3) : t * 4 + (i & 3) + 16;
     },
     [](int, int t, int i) {
       return i < 4 ? t * 4 + (i & 3) : t * 4 + (i & 3) + 16;
     }},
    {"m16n8k64 s4", 16, 64, 4,
     [](int g, int, int i) {
       return (0 <= i && i < 8) || (16 <= i && i < 24) ? g : g + 8;
     },
     [](int, int t, int i) {
       return i < 16 ? t * 8 + (i & 7) : t * 8 + (i & 7) + 32;
     },
     [](int, int t, int i) {
       return i < 8 ? t * 8 + (i & 7) : t * 8 + (i & 7) + 32;
     }},
    {"m8n8k16 s8", 8, 16, 8, [](int g, int, int) { return g; },
     [](int, int t, int i) { return t * 4 + i; },
     [](int, int t, int i) { return t * 4 + i; }},
};

TEST(Fragments, AreTheFormulasOfThePtxIsa) {
  for (const Layout &l : kLayouts) {
    int perRegister = elementsPerRegister(l.elementBits);
    int inA = l.rows * l.k / 32;
    int inB = l.k * 8 / 32;
    std::set<std::pair<int, int>> seenA;
    std::set<std::pair<int, int>> seenB;
    for (int lane = 0; lane < 32; ++lane) {
      int g = lane >> 2;
      int t = lane % 4;
      for (int i = 0; i < inA; ++i) {
        MatrixPlace p = placeInA(l.rows, l.elementBits, lane, i / perRegister,
                                 i % perRegister);
        ASSERT_EQ(p.row, l.aRow(g, t, i)) << l.name << " a" << i;
        ASSERT_EQ(p.column, l.aColumn(g, t, i)) << l.name << " a" << i;
        seenA.insert({p.row, p.column});
      }
      for (int i = 0; i < inB; ++i) {
        MatrixPlace p =
            placeInB(l.elementBits, lane, i / perRegister, i % perRegister);
        ASSERT_EQ(p.row, l.bRow(g, t, i)) << l.name << " b" << i;
        ASSERT_EQ(p.column, g) << l.name << " b" << i;
        seenB.insert({p.row, p.column});
      }
      for (int i = 0; i < l.rows / 4; ++i) {
        MatrixPlace p = placeInC(lane, i);
        ASSERT_EQ(p.row, i < 2 ? g : g + 8);
        ASSERT_EQ(p.column, t * 2 + (i & 1));
      }
    }
    EXPECT_EQ(seenA.size(), static_cast<size_t>(l.rows * l.k)) << l.name;
    EXPECT_EQ(seenB.size(), static_cast<size_t>(l.k * 8)) << l.name;
  }
}

TEST(Fragments, LdmatrixGivesLaneItsTwoElements) {
  uint16_t rows[8][8];
  for (int r = 0; r < 8; ++r)
    for (int c = 0; c < 8; ++c)
      rows[r][c] = static_cast<uint16_t>(100 * r + c);
  uint32_t lanes[32];
  uint32_t turned[32];
  distributeMatrix(rows, false, lanes);
  distributeMatrix(rows, true, turned);
  for (int lane = 0; lane < 32; ++lane) {
    int g = lane / 4;
    int t = lane % 4;
    // PTX: lane holds row g, elements 2t and 2t + 1; with .trans, of column g.
    EXPECT_EQ(lanes[lane] & 0xffff, 100U * g + 2 * t);
    EXPECT_EQ(lanes[lane] >> 16, 100U * g + 2 * t + 1);
    EXPECT_EQ(turned[lane] & 0xffff, 100U * (2 * t) + g);
    EXPECT_EQ(turned[lane] >> 16, 100U * (2 * t + 1) + g);
  }
  uint16_t back[8][8];
  for (bool transposed : {false, true}) {
    collectMatrix(transposed ? turned : lanes, transposed, back);
    EXPECT_EQ(std::memcmp(back, rows, sizeof rows), 0);
  }
}

} // namespace
