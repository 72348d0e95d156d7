#pragma once

#include "runtime/plan/Container.h"
#include "runtime/plan/plan_generated.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// The plan of plan.fbs as plain data, for tests to fill and to spoil. Nothing
/// is checked: build() writes what stands here.
struct TestPlan {
  using Steps = std::vector<fb::ExprStep>;
  struct Stack {
    std::optional<std::string> name;
    fb::DType dtype = fb::DType::F32;
    std::vector<uint64_t> shape;
    std::vector<uint32_t> layers;
    uint32_t table = 0;
    uint64_t offset = 0, stride = 0;
  };
  struct State {
    std::optional<std::string> name;
    std::vector<uint32_t> layers;
    uint64_t rowBytes = 4, keep = 0, every = 1;
  };
  struct Input {
    std::optional<std::string> name;
    uint32_t count = 0;
  };
  struct Buffer {
    uint32_t bytes, first, last;
  };
  struct Output {
    std::optional<std::string> name;
    uint32_t buffer = 0;
    fb::DType dtype = fb::DType::F32;
    std::vector<uint32_t> shape;
  };
  struct Launch {
    uint32_t kernel = 0;
    std::vector<fb::Arg> args;
  };
  struct Bound {
    uint32_t expr = 0;
    int64_t atLeast = 0, atMost = INT64_MAX;
  };
  struct Stage {
    std::vector<uint32_t> grid;
    uint32_t scratch = 0, threads = 1, code = 0;
  };
  struct Variant {
    uint32_t target = 0;
    std::vector<Bound> guard;
    std::vector<uint32_t> buffers;
    std::vector<Stage> stages;
  };
  struct Kernel {
    std::optional<std::string> name;
    uint32_t words = 0;
    std::vector<Variant> variants;
    std::optional<std::array<uint32_t, 3>> cost; // FLOPs, weights, state
  };
  struct Target {
    std::optional<std::string> name;
    fb::TargetKind kind = fb::TargetKind::Cpu;
    std::vector<std::string> features;
    uint32_t section = 1, cubin = 0;
  };
  struct Code {
    uint32_t target = 0;
    uint64_t offset = 0;
    std::optional<std::string> entry;
  };
  struct Section {
    SectionKind kind;
    std::vector<uint8_t> bytes;
  };

  bool hasModel = true;
  std::optional<std::string> architecture = "test", mode = "exact";
  std::vector<std::pair<std::string, std::optional<std::string>>> config;
  std::optional<std::string> identity = std::string(32, '0');
  uint32_t vocabulary = 32;
  uint64_t maxContext = 1024, pageMultiple = 1;
  int32_t bos = -1, eos = -1;
  std::vector<std::optional<std::string>> symbols;
  std::vector<Steps> exprs;
  std::vector<Stack> stacks;
  std::vector<State> states;
  std::vector<Input> inputs;
  std::vector<Buffer> buffers;
  std::vector<Output> outputs;
  std::vector<Launch> launches;
  int strayArgs = 0; ///< after those of the launches; below 0: that many lack
  std::vector<Kernel> kernels;
  std::vector<Target> targets;
  std::vector<Code> code;
  std::vector<Section> sections; // behind the Plan section, which has index 0

  /// Knows all symbols.
  TestPlan();

  /// Each adds an expression and returns its index.
  uint32_t number(int64_t value);
  uint32_t symbol(const std::string &name);
  uint32_t binary(fb::ExprOp op, uint32_t a, uint32_t b);
  uint32_t mul(uint32_t a, int64_t b) {
    return binary(fb::ExprOp::Mul, a, number(b));
  }

  /// The Plan section.
  std::vector<uint8_t> flatbuffer() const;
  /// The whole file.
  std::vector<uint8_t> file() const;
};

/// A sound plan with one of everything: two CPU targets and one CUDA target, a
/// kernel with a guarded variant of two stages, tables, states, outputs. It
/// cannot run: its images are zeros.
TestPlan soundPlan();

} // namespace sluice
