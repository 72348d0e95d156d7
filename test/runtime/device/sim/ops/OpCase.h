#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

namespace sluice::sim {

using Expect = std::function<uint64_t(uint64_t a, uint64_t b, uint64_t c)>;

/// A few instructions on the inputs of each thread, and what they should give.
/// Inputs a, b, c are in %rd1 %rd2 %rd3; their lower bits in %r1.., %rs1.., %f1
/// and all of them in %fd1..; bit 0 in %p1... The result is in %rd0, %r0, %rs0,
/// %f0, %fd0 or %p0.
struct OpCase {
  std::string text;
  /// l: %rd0, w: %r0, h: %rs0, p: %p0; floats (any NaN is as good as another)
  /// f: %f0, d: %fd0, x: f16 in %rs0, y: f16x2 in %r0, b: bf16, c: bf16x2.
  char result;
  /// Edge cases and random values of: i integers, f f32, d f64, x f16 (four in
  /// 64 bits), b bf16, s: i, but b and c small.
  char inputs;
  Expect expect;
  std::string target = "sm_90";
  double ulps = 0; // of f32 results: how far they may be off
};

template <typename T> T fromBits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}
template <typename T> uint64_t toBits(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? 1 : 0;
  } else {
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
  }
}

/// A function of one to three T as an Expect.
template <typename T, typename F> Expect on(F f) {
  return [f](uint64_t a, uint64_t b, uint64_t c) {
    (void)b;
    (void)c;
    if constexpr (std::is_invocable_v<F, T>)
      return toBits(f(fromBits<T>(a)));
    else if constexpr (std::is_invocable_v<F, T, T>)
      return toBits(f(fromBits<T>(a), fromBits<T>(b)));
    else
      return toBits(f(fromBits<T>(a), fromBits<T>(b), fromBits<T>(c)));
  };
}

/// The same on both halves of 32 bits.
template <typename T, typename F> Expect onHalves(F f) {
  Expect half = on<T>(f);
  return [half](uint64_t a, uint64_t b, uint64_t c) {
    return (half(a & 0xffff, b & 0xffff, c & 0xffff) & 0xffff) |
           (half(a >> 16 & 0xffff, b >> 16 & 0xffff, c >> 16 & 0xffff) & 0xffff)
               << 16;
  };
}

std::vector<OpCase> integerOpCases();
std::vector<OpCase> bitOpCases();
std::vector<OpCase> floatOpCases();
std::vector<OpCase> halfOpCases();
std::vector<OpCase> compareOpCases();
std::vector<OpCase> convertOpCases();
std::vector<OpCase> allOpCases();

/// The kernel of a case: `out[i] = f(a[i], b[i], c[i])` for thread i.
std::string opKernel(const OpCase &op, const std::string &name);

} // namespace sluice::sim
