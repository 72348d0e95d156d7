#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

/// What cpuid and XGETBV say, as far as we ask.
struct CpuRegisters {
  uint32_t leaf1Ecx = 0;
  uint32_t leaf7Ebx = 0, leaf7Ecx = 0, leaf7Edx = 0;
  uint32_t leaf7Sub1Eax = 0, leaf7Sub1Edx = 0;
  uint32_t extended1Ecx = 0; // leaf 0x80000001
  uint64_t xcr0 = 0;         // register state the system saves; 0 without XSAVE

  /// Of the machine this runs on.
  static CpuRegisters read();
};

/// The instruction-set features of an x86-64 host.
class HostFeatures {
public:
  explicit HostFeatures(const CpuRegisters &registers) : registers(registers) {}

  /// Whether code may use `feature`, as LLVM ("avx512vnni") or /proc/cpuinfo
  /// ("avx512_vnni") names it: the processor has it, and the system saves the
  /// registers it works on. False for a name that we do not know.
  bool has(std::string_view feature) const;

  /// Whether `feature` is a name we know.
  static bool isKnown(std::string_view feature);

private:
  CpuRegisters registers;
};

} // namespace sluice
