#include "test/reference/Codecs.h"

#include <bit>
#include <cmath>
#include <limits>

namespace sluice::reference {

double decodeE4M3(std::uint8_t code) {
  const int exponent = (code >> 3) & 15;
  const int mantissa = code & 7;
  const double sign = code & 0x80 ? -1.0 : 1.0;
  if (exponent == 15 && mantissa == 7)
    return std::numeric_limits<double>::quiet_NaN();
  if (exponent == 0)
    return sign * std::ldexp(mantissa, -9);
  return sign * std::ldexp(8 + mantissa, exponent - 10);
}

double decodeE8M0(std::uint8_t code) {
  if (code == 255)
    return std::numeric_limits<double>::quiet_NaN();
  return std::ldexp(1.0, int(code) - 127);
}

double decodeE2M1(std::uint8_t code) {
  static constexpr double magnitudes[8] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  const double value = magnitudes[code & 7];
  return code & 8 ? -value : value;
}

double decodeBf16(std::uint16_t code) {
  return decodeF32(std::uint32_t(code) << 16);
}

double decodeF32(std::uint32_t code) { return std::bit_cast<float>(code); }

} // namespace sluice::reference
