#pragma once

#include <string>
#include <vector>

namespace sluice::sim {

struct MmaTest {
  std::string modifiers; // of mma.sync.aligned
  int m, n, k;
  std::string d, a, b, c;
  int aBits; // of an element of A and B
  std::string target = "sm_90";

  static int bitsOf(const std::string &type) {
    return type == "f16" ? 16 : type == "f64" ? 64 : 32;
  }
  int cBits() const { return bitsOf(c); }
  int dBits() const { return bitsOf(d); }
  int registers(int elements, int bits) const {
    return elements / 32 / (bits == 64 ? 1 : 32 / bits);
  }
  int aRegisters() const { return registers(m * k, aBits); }
  int bRegisters() const { return registers(k * n, aBits); }
  int cRegisters() const { return registers(m * n, cBits()); }
  int dRegisters() const { return registers(m * n, dBits()); }
};
std::vector<MmaTest> mmaTests();
/// Loads each lane's registers (8 bytes for each) from three arrays, multiplies
/// and stores.
std::string mmaKernel(const MmaTest &test, const std::string &name);

struct WmmaForm {
  int m, n, k;
  std::string aLayout, bLayout;
  std::string ab, c; // element types
};
std::vector<WmmaForm> wmmaTests();
std::string wmmaKernel(const WmmaForm &form, const std::string &name);

std::string ldMatrixKernel(int count, bool turnedIn, bool turnedOut,
                           const std::string &name);

} // namespace sluice::sim
