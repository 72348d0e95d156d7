#pragma once

#include "runtime/plan/ContainerReader.h"
#include "runtime/plan/Expr.h"
#include "runtime/plan/plan_generated.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sluice {

/// A plan whose every field has been checked (PlanReader): indices are in
/// range, expressions well formed, lifetimes cover their uses. What each number
/// means stands in plan.fbs. Immutable; names and arrays point into the file's
/// bytes, which must outlive it.
struct PlanView {
  struct ConfigField {
    std::string_view key, value;
  };
  struct ModelInfo {
    std::string_view architecture;
    std::vector<ConfigField> config;
    std::string_view identity;
    uint32_t vocabulary;
    uint64_t maxContext;
    uint64_t pageMultiple;
    int32_t bos, eos; // -1: none
  };
  struct Stack {
    std::string_view name;
    fb::DType dtype;
    std::span<const uint64_t> shape;
    std::span<const uint32_t> layers; // empty: one, without "{}" in its name
    uint32_t table;
    uint64_t offset, stride;
    bool perEntry; // the name has "{e}": one tensor an entry of the table
    /// Tensors-or-tables in this stack: what Arg.layer counts.
    uint32_t instances() const {
      return layers.empty() ? 1 : static_cast<uint32_t>(layers.size());
    }
  };
  struct State {
    std::string_view name;
    std::span<const uint32_t> layers;
    uint64_t rowBytes, keep, every;
    bool paged() const { return keep == 0; }
    uint32_t instances() const {
      return layers.empty() ? 1 : static_cast<uint32_t>(layers.size());
    }
  };
  enum class InputKind : uint8_t {
    Ids,
    Pos,
    Slot,
    First, // of each row: the row at which its sequence begins in this step
    Rows,
    LogitRows,
    Pages
  };
  struct Input {
    InputKind kind;
    uint32_t count;
  };
  struct Buffer {
    uint32_t bytes, first, last;
  };
  struct Output {
    std::string_view name;
    uint32_t buffer;
    fb::DType dtype;
    std::span<const uint32_t> shape;
  };
  struct Launch {
    uint32_t kernel;
    std::span<const fb::Arg> args;
  };
  struct Bound {
    uint32_t expr;
    int64_t atLeast, atMost;
  };
  struct Stage {
    uint32_t grid[3];
    uint32_t scratch, threads, code;
  };
  struct Variant {
    uint32_t target;
    std::vector<Bound> guard;
    std::span<const uint32_t> buffers;
    std::vector<Stage> stages;
  };
  struct Cost {
    uint32_t flops, weights, state;
  };
  struct Kernel {
    std::string_view name, sums;
    uint32_t words;
    std::optional<Cost> cost; // not recorded: none
    std::vector<Variant> variants;
  };
  struct Target {
    std::string_view name;
    fb::TargetKind kind;
    std::vector<std::string_view> features;
    uint32_t section, cubin; // no cubin: 0
    bool complete;           // every kernel has a variant for it
  };
  struct Code {
    uint32_t target;
    uint64_t offset;
    std::string_view entry;
  };

  static constexpr size_t numInputKinds = 7;
  static constexpr uint32_t none = 0xffffffff;

  ModelInfo model;
  std::string_view mode;
  ExprTable exprs;
  std::vector<Stack> stacks;
  std::vector<State> states;
  std::vector<Input> inputs;
  std::vector<Buffer> buffers;
  std::vector<Output> outputs;
  std::vector<Launch> launches;
  std::vector<Kernel> kernels;
  std::vector<Target> targets;
  std::vector<Code> code;
  std::vector<Section> sections; // of the container
};

/// "ids", "pos" and so on.
std::string_view inputName(PlanView::InputKind kind);

/// "F32" and so on.
std::string_view dtypeName(fb::DType dtype);

/// Bytes of one element (for F4E2M1x2 of one stored byte, two numbers); 0 for a
/// dtype that does not exist.
uint64_t dtypeBytes(fb::DType dtype);

/// Launch words of one argument of `kind`; 0 for a kind that does not exist.
uint32_t argWords(fb::ArgKind kind);

} // namespace sluice
