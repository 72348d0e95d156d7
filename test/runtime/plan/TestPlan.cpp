#include "test/runtime/plan/TestPlan.h"

#include "codegen/plan/Container.h"

#include <algorithm>

namespace sluice {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;
using Text = std::optional<std::string>;

flatbuffers::Offset<flatbuffers::String> text(Builder &builder,
                                              const Text &value) {
  return value ? builder.CreateString(*value)
               : flatbuffers::Offset<flatbuffers::String>();
}

/// The vector of what `make` gives for each of `items`.
template <typename T, typename Make>
auto tables(Builder &builder, const std::vector<T> &items, Make make) {
  std::vector<decltype(make(items.front()))> offsets;
  for (const T &item : items)
    offsets.push_back(make(item));
  return builder.CreateVector(offsets);
}

auto kernel(Builder &b, const TestPlan::Kernel &kernel) {
  auto variants = tables(b, kernel.variants, [&](const TestPlan::Variant &v) {
    auto guard = tables(b, v.guard, [&](const TestPlan::Bound &bound) {
      return fb::CreateBound(b, bound.expr, bound.atLeast, bound.atMost);
    });
    auto stages = tables(b, v.stages, [&](const TestPlan::Stage &stage) {
      return fb::CreateStageDirect(b, &stage.grid, stage.scratch, stage.threads,
                                   stage.code);
    });
    return fb::CreateVariant(b, v.target, guard, b.CreateVector(v.buffers),
                             stages);
  });
  flatbuffers::Offset<fb::Cost> cost;
  if (kernel.cost)
    cost = fb::CreateCost(b, (*kernel.cost)[0], (*kernel.cost)[1],
                          (*kernel.cost)[2]);
  return fb::CreateKernel(b, text(b, kernel.name), 0, kernel.words, variants,
                          cost);
}

} // namespace

TestPlan::TestPlan()
    : symbols{"T",    "S",    "L",    "N",     "maxT",
              "maxS", "maxL", "maxN", "slots", "P"} {}

uint32_t TestPlan::number(int64_t value) {
  exprs.push_back({fb::ExprStep(value, fb::ExprOp::Constant)});
  return static_cast<uint32_t>(exprs.size() - 1);
}

uint32_t TestPlan::symbol(const std::string &name) {
  auto it = std::find(symbols.begin(), symbols.end(), name);
  exprs.push_back({fb::ExprStep(it - symbols.begin(), fb::ExprOp::Symbol)});
  return static_cast<uint32_t>(exprs.size() - 1);
}

uint32_t TestPlan::binary(fb::ExprOp op, uint32_t a, uint32_t b) {
  Steps steps = exprs[a];
  steps.insert(steps.end(), exprs[b].begin(), exprs[b].end());
  steps.emplace_back(0, op);
  exprs.push_back(std::move(steps));
  return static_cast<uint32_t>(exprs.size() - 1);
}

std::vector<uint8_t> TestPlan::flatbuffer() const {
  Builder b;
  flatbuffers::Offset<fb::Model> model;
  if (hasModel) {
    auto fields = tables(b, config, [&](const auto &field) {
      return fb::CreateConfigField(b, b.CreateString(field.first),
                                   text(b, field.second));
    });
    model = fb::CreateModel(b, text(b, architecture), fields, text(b, identity),
                            vocabulary, maxContext, pageMultiple, bos, eos);
  }
  auto symbolTables = tables(b, symbols, [&](const Text &name) {
    return fb::CreateSymbol(b, text(b, name));
  });
  auto exprTables = tables(b, exprs, [&](const Steps &steps) {
    return fb::CreateExprDirect(b, &steps);
  });
  auto stackTables = tables(b, stacks, [&](const Stack &s) {
    return fb::CreateStack(b, text(b, s.name), s.dtype, b.CreateVector(s.shape),
                           b.CreateVector(s.layers), s.table, s.offset,
                           s.stride);
  });
  auto stateTables = tables(b, states, [&](const State &s) {
    return fb::CreateState(b, text(b, s.name), b.CreateVector(s.layers),
                           s.rowBytes, s.keep, s.every);
  });
  auto inputTables = tables(b, inputs, [&](const Input &i) {
    return fb::CreateInput(b, text(b, i.name), i.count);
  });
  std::vector<fb::Buffer> bufferStructs;
  for (const Buffer &x : buffers)
    bufferStructs.emplace_back(x.bytes, x.first, x.last);
  auto outputTables = tables(b, outputs, [&](const Output &o) {
    return fb::CreateOutput(b, text(b, o.name), o.buffer, o.dtype,
                            b.CreateVector(o.shape));
  });
  std::vector<fb::Launch> launchStructs;
  std::vector<fb::Arg> args;
  for (const Launch &l : launches) {
    launchStructs.emplace_back(l.kernel, static_cast<uint32_t>(l.args.size()));
    args.insert(args.end(), l.args.begin(), l.args.end());
  }
  args.resize(args.size() + strayArgs, {0, 0, fb::ArgKind::Input});
  auto kernelTables =
      tables(b, kernels, [&](const Kernel &k) { return kernel(b, k); });
  auto targetTables = tables(b, targets, [&](const Target &t) {
    return fb::CreateTarget(b, text(b, t.name), t.kind,
                            b.CreateVectorOfStrings(t.features), t.section,
                            t.cubin);
  });
  auto codeTables = tables(b, code, [&](const Code &c) {
    return fb::CreateCode(b, c.target, c.offset, text(b, c.entry));
  });
  b.Finish(fb::CreatePlan(b, model, text(b, mode), symbolTables, exprTables,
                          stackTables, stateTables, inputTables,
                          b.CreateVectorOfStructs(bufferStructs), outputTables,
                          b.CreateVectorOfStructs(launchStructs), kernelTables,
                          targetTables, codeTables,
                          b.CreateVectorOfStructs(args)),
           fb::PlanIdentifier());
  return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
}

std::vector<uint8_t> TestPlan::file() const {
  ContainerWriter writer;
  writer.add(SectionKind::Plan, flatbuffer());
  for (const Section &section : sections)
    writer.add(section.kind, section.bytes);
  return *writer.bytes();
}

TestPlan soundPlan() {
  TestPlan p;
  using Kind = fb::ArgKind;
  p.config = {{"hidden_size", "64"}, {"model_type", "\"test\""}};
  p.pageMultiple = 4;
  p.bos = 0;
  p.eos = 31;
  uint32_t one = p.number(1), zero = p.number(0), rows = p.symbol("T");
  uint32_t logitRows = p.symbol("L"), vocabulary = p.number(32);
  uint32_t offsets = p.binary(fb::ExprOp::Add, p.symbol("S"), one);
  uint32_t pages =
      p.binary(fb::ExprOp::Mul, p.symbol("slots"),
               p.binary(fb::ExprOp::CeilDiv, p.symbol("maxN"), p.symbol("P")));
  uint32_t rowBytes = p.mul(rows, 128), logitBytes = p.mul(logitRows, 128);
  uint32_t tiles = p.binary(fb::ExprOp::CeilDiv, rows, p.number(16));

  p.stacks = {
      {"embed.weight", fb::DType::F32, {32, 32}, {}, 0, 0, 0},
      {"layers.{}.w.{e}", fb::DType::F4E2M1x2, {8, 16}, {0, 2}, 4, 0, 0},
      {"layers.{}.slices", fb::DType::BF16, {4, 8, 2}, {1}, 4, 16, 32}};
  p.states = {{"layers.{}.ring", {0, 2}, 64, 8, 1},
              {"layers.{}.paged", {1}, 32, 0, 4}};
  p.inputs = {{"ids", rows},   {"pos", rows},     {"slot", rows},
              {"first", rows}, {"rows", offsets}, {"logit_rows", logitRows},
              {"pages", pages}};
  p.targets = {{"x86-64-v3", fb::TargetKind::Cpu, {"avx2", "fma"}, 1},
               {"x86-64-v4", fb::TargetKind::Cpu, {"avx512f"}, 2},
               {"sm_80", fb::TargetKind::Cuda, {}, 3}};
  p.sections = {{SectionKind::CpuImage, std::vector<uint8_t>(64)},
                {SectionKind::CpuImage, std::vector<uint8_t>(96)},
                {SectionKind::Ptx, std::vector<uint8_t>(16, ' ')}};
  p.code = {{0, 0, {}}, {1, 32, {}}, {2, 0, "first"}, {0, 48, {}}};
  p.kernels = {
      {"mix",
       10,
       {{0,
         {{rows, 0, 8}},
         {rowBytes},
         {{{tiles, one, one}, zero, 1, 0}, {{rows, one, one}, rowBytes, 1, 3}}},
        {0, {}, {}, {{{tiles, one, one}, zero, 1, 0}}},
        {1, {}, {}, {{{tiles, one, one}, zero, 1, 1}}},
        {2, {}, {}, {{{tiles, one, one}, zero, 128, 2}}}},
       {{rowBytes, one, tiles}}},
      {"head",
       2,
       {{0, {}, {}, {{{logitRows, one, one}, zero, 1, 0}}},
        {1, {}, {}, {{{logitRows, one, one}, zero, 1, 1}}}},
       {}}};
  p.buffers = {{rowBytes, 0, 1}, {logitBytes, 1, 1}};
  p.outputs = {{"logits", 1, fb::DType::F32, {logitRows, vocabulary}},
               {"hidden", 0, fb::DType::F32, {rows, vocabulary}}};
  p.launches = {{0,
                 {{0, 0, Kind::Input},
                  {1, 0, Kind::Input},
                  {0, 0, Kind::Parameter},
                  {1, 1, Kind::Parameter},
                  {0, 1, Kind::Log},
                  {1, 0, Kind::Log},
                  {0, 0, Kind::Buffer},
                  {rows, 0, Kind::Value}}},
                {1, {{0, 0, Kind::Buffer}, {1, 0, Kind::Buffer}}}};
  // The second buffer is written by launch 1, and the first one lives on as an
  // output.
  return p;
}

} // namespace sluice
