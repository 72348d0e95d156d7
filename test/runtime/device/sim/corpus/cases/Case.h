#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace sluice::sim::corpus {

/// Memory of the device, allocated with exactly `bytes` bytes, so that one
/// element too far is out of bounds.
struct Buffer {
  std::string name;
  uint64_t bytes = 0;
  std::vector<std::byte> contents; // at first; empty: never written
};

/// One kernel parameter. Parameters are laid out in order, each at a multiple
/// of its own size.
struct Pointer {
  size_t buffer; // index into Case::buffers
};
using Argument = std::variant<Pointer, int32_t, float>;

struct Extent {
  uint32_t x = 1, y = 1, z = 1;
};

struct Launch {
  std::string kernel;         // the entry's name
  Extent grid = {};           // in blocks
  Extent block = {};          // in threads
  uint64_t dynamicShared = 0; // bytes
  std::vector<Argument> arguments = {};
};

enum class Element { U32, F32, U8 };

/// What a buffer holds at the end, computed on the host without the kernel's
/// algorithm. |got - value| <= absolute + relative * |value|; both are 0 where
/// the result is exact.
struct Expectation {
  size_t buffer = 0; // index into Case::buffers
  Element element = Element::F32;
  std::vector<double> values; // all elements of the buffer
  double absolute = 0, relative = 0;
};

/// Launches of one kernel file, in order, on shared buffers.
struct Case {
  std::string name; // "softmax/3x1000"
  std::string file; // stem: kernels/<file>.cu, see ptxPath
  std::vector<std::string> targets = {"sm_80", "sm_90"};
  std::vector<Buffer> buffers = {};
  std::vector<Launch> launches = {};
  std::vector<Expectation> expectations = {};
};

/// All cases that are to be correct: small, a few for each kernel, with sizes
/// that make every bounds check matter. Always the same.
std::vector<Case> corpusCases();

/// Larger sizes of a few kernels, to measure speed: "block_reduce", "softmax",
/// "gemv_bf16", "vector_add", "gemm_bf16_mma" at 256x256x256.
std::vector<Case> benchCases();

/// "<file>.<target>.ptx".
std::string ptxName(const Case &example, const std::string &target);
/// Where the repository has it, as clang printed it.
std::string ptxPath(const Case &example, const std::string &target);

/// The parameter block of a launch; `addresses` are those of the case's
/// buffers.
std::vector<std::byte> parameterBlock(const Launch &launch,
                                      std::span<const uint64_t> addresses);

/// The first value of `bytes`, a buffer after the last launch, that is not
/// what is expected, as a sentence; empty if all is well. NaN never is.
std::string firstDifference(const Case &example, const Expectation &expectation,
                            std::span<const std::byte> bytes);

} // namespace sluice::sim::corpus
