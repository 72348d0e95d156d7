#include "test/runtime/device/sim/corpus/cases/Case.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

namespace sluice::sim::corpus {
namespace {

size_t sizeOf(Element element) { return element == Element::U8 ? 1 : 4; }

double elementAt(Element element, const std::byte *at) {
  switch (element) {
  case Element::U8:
    return std::to_integer<uint8_t>(*at);
  case Element::U32: {
    uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }
  case Element::F32: {
    float value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }
  }
  return NAN;
}

template <typename T> void append(std::vector<std::byte> &block, T value) {
  block.resize((block.size() + sizeof(T) - 1) / sizeof(T) * sizeof(T));
  auto *bytes = reinterpret_cast<const std::byte *>(&value);
  block.insert(block.end(), bytes, bytes + sizeof(T));
}

} // namespace

std::string ptxName(const Case &example, const std::string &target) {
  return fmt::format("{}.{}.ptx", example.file, target);
}

std::string ptxPath(const Case &example, const std::string &target) {
  return fmt::format("{}/runtime/device/sim/corpus/ptx/clang/{}",
                     SLUICE_TEST_DATA, ptxName(example, target));
}

std::vector<std::byte> parameterBlock(const Launch &launch,
                                      std::span<const uint64_t> addresses) {
  std::vector<std::byte> block;
  for (const Argument &argument : launch.arguments) {
    if (const auto *pointer = std::get_if<Pointer>(&argument))
      append(block, addresses[pointer->buffer]);
    else if (const auto *integer = std::get_if<int32_t>(&argument))
      append(block, *integer);
    else
      append(block, std::get<float>(argument));
  }
  return block;
}

std::string firstDifference(const Case &example, const Expectation &expectation,
                            std::span<const std::byte> bytes) {
  const std::string &buffer = example.buffers[expectation.buffer].name;
  size_t size = sizeOf(expectation.element);
  if (bytes.size() != expectation.values.size() * size)
    return fmt::format("{}: {} has {} bytes, {} elements are expected",
                       example.name, buffer, bytes.size(),
                       expectation.values.size());
  for (size_t i = 0; i < expectation.values.size(); ++i) {
    double want = expectation.values[i];
    double got = elementAt(expectation.element, bytes.data() + i * size);
    double bound =
        expectation.absolute + expectation.relative * std::fabs(want);
    if (!(std::fabs(got - want) <= bound)) // a NaN is a difference
      return fmt::format("{}: {}[{}] is {}, expected {} within {}",
                         example.name, buffer, i, got, want, bound);
  }
  return "";
}

} // namespace sluice::sim::corpus
