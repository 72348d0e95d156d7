#include "runtime/device/cpu/HostFeatures.h"

#include <algorithm>
#include <cpuid.h>

namespace sluice {
namespace {

// Bits of XCR0: a feature is usable only if the system saves all the registers
// it works on, whatever cpuid says.
constexpr uint64_t noState = 0;
constexpr uint64_t avxState = 0x6;     // xmm, ymm
constexpr uint64_t avx512State = 0xe6; // and masks, zmm, zmm 16 to 31
constexpr uint64_t amxState = 0x60000; // tile configuration and data

struct Feature {
  std::string_view llvmName, cpuinfoName;
  uint32_t CpuRegisters::*reg;
  uint8_t bit;
  uint64_t state;
};

constexpr auto one = &CpuRegisters::leaf1Ecx;
constexpr auto sevenB = &CpuRegisters::leaf7Ebx;
constexpr auto sevenC = &CpuRegisters::leaf7Ecx;
constexpr auto sevenD = &CpuRegisters::leaf7Edx;
constexpr auto sub1A = &CpuRegisters::leaf7Sub1Eax;
constexpr auto sub1D = &CpuRegisters::leaf7Sub1Edx;
constexpr auto extended = &CpuRegisters::extended1Ecx;

constexpr Feature features[] = {
    {"sse3", "pni", one, 0, noState},
    {"pclmul", "pclmulqdq", one, 1, noState},
    {"ssse3", "ssse3", one, 9, noState},
    {"fma", "fma", one, 12, avxState},
    {"cx16", "cx16", one, 13, noState},
    {"sse4.1", "sse4_1", one, 19, noState},
    {"sse4.2", "sse4_2", one, 20, noState},
    {"movbe", "movbe", one, 22, noState},
    {"popcnt", "popcnt", one, 23, noState},
    {"aes", "aes", one, 25, noState},
    {"xsave", "xsave", one, 26, noState},
    {"avx", "avx", one, 28, avxState},
    {"f16c", "f16c", one, 29, avxState},
    {"bmi", "bmi1", sevenB, 3, noState},
    {"avx2", "avx2", sevenB, 5, avxState},
    {"bmi2", "bmi2", sevenB, 8, noState},
    {"avx512f", "avx512f", sevenB, 16, avx512State},
    {"avx512dq", "avx512dq", sevenB, 17, avx512State},
    {"avx512ifma", "avx512ifma", sevenB, 21, avx512State},
    {"avx512cd", "avx512cd", sevenB, 28, avx512State},
    {"avx512bw", "avx512bw", sevenB, 30, avx512State},
    {"avx512vl", "avx512vl", sevenB, 31, avx512State},
    {"avx512vbmi", "avx512vbmi", sevenC, 1, avx512State},
    {"avx512vbmi2", "avx512_vbmi2", sevenC, 6, avx512State},
    {"gfni", "gfni", sevenC, 8, noState},
    {"vaes", "vaes", sevenC, 9, avxState},
    {"vpclmulqdq", "vpclmulqdq", sevenC, 10, avxState},
    {"avx512vnni", "avx512_vnni", sevenC, 11, avx512State},
    {"avx512bitalg", "avx512_bitalg", sevenC, 12, avx512State},
    {"avx512vpopcntdq", "avx512_vpopcntdq", sevenC, 14, avx512State},
    {"amx-bf16", "amx_bf16", sevenD, 22, amxState},
    {"avx512fp16", "avx512_fp16", sevenD, 23, avx512State},
    {"amx-tile", "amx_tile", sevenD, 24, amxState},
    {"amx-int8", "amx_int8", sevenD, 25, amxState},
    {"avxvnni", "avx_vnni", sub1A, 4, avxState},
    {"avx512bf16", "avx512_bf16", sub1A, 5, avx512State},
    {"avxvnniint8", "avx_vnni_int8", sub1D, 4, avxState},
    {"avxneconvert", "avx_ne_convert", sub1D, 5, avxState},
    {"lzcnt", "abm", extended, 5, noState},
};

const Feature *find(std::string_view name) {
  auto it = std::find_if(std::begin(features), std::end(features),
                         [&](const Feature &f) {
                           return f.llvmName == name || f.cpuinfoName == name;
                         });
  return it == std::end(features) ? nullptr : it;
}

uint64_t readXcr0() {
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

} // namespace

CpuRegisters CpuRegisters::read() {
  CpuRegisters r;
  uint32_t a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d))
    r.leaf1Ecx = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    r.leaf7Ebx = b;
    r.leaf7Ecx = c;
    r.leaf7Edx = d;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) {
      r.leaf7Sub1Eax = a;
      r.leaf7Sub1Edx = d;
    }
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d))
    r.extended1Ecx = c;
  constexpr uint32_t osxsave = 1u << 27;
  if (r.leaf1Ecx & osxsave)
    r.xcr0 = readXcr0();
  return r;
}

bool HostFeatures::has(std::string_view feature) const {
  const Feature *f = find(feature);
  return f && (registers.*f->reg >> f->bit & 1) != 0 &&
         (registers.xcr0 & f->state) == f->state;
}

bool HostFeatures::isKnown(std::string_view feature) {
  return find(feature) != nullptr;
}

} // namespace sluice
