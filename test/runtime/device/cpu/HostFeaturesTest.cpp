// Names, bits and register state of instruction-set features.

#include "runtime/device/cpu/HostFeatures.h"

#include <gtest/gtest.h>

#include <cpuid.h>
#include <fstream>
#include <sstream>
#include <string>

using namespace sluice;

namespace {

constexpr uint64_t avxState = 0x6, avx512State = 0xe6, amxState = 0x60000;

struct Expected {
  const char *llvmName, *cpuinfoName;
  uint32_t CpuRegisters::*reg;
  uint32_t bit; // as the compiler's own header has it
  uint64_t state;
};

constexpr Expected expected[] = {
    {"sse3", "pni", &CpuRegisters::leaf1Ecx, bit_SSE3, 0},
    {"pclmul", "pclmulqdq", &CpuRegisters::leaf1Ecx, bit_PCLMULQDQ, 0},
    {"ssse3", "ssse3", &CpuRegisters::leaf1Ecx, bit_SSSE3, 0},
    {"fma", "fma", &CpuRegisters::leaf1Ecx, bit_FMA, avxState},
    {"cx16", "cx16", &CpuRegisters::leaf1Ecx, bit_CMPXCHG16B, 0},
    {"sse4.1", "sse4_1", &CpuRegisters::leaf1Ecx, bit_SSE41, 0},
    {"sse4.2", "sse4_2", &CpuRegisters::leaf1Ecx, bit_SSE42, 0},
    {"movbe", "movbe", &CpuRegisters::leaf1Ecx, bit_MOVBE, 0},
    {"popcnt", "popcnt", &CpuRegisters::leaf1Ecx, bit_POPCNT, 0},
    {"aes", "aes", &CpuRegisters::leaf1Ecx, bit_AESNI, 0},
    {"xsave", "xsave", &CpuRegisters::leaf1Ecx, bit_XSAVE, 0},
    {"avx", "avx", &CpuRegisters::leaf1Ecx, bit_AVX, avxState},
    {"f16c", "f16c", &CpuRegisters::leaf1Ecx, bit_F16C, avxState},
    {"bmi", "bmi1", &CpuRegisters::leaf7Ebx, bit_BMI, 0},
    {"avx2", "avx2", &CpuRegisters::leaf7Ebx, bit_AVX2, avxState},
    {"bmi2", "bmi2", &CpuRegisters::leaf7Ebx, bit_BMI2, 0},
    {"avx512f", "avx512f", &CpuRegisters::leaf7Ebx, bit_AVX512F, avx512State},
    {"avx512dq", "avx512dq", &CpuRegisters::leaf7Ebx, bit_AVX512DQ,
     avx512State},
    {"avx512ifma", "avx512ifma", &CpuRegisters::leaf7Ebx, bit_AVX512IFMA,
     avx512State},
    {"avx512cd", "avx512cd", &CpuRegisters::leaf7Ebx, bit_AVX512CD,
     avx512State},
    {"avx512bw", "avx512bw", &CpuRegisters::leaf7Ebx, bit_AVX512BW,
     avx512State},
    {"avx512vl", "avx512vl", &CpuRegisters::leaf7Ebx, bit_AVX512VL,
     avx512State},
    {"avx512vbmi", "avx512vbmi", &CpuRegisters::leaf7Ecx, bit_AVX512VBMI,
     avx512State},
    {"avx512vbmi2", "avx512_vbmi2", &CpuRegisters::leaf7Ecx, bit_AVX512VBMI2,
     avx512State},
    {"gfni", "gfni", &CpuRegisters::leaf7Ecx, bit_GFNI, 0},
    {"vaes", "vaes", &CpuRegisters::leaf7Ecx, bit_VAES, avxState},
    {"vpclmulqdq", "vpclmulqdq", &CpuRegisters::leaf7Ecx, bit_VPCLMULQDQ,
     avxState},
    {"avx512vnni", "avx512_vnni", &CpuRegisters::leaf7Ecx, bit_AVX512VNNI,
     avx512State},
    {"avx512bitalg", "avx512_bitalg", &CpuRegisters::leaf7Ecx, bit_AVX512BITALG,
     avx512State},
    {"avx512vpopcntdq", "avx512_vpopcntdq", &CpuRegisters::leaf7Ecx,
     bit_AVX512VPOPCNTDQ, avx512State},
    {"amx-bf16", "amx_bf16", &CpuRegisters::leaf7Edx, bit_AMXBF16, amxState},
    {"avx512fp16", "avx512_fp16", &CpuRegisters::leaf7Edx, bit_AVX512FP16,
     avx512State},
    {"amx-tile", "amx_tile", &CpuRegisters::leaf7Edx, bit_AMXTILE, amxState},
    {"amx-int8", "amx_int8", &CpuRegisters::leaf7Edx, bit_AMXINT8, amxState},
    {"avxvnni", "avx_vnni", &CpuRegisters::leaf7Sub1Eax, bit_AVXVNNI, avxState},
    {"avx512bf16", "avx512_bf16", &CpuRegisters::leaf7Sub1Eax, bit_AVX512BF16,
     avx512State},
    {"avxvnniint8", "avx_vnni_int8", &CpuRegisters::leaf7Sub1Edx,
     bit_AVXVNNIINT8, avxState},
    {"avxneconvert", "avx_ne_convert", &CpuRegisters::leaf7Sub1Edx,
     bit_AVXNECONVERT, avxState},
    {"lzcnt", "abm", &CpuRegisters::extended1Ecx, bit_LZCNT, 0},
};

constexpr uint32_t CpuRegisters::*words[] = {
    &CpuRegisters::leaf1Ecx,     &CpuRegisters::leaf7Ebx,
    &CpuRegisters::leaf7Ecx,     &CpuRegisters::leaf7Edx,
    &CpuRegisters::leaf7Sub1Eax, &CpuRegisters::leaf7Sub1Edx,
    &CpuRegisters::extended1Ecx};

} // namespace

TEST(HostFeaturesTest, EachNeedsItsBitAndNoOther) {
  for (const Expected &one : expected)
    for (std::string_view name : {one.llvmName, one.cpuinfoName}) {
      EXPECT_TRUE(HostFeatures::isKnown(name)) << name;
      CpuRegisters only;
      only.xcr0 = ~uint64_t(0);
      only.*one.reg = one.bit;
      EXPECT_TRUE(HostFeatures(only).has(name)) << name;
      CpuRegisters allOthers;
      allOthers.xcr0 = ~uint64_t(0);
      for (auto word : words)
        allOthers.*word = ~uint32_t(0);
      allOthers.*one.reg = ~one.bit;
      EXPECT_FALSE(HostFeatures(allOthers).has(name)) << name;
    }
}

// A processor that has wide registers is of no use if the system does not save
// them.
TEST(HostFeaturesTest, EachNeedsTheStateOfItsRegisters) {
  for (const Expected &one : expected) {
    CpuRegisters cpu;
    cpu.*one.reg = one.bit;
    EXPECT_EQ(HostFeatures(cpu).has(one.llvmName), one.state == 0)
        << one.llvmName;
    cpu.xcr0 = one.state;
    EXPECT_TRUE(HostFeatures(cpu).has(one.llvmName)) << one.llvmName;
    for (uint64_t bit = 1; bit <= one.state; bit <<= 1)
      if (one.state & bit) {
        cpu.xcr0 = ~bit;
        EXPECT_FALSE(HostFeatures(cpu).has(one.llvmName))
            << one.llvmName << " without " << bit;
      }
  }
}

TEST(HostFeaturesTest, NamesThatNobodyKnows) {
  CpuRegisters all;
  all.xcr0 = ~uint64_t(0);
  for (auto word : words)
    all.*word = ~uint32_t(0);
  for (const char *name : {"", "avx3", "AVX2", "avx2 ", "feature-of-2040"}) {
    EXPECT_FALSE(HostFeatures::isKnown(name));
    EXPECT_FALSE(HostFeatures(all).has(name));
  }
}

// The system's own list is another reading of the same registers. It may leave
// out what it keeps from programs, so only one direction must hold.
TEST(HostFeaturesTest, ThisHostHasWhatTheSystemSays) {
  std::ifstream file("/proc/cpuinfo");
  std::string line, flag;
  while (std::getline(file, line) && !line.starts_with("flags"))
    ;
  std::istringstream flags(line);
  HostFeatures host(CpuRegisters::read());
  int known = 0;
  while (flags >> flag)
    if (HostFeatures::isKnown(flag)) {
      EXPECT_TRUE(host.has(flag)) << flag;
      ++known;
    }
  EXPECT_GE(known, 3) << "is " << line << " a list of features?";
  EXPECT_EQ(host.has("avx2"), __builtin_cpu_supports("avx2") != 0);
  EXPECT_EQ(host.has("avx512f"), __builtin_cpu_supports("avx512f") != 0);
  EXPECT_EQ(host.has("avx512bf16"), __builtin_cpu_supports("avx512bf16") != 0);
}
