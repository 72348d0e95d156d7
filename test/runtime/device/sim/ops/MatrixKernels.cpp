#include "test/runtime/device/sim/ops/MatrixKernels.h"

namespace sluice::sim {
namespace {

std::string list(const std::string &reg, int first, int count) {
  std::string text = "{";
  for (int i = 0; i < count; ++i)
    text += (i != 0 ? ", " : "") + reg + std::to_string(first + i);
  return text + "}";
}

} // namespace

std::vector<MmaTest> mmaTests() {
  std::vector<MmaTest> tests;
  auto add = [&](int m, int n, int k, const std::string &before,
                 const std::string &d, const std::string &a,
                 const std::string &b, const std::string &c, int bits,
                 const std::string &target = "sm_90") {
    std::string shape = ".m" + std::to_string(m) + "n" + std::to_string(n) +
                        "k" + std::to_string(k);
    tests.push_back(
        {shape + ".row.col" + before + "." + d + "." + a + "." + b + "." + c, m,
         n, k, d, a, b, c, bits, target});
  };
  for (int k : {8, 16}) {
    for (const char *c : {"f16", "f32"})
      add(16, 8, k, "", c, "f16", "f16", c, 16);
    add(16, 8, k, "", "f32", "bf16", "bf16", "f32", 16);
  }
  for (int k : {4, 8})
    add(16, 8, k, "", "f32", "tf32", "tf32", "f32", 32);
  for (const char *a : {"e4m3", "e5m2"})
    for (const char *b : {"e4m3", "e5m2"})
      add(16, 8, 32, "", "f32", a, b, "f32", 8);
  add(16, 8, 32, ".kind::f8f6f4", "f32", "e4m3", "e5m2", "f32", 8, "sm_120a");
  for (const char *a : {"u8", "s8"})
    for (const char *b : {"u8", "s8"})
      for (const char *sat : {"", ".satfinite"}) {
        add(16, 8, 32, sat, "s32", a, b, "s32", 8);
        add(16, 8, 16, sat, "s32", a, b, "s32", 8);
        add(8, 8, 16, sat, "s32", a, b, "s32", 8);
      }
  add(8, 8, 4, "", "f64", "f64", "f64", "f64", 64);
  return tests;
}

std::string mmaKernel(const MmaTest &t, const std::string &name) {
  std::string reg = t.aBits == 64 ? "%rd" : "%r";
  std::string type = t.aBits == 64 ? ".b64 " : ".b32 ";
  std::string text =
      ".visible .entry " + name +
      "(.param .u64 a, .param .u64 b, .param .u64 c, .param .u64 d)\n{\n"
      "  .reg .b32 %r<99>;\n  .reg .b64 %rd<99>;\n"
      "  mov.u32 %r90, %laneid;\n";
  struct Part {
    const char *name;
    int first, count;
  };
  for (const Part &part : {Part{"a", 10, t.aRegisters()},
                           {"b", 30, t.bRegisters()},
                           {"c", 40, t.cRegisters()}}) {
    text += "  ld.param.u64 %rd90, [" + std::string(part.name) +
            "];\n  mul.wide.u32 %rd91, %r90, " +
            std::to_string(8 * part.count) +
            ";\n  add.u64 %rd90, %rd90, "
            "%rd91;\n";
    for (int i = 0; i < part.count; ++i)
      text += "  ld.global" + type + reg + std::to_string(part.first + i) +
              ", [%rd90+" + std::to_string(8 * i) + "];\n";
  }
  text += "  mma.sync.aligned" + t.modifiers + " " +
          list(reg, 50, t.dRegisters()) + ", " + list(reg, 10, t.aRegisters()) +
          ", " + list(reg, 30, t.bRegisters()) + ", " +
          list(reg, 40, t.cRegisters()) +
          ";\n  ld.param.u64 %rd90, [d];\n  mul.wide.u32 %rd91, %r90, " +
          std::to_string(8 * t.dRegisters()) +
          ";\n  add.u64 %rd90, %rd90, %rd91;\n";
  for (int i = 0; i < t.dRegisters(); ++i)
    text += "  st.global" + type + "[%rd90+" + std::to_string(8 * i) + "], " +
            reg + std::to_string(50 + i) + ";\n";
  return text + "  ret;\n}\n";
}

std::vector<WmmaForm> wmmaTests() {
  std::vector<WmmaForm> tests;
  struct Shape {
    int m, n, k;
  };
  for (const Shape &s : {Shape{16, 16, 16}, {32, 8, 16}, {8, 32, 16}})
    for (const char *a : {"row", "col"})
      for (const char *b : {"row", "col"})
        for (int kind = 0; kind < 3; ++kind) {
          const char *const types[][2] = {
              {"f16", "f16"}, {"f16", "f32"}, {"bf16", "f32"}};
          tests.push_back(
              {s.m, s.n, s.k, a, b, types[kind][0], types[kind][1]});
        }
  return tests;
}

std::string wmmaKernel(const WmmaForm &t, const std::string &name) {
  int elementBits = t.ab == "f16" || t.ab == "bf16" ? 16 : 8;
  auto registersOf = [&](int rows) {
    return t.ab == "f16" ? 8 : rows * t.k * elementBits / 1024;
  };
  int a = registersOf(t.m);
  int b = registersOf(t.n);
  int c = t.m * t.n * (t.c == "f16" ? 16 : 32) / 1024;
  std::string shape = ".m" + std::to_string(t.m) + "n" + std::to_string(t.n) +
                      "k" + std::to_string(t.k);
  std::string layouts = "." + t.aLayout + "." + t.bLayout;
  std::string types = t.ab == "f16"
                          ? "." + t.c + "." + t.c
                          : "." + t.c + "." + t.ab + "." + t.ab + "." + t.c;
  return ".visible .entry " + name +
         "(.param .u64 a, .param .u64 b, .param .u64 c, .param .u64 d)\n{\n"
         "  .reg .b32 %r<99>;\n  .reg .b64 %rd<9>;\n"
         "  ld.param.u64 %rd1, [a];\n  ld.param.u64 %rd2, [b];\n"
         "  ld.param.u64 %rd3, [c];\n  ld.param.u64 %rd4, [d];\n"
         "  wmma.load.a.sync.aligned." +
         t.aLayout + shape + ".global." + t.ab + " " + list("%r", 10, a) +
         ", [%rd1];\n  mov.u32 %r1, " +
         std::to_string(t.bLayout == "col" ? t.k : t.n) +
         ";\n  wmma.load.b.sync.aligned." + t.bLayout + shape + ".global." +
         t.ab + " " + list("%r", 20, b) +
         ", [%rd2], %r1;\n  wmma.load.c.sync.aligned.row" + shape + ".global." +
         t.c + " " + list("%r", 30, c) + ", [%rd3], " + std::to_string(t.n) +
         ";\n  wmma.mma.sync.aligned" + layouts + shape + types + " " +
         list("%r", 40, c) + ", " + list("%r", 10, a) + ", " +
         list("%r", 20, b) + ", " + list("%r", 30, c) +
         ";\n  wmma.store.d.sync.aligned.row" + shape + ".global." + t.c +
         " [%rd4], " + list("%r", 40, c) + ", " + std::to_string(t.n) +
         ";\n  ret;\n}\n";
}

std::string ldMatrixKernel(int count, bool turnedIn, bool turnedOut,
                           const std::string &name) {
  std::string x = ".x" + std::to_string(count);
  return ".visible .entry " + name +
         "(.param .u64 a, .param .u64 out, .param .u64 registers)\n{\n"
         "  .reg .b32 %r<20>;\n  .reg .b64 %rd<9>;\n"
         "  .shared .align 16 .b8 s[1024];\n"
         "  ld.param.u64 %rd1, [a];\n  ld.param.u64 %rd2, [out];\n"
         "  ld.param.u64 %rd5, [registers];\n"
         "  mov.u32 %r1, %laneid;\n  mul.wide.u32 %rd3, %r1, 16;\n"
         "  add.u64 %rd1, %rd1, %rd3;\n  add.u64 %rd2, %rd2, %rd3;\n"
         "  shl.b32 %r2, %r1, 4;\n  mov.u32 %r3, s;\n"
         "  add.u32 %r2, %r2, %r3;\n"
         "  ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%rd1];\n"
         "  st.shared.v4.u32 [%r2], {%r4, %r5, %r6, %r7};\n"
         "  st.shared.v4.u32 [%r2+512], {%r4, %r5, %r6, %r7};\n"
         "  bar.warp.sync -1;\n  ldmatrix.sync.aligned.m8n8" +
         x + (turnedIn ? ".trans" : "") + ".shared.b16 " +
         list("%r", 8, count) + ", [%r2];\n  stmatrix.sync.aligned.m8n8" + x +
         (turnedOut ? ".trans" : "") + ".shared::cta.b16 [%r2+512], " +
         list("%r", 8, count) +
         ";\n  bar.warp.sync -1;\n"
         "  ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, [%r2+512];\n"
         "  st.global.v4.u32 [%rd2], {%r4, %r5, %r6, %r7};\n"
         "  mul.wide.u32 %rd4, %r1, 4;\n  add.u64 %rd5, %rd5, %rd4;\n"
         "  st.global.u32 [%rd5], %r8;\n  ret;\n}\n";
}

} // namespace sluice::sim
