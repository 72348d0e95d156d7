#include "test/runtime/device/sim/ops/WarpCase.h"

#include <algorithm>

namespace sluice::sim {
namespace {

using u32 = uint32_t;
using u64 = uint64_t;
using s32 = int32_t;

/// As kShared, in local memory and in global: there the output's, of 8 bytes.
const char *const kLocal = "{ .local .align 32 .b8 l[32];\n  .reg .b64 %x<9>;\n"
                           "  .reg .b32 %t<9>;\n  mov.u64 %x1, l;\n  ";
const char *const kGlobal =
    "{ .reg .b64 %x<9>;\n  .reg .b32 %t<9>;\n  ld.param.u64 %x1, [out];\n"
    "  add.u64 %x1, %x1, %rd20;\n  ";

struct Place {
  const char *before;
  const char *space;
};
const Place kPlaces[] = {
    {kShared, ".shared"}, {kLocal, ".local"}, {kGlobal, ".global"}};

void addWidths(std::vector<WarpCase> &cases) {
  struct Width {
    const char *type;
    const char *reg; // loaded into
    const char *from;
    char result;
    u64 (*f)(u64);
  };
  const Width widths[] = {
      {"u8", "%rs0", "%rs1", 'h', [](u64 a) { return a & 0xff; }},
      {"s8", "%r0", "%r1", 'w', [](u64 a) { return u64(int8_t(a)); }},
      {"b8", "%rd0", "%rd1", 'l', [](u64 a) { return a & 0xff; }},
      {"s8", "%rd0", "%rd1", 'l', [](u64 a) { return u64(int8_t(a)); }},
      {"u16", "%rs0", "%rs1", 'h', [](u64 a) { return a & 0xffff; }},
      {"s16", "%r0", "%r1", 'w', [](u64 a) { return u64(int16_t(a)); }},
      {"s16", "%rd0", "%rs1", 'l', [](u64 a) { return u64(int16_t(a)); }},
      {"b32", "%r0", "%r1", 'w', [](u64 a) { return a; }},
      {"s32", "%rd0", "%rd1", 'l', [](u64 a) { return u64(s32(a)); }},
      {"f32", "%f0", "%f1", 'f', [](u64 a) { return a & 0xffffffff; }},
      {"u64", "%rd0", "%rd1", 'l', [](u64 a) { return a; }},
      {"f64", "%fd0", "%fd1", 'd', [](u64 a) { return a; }}};
  for (const Place &place : kPlaces)
    for (const Width &width : widths) {
      auto f = width.f;
      std::string type = width.type;
      // st has no wider float registers and no sign.
      cases.push_back(
          {std::string(place.before) + "st" + place.space + "." + type +
               " [%x1], " + width.from + ";\n  ld" + place.space + "." + type +
               " " + width.reg + ", [%x1]; }",
           width.result,
           [=](const WarpInputs &in, u32 lane) { return f(in.a[lane]); }});
    }
  // Generic addresses, of all three in one warp.
  cases.push_back(
      {std::string(kShared) +
           "cvta.shared.u64 %x3, %x1;\n  ld.param.u64 %x4, [out];\n"
           "  add.u64 %x4, %x4, %rd20;\n  setp.lt.u32 %p4, %t1, 20;\n"
           "  selp.b64 %x3, %x4, %x3, %p1;\n  st.u64 [%x3], %rd2;\n"
           "  ld.u64 %rd0, [%x3]; }",
       'l', [](const WarpInputs &in, u32 lane) { return in.b[lane]; }});
}

void addVectors(std::vector<WarpCase> &cases) {
  for (const Place &place : {kPlaces[0], kPlaces[1]}) {
    std::string space = place.space;
    cases.push_back(
        {std::string(place.before) + "st" + space +
             ".v2.u32 [%x1], {%r1, %r2};\n  ld" + space +
             ".v2.u32 {%r4, %r0}, [%x1]; }",
         'w', [](const WarpInputs &in, u32 lane) { return in.b[lane]; }});
    cases.push_back(
        {std::string(place.before) + "st" + space +
             ".v4.b32 [%x1], {%r1, %r2, %r3, 7};\n  ld" + space +
             ".v4.b32 {%r4, %r5, %r0, %r6}, [%x1]; }",
         'w', [](const WarpInputs &in, u32 lane) { return in.c[lane]; }});
    cases.push_back({std::string(place.before) + "st" + space +
                         ".v4.u16 [%x1], {%rs1, %rs2, %rs3, %rs1};\n  ld" +
                         space + ".v2.u32 {%r4, %r0}, [%x1]; }",
                     'w', [](const WarpInputs &in, u32 lane) {
                       return (in.c[lane] & 0xffff) | (in.a[lane] & 0xffff)
                                                          << 16;
                     }});
    cases.push_back(
        {std::string(place.before) + "st" + space +
             ".v2.f64 [%x1], {%fd1, %fd2};\n  ld" + space +
             ".v2.b64 {%x3, %rd0}, [%x1]; }",
         'l', [](const WarpInputs &in, u32 lane) { return in.b[lane]; }});
    cases.push_back(
        {std::string(place.before) + "mov.b128 %q1, {%rd2, %rd3};\n  st" +
             space + ".b128 [%x1], %q1;\n  ld" + space +
             ".b128 %q2, [%x1];\n  mov.b128 {%x3, %rd0}, %q2; }",
         'l', [](const WarpInputs &in, u32 lane) { return in.c[lane]; }});
  }
  cases.push_back({"ld.param.u64 %rd4, [a];\n  add.u64 %rd4, %rd4, %rd20;\n"
                   "  and.b64 %rd4, %rd4, -32;\n"
                   "  ld.global.v8.b32 {%r4, %r5, %r6, %r7, %r8, %r9, %r10,"
                   " %r0}, [%rd4];",
                   'w',
                   [](const WarpInputs &in, u32 lane) {
                     return in.a[lane / 4 * 4 + 3] >> 32;
                   },
                   "sm_100a"});
  // Modifiers that change nothing here.
  for (const char *words :
       {"ld.volatile.global.u64", "ld.mmio.relaxed.sys.global.u64",
        "ld.relaxed.gpu.global.u64", "ld.acquire.sys.global.u64",
        "ld.global.ca.u64", "ld.global.nc.u64",
        "ld.global.nc.L1::no_allocate.u64", "ld.global.L1::evict_last.u64",
        "ld.global.L2::128B.u64", "ld.weak.global.u64", "ldu.global.u64"})
    cases.push_back(
        {std::string("ld.param.u64 %rd4, [b];\n"
                     "  add.u64 %rd4, %rd4, %rd20;\n  ") +
             words + " %rd0, [%rd4];",
         'l', [](const WarpInputs &in, u32 lane) { return in.b[lane]; }});
  for (const char *words :
       {"st.volatile.global.u64", "st.release.gpu.global.u64",
        "st.relaxed.sys.global.u64", "st.mmio.relaxed.sys.global.u64",
        "st.global.cs.u64", "st.global.L1::evict_first.u64"})
    cases.push_back(
        {std::string(kGlobal) + words +
             " [%x1], %rd3;\n  ld.global.u64 %rd0, [%x1]; }",
         'l', [](const WarpInputs &in, u32 lane) { return in.c[lane]; }});
  cases.push_back(
      {"createpolicy.fractional.L2::evict_last.b64 %rd4, 0f3f800000;"
       "\n  ld.param.u64 %rd5, [a];\n  add.u64 %rd5, %rd5, %rd20;\n"
       "  prefetch.global.L2 [%rd5];\n  prefetchu.L1 [%rd5];\n"
       "  prefetch.global.L2::evict_last [%rd5];\n"
       "  applypriority.global.L2::evict_normal [%rd5], 128;\n"
       "  { .reg .pred %q; setp.ne.u64 %q, %rd5, %rd5;\n"
       "  @%q discard.global.L2 [%rd5], 128;\n  @%q brkpt; }\n"
       "  ld.global.L2::cache_hint.u64 %rd0, [%rd5], %rd4;",
       'l', [](const WarpInputs &in, u32 lane) { return in.a[lane]; }});
}

/// atom on a place that holds a: what it gives, then what it leaves.
void addAtomic(std::vector<WarpCase> &cases, const std::string &op,
               const std::string &type, const std::string &reg, char result,
               Expect after, bool hasRed, bool cas = false) {
  for (const Place &place : {kPlaces[0], kPlaces[2]}) {
    std::string space = place.space;
    std::string operands =
        " [%x1], " + reg + "2" + (cas ? ", " + reg + "3" : "");
    std::string plain = result == 'l' ? "b64" : result == 'h' ? "b16" : "b32";
    std::string st = std::string(place.before) + "st" + space + "." + plain +
                     " [%x1], " + reg + "1;\n  ";
    std::string to = reg == "%f" ? "%f0" : reg + "0";
    cases.push_back(
        {st + "atom" + space + op + "." + type + " " + to + "," + operands +
             "; }",
         result, [](const WarpInputs &in, u32 lane) { return in.a[lane]; }});
    cases.push_back({st +
                         (hasRed ? "red" + space + op + "." + type + operands
                                 : "atom" + space + op + "." + type + " " +
                                       reg + "4," + operands) +
                         ";\n  ld" + space + "." + plain + " " + to +
                         ", [%x1]; }",
                     result, [=](const WarpInputs &in, u32 lane) {
                       return after(in.a[lane], in.b[lane], in.c[lane]);
                     }});
  }
}

void addAtomics(std::vector<WarpCase> &cases) {
  auto first = [](u64 f(u64, u64)) {
    return [=](u64 a, u64 b, u64) { return f(a, b); };
  };
  for (const char *type : {"b32", "b64"}) {
    bool wide = std::string(type) == "b64";
    std::string reg = wide ? "%rd" : "%r";
    char result = wide ? 'l' : 'w';
    addAtomic(cases, ".and", type, reg, result,
              first([](u64 a, u64 b) { return a & b; }), true);
    addAtomic(cases, ".or", type, reg, result,
              first([](u64 a, u64 b) { return a | b; }), true);
    addAtomic(cases, ".xor", type, reg, result,
              first([](u64 a, u64 b) { return a ^ b; }), true);
    addAtomic(cases, ".exch", type, reg, result,
              first([](u64, u64 b) { return b; }), false);
    u64 mask = wide ? ~u64{0} : 0xffffffff;
    addAtomic(
        cases, ".cas", type, reg, result,
        [=](u64 a, u64 b, u64 c) { return ((a ^ b) & mask) == 0 ? c : a; },
        false, true);
  }
  addAtomic(
      cases, ".cas", "b16", "%rs", 'h',
      [](u64 a, u64 b, u64 c) { return ((a ^ b) & 0xffff) == 0 ? c : a; },
      false, true);
  for (const char *type : {"u32", "s32"})
    addAtomic(cases, ".add", type, "%r", 'w',
              first([](u64 a, u64 b) { return a + b; }), true);
  addAtomic(cases, ".add.relaxed.gpu", "u32", "%r", 'w', // as libcu++ has it
            first([](u64 a, u64 b) { return a + b; }), true);
  addAtomic(cases, ".add", "u64", "%rd", 'l',
            first([](u64 a, u64 b) { return a + b; }), true);
  addAtomic(cases, ".min", "u32", "%r", 'w',
            first([](u64 a, u64 b) { return u64{std::min(u32(a), u32(b))}; }),
            true);
  addAtomic(cases, ".max", "s32", "%r", 'w',
            first([](u64 a, u64 b) { return u64(std::max(s32(a), s32(b))); }),
            true);
  addAtomic(cases, ".max", "u64", "%rd", 'l',
            first([](u64 a, u64 b) { return std::max(a, b); }), true);
  addAtomic(cases, ".min", "s64", "%rd", 'l', first([](u64 a, u64 b) {
              return u64(std::min(int64_t(a), int64_t(b)));
            }),
            true);
  addAtomic(cases, ".inc", "u32", "%r", 'w', first([](u64 a, u64 b) {
              return u32(a) >= u32(b) ? 0 : u64{u32(a) + 1};
            }),
            true);
  addAtomic(cases, ".dec", "u32", "%r", 'w', first([](u64 a, u64 b) {
              return u32(a) == 0 || u32(a) > u32(b) ? u64{u32(b)}
                                                    : u64{u32(a) - 1};
            }),
            true);
  // Sums of floats by all threads of a warp: small whole numbers are exact.
  struct Sum {
    const char *type;
    const char *convert; // %r4 (0 to 3) into %r5, or %rd5
    const char *reg;
    const char *back; // into %f4
  };
  const Sum sums[] = {
      {"f32", "cvt.rn.f32.u32 %f5, %r4;\n  mov.b32 %r5, %f5;", "%r",
       "mov.b32 %f4, %r6;"},
      {"f64", "cvt.rn.f64.u32 %fd5, %r4;\n  mov.b64 %rd5, %fd5;", "%rd",
       "mov.b64 %fd4, %rd6;\n  cvt.rn.f32.f64 %f4, %fd4;"},
      {"noftz.f16", "cvt.rn.f16.u32 %rs5, %r4;", "%rs",
       "cvt.f32.f16 %f4, %rs6;"},
      {"noftz.bf16", "cvt.rn.bf16.u32 %rs5, %r4;", "%rs",
       "cvt.f32.bf16 %f4, %rs6;"},
      {"noftz.f16x2", "cvt.rn.f16.u32 %rs5, %r4;\n  mov.b32 %r5, {%rs5, %rs5};",
       "%r", "mov.b32 {%rs4, %rs6}, %r6;\n  cvt.f32.f16 %f4, %rs6;"},
      {"noftz.bf16x2",
       "cvt.rn.bf16.u32 %rs5, %r4;\n  mov.b32 %r5, {%rs5, %rs5};", "%r",
       "mov.b32 {%rs4, %rs6}, %r6;\n  cvt.f32.bf16 %f4, %rs6;"}};
  auto total = [](const WarpInputs &in, u32) {
    float sum = 0;
    for (u64 a : in.a)
      sum += static_cast<float>(a & 3);
    return toBits(sum);
  };
  for (const Sum &sum : sums)
    for (bool red : {false, true}) {
      std::string reg = sum.reg;
      std::string plain = reg == "%rd" ? "b64" : reg == "%rs" ? "b16" : "b32";
      std::string zero = reg == "%rd"   ? "mov.b64 %rd7, 0;\n  "
                         : reg == "%rs" ? "mov.b16 %rs7, 0;\n  "
                                        : "mov.b32 %r7, 0;\n  ";
      std::string type = sum.type;
      cases.push_back(
          {std::string("{ .shared .align 8 .b8 s[256];\n  .reg .b32 %t<9>;\n"
                       "  mov.u32 %t1, %warpid;\n  shl.b32 %t1, %t1, 3;\n"
                       "  mov.u32 %t2, s;\n  add.u32 %t1, %t1, %t2;\n"
                       "  and.b32 %r4, %r1, 3;\n  ") +
               zero + sum.convert +
               "\n  mov.u32 %t3, %laneid;\n  setp.eq.u32 %p4, %t3, 0;\n"
               "  @%p4 st.shared." +
               plain + " [%t1], " + reg + "7;\n  bar.warp.sync -1;\n  " +
               (red ? "red.shared.add." + type + " [%t1], " + reg + "5;"
                    : "atom.shared.add." + type + " " + reg + "8, [%t1], " +
                          reg + "5;") +
               "\n  bar.warp.sync -1;\n  ld.shared." + plain + " " + reg +
               "6, [%t1];\n  " + sum.back + "\n  mov.f32 %f0, %f4; }",
           'f', total});
    }
  for (const char *kind : {"exch", "cas"}) {
    bool cas = std::string(kind) == "cas";
    cases.push_back(
        {std::string(kShared) +
             "mov.b128 %q1, {%rd1, %rd2};\n  mov.b128 %q2, {%rd3, %rd1};\n"
             "  st.shared.b128 [%x1], %q1;\n  atom.shared." +
             kind + ".b128 %q3, [%x1], " + (cas ? "%q1, %q2" : "%q2") +
             ";\n  ld.shared.b128 %q3, [%x1];\n  mov.b128 {%rd0, %x3}, %q3; }",
         'l', [](const WarpInputs &in, u32 lane) { return in.c[lane]; }});
  }
  cases.push_back(
      {"ld.param.u64 %rd4, [out];\n  and.b64 %rd5, %rd20, -256;\n"
       "  add.u64 %rd4, %rd4, %rd5;\n  mov.u32 %r4, %laneid;\n"
       "  setp.eq.u32 %p4, %r4, 0;\n  mov.b32 %r5, 0;\n"
       "  @%p4 st.global.v2.u32 [%rd4], {%r5, %r5};\n"
       "  bar.warp.sync -1;\n  cvt.rn.f32.u32 %f4, %r4;\n"
       "  mov.f32 %f5, 0f3f800000;\n"
       "  red.global.add.v2.f32 [%rd4], {%f4, %f5};\n"
       "  bar.warp.sync -1;\n"
       "  ld.global.v2.f32 {%f6, %f7}, [%rd4];\n"
       "  bar.warp.sync -1;\n"
       "  sub.f32 %f0, %f6, %f7;",
       'f', [](const WarpInputs &, u32) { return toBits(496.0F - 32.0F); }});
}

void addControl(std::vector<WarpCase> &cases) {
  // A jump table: lanes go four ways and meet again.
  cases.push_back({"{ .reg .b32 %t<4>;\n  and.b32 %t1, %r1, 3;\n"
                   "  mov.u32 %r0, 0;\n"
                   "  $ts: .branchtargets $c0, $c1, $c2, $c3;\n"
                   "  brx.idx %t1, $ts;\n"
                   "  $c0: add.u32 %r0, %r2, 1;\n  bra.uni $end;\n"
                   "  $c1: mul.lo.u32 %r0, %r2, 3;\n  bra.uni $end;\n"
                   "  $c2: xor.b32 %r0, %r2, 0x55;\n"
                   "  $c3: add.u32 %r0, %r0, %r3;\n"
                   "  $end: bar.warp.sync -1; }",
                   'w', [](const WarpInputs &in, u32 lane) {
                     u64 b = in.b[lane];
                     switch (in.a[lane] & 3) {
                     case 0:
                       return b + 1;
                     case 1:
                       return b * 3;
                     case 2:
                       return (b ^ 0x55) + in.c[lane];
                     default:
                       return in.c[lane];
                     }
                   }});
  // A loop with a trip count of its own in each lane.
  cases.push_back({"and.b32 %r4, %r1, 31;\n  mov.u32 %r0, 0;\n"
                   "  mov.u32 %r5, %r2;\n$loop:\n"
                   "  setp.eq.u32 %p4, %r4, 0;\n  @%p4 bra $out;\n"
                   "  add.u32 %r0, %r0, %r5;\n  mad.lo.u32 %r5, %r5, 5, 1;\n"
                   "  sub.u32 %r4, %r4, 1;\n  bra $loop;\n$out:\n"
                   "  shfl.sync.bfly.b32 %r0, %r0, 1, 31, -1;",
                   'w', [](const WarpInputs &in, u32 lane) {
                     lane ^= 1;
                     u32 sum = 0;
                     u32 x = u32(in.b[lane]);
                     for (u64 n = in.a[lane] & 31; n != 0; --n) {
                       sum += x;
                       x = x * 5 + 1;
                     }
                     return u64{sum};
                   }});
}

} // namespace

std::vector<WarpCase> memoryCases() {
  std::vector<WarpCase> cases;
  addWidths(cases);
  addVectors(cases);
  addAtomics(cases);
  addControl(cases);
  return cases;
}

} // namespace sluice::sim
