// Plans whose bytes are whole but whose meaning is not: every field that the
// reader checks, one spoiled at a time.

#include "codegen/plan/Container.h"
#include "test/runtime/plan/Inspected.h"
#include "test/runtime/plan/TestPlan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sluice;
using testing::HasSubstr;

namespace {

using Kind = fb::ArgKind;
using Op = fb::ExprOp;

struct Spoiled {
  const char *words; // of the refusal
  void (*spoil)(TestPlan &);
};

void expectAllRefused(std::initializer_list<Spoiled> cases) {
  for (const Spoiled &one : cases) {
    TestPlan plan = soundPlan();
    one.spoil(plan);
    Status status = Inspected(plan.file()).status();
    EXPECT_EQ(status.code(), StatusCode::BadInput) << one.words;
    EXPECT_THAT(status.message(), HasSubstr(one.words));
    EXPECT_THAT(status.message(), HasSubstr("the Plan section"));
  }
}

} // namespace

TEST(PlanReaderTest, ModelFields) {
  expectAllRefused({
      {"model: it is missing", [](TestPlan &p) { p.hasModel = false; }},
      {"architecture", [](TestPlan &p) { p.architecture.reset(); }},
      {"architecture", [](TestPlan &p) { p.architecture = ""; }},
      {"architecture of 1 to 512 bytes",
       [](TestPlan &p) { p.architecture = std::string(513, 'a'); }},
      {"mode", [](TestPlan &p) { p.mode.reset(); }},
      {"config key", [](TestPlan &p) { p.config[0].first = ""; }},
      {"has no value", [](TestPlan &p) { p.config[0].second.reset(); }},
      {"does not sort after",
       [](TestPlan &p) { std::swap(p.config[0], p.config[1]); }},
      {"does not sort after",
       [](TestPlan &p) { p.config[1].first = p.config[0].first; }},
      {"32 hex digits", [](TestPlan &p) { p.identity = "12"; }},
      {"32 hex digits", [](TestPlan &p) { p.identity = std::string(32, 'G'); }},
      {"vocabulary", [](TestPlan &p) { p.vocabulary = 0; }},
      {"vocabulary", [](TestPlan &p) { p.vocabulary = 0x80000000; }},
      {"max_context", [](TestPlan &p) { p.maxContext = 0; }},
      {"max_context", [](TestPlan &p) { p.maxContext = uint64_t(1) << 40; }},
      {"page_multiple of 1", [](TestPlan &p) { p.pageMultiple = 0; }},
      {"no multiple of every 4", [](TestPlan &p) { p.pageMultiple = 6; }},
      {"bos and eos", [](TestPlan &p) { p.bos = -2; }},
      {"bos and eos", [](TestPlan &p) { p.eos = 32; }},
  });
}

TEST(PlanReaderTest, SymbolsAndExpressions) {
  expectAllRefused({
      {"symbol \"X\" is unknown", [](TestPlan &p) { p.symbols[0] = "X"; }},
      {"listed twice", [](TestPlan &p) { p.symbols[1] = "T"; }},
      {"symbol 0", [](TestPlan &p) { p.symbols[0].reset(); }},
      {"expressions", [](TestPlan &p) { p.exprs.clear(); }},
      {"steps", [](TestPlan &p) { p.exprs[0].clear(); }},
      {"steps",
       [](TestPlan &p) {
         p.exprs[0].assign(257, fb::ExprStep(0, Op::Constant));
       }},
      {"takes two values",
       [](TestPlan &p) { p.exprs[0].emplace_back(0, Op::Add); }},
      {"leave 2 values",
       [](TestPlan &p) { p.exprs[0].emplace_back(1, Op::Constant); }},
      {"operation 0 is unknown",
       [](TestPlan &p) { p.exprs[0] = {fb::ExprStep(0, Op::Unknown)}; }},
      {"operation 200 is unknown",
       [](TestPlan &p) {
         p.exprs[0] = {fb::ExprStep(0, static_cast<Op>(200))};
       }},
      {"symbol 10 does not exist",
       [](TestPlan &p) { p.exprs[0] = {fb::ExprStep(10, Op::Symbol)}; }},
      {"does not exist",
       [](TestPlan &p) { p.exprs[0] = {fb::ExprStep(-1, Op::Symbol)}; }},
  });
}

TEST(PlanReaderTest, Stacks) {
  expectAllRefused({
      {"stack 0", [](TestPlan &p) { p.stacks[0].name.reset(); }},
      {"dtype 0 is unknown",
       [](TestPlan &p) { p.stacks[0].dtype = fb::DType::Unknown; }},
      {"dtype 99 is unknown",
       [](TestPlan &p) { p.stacks[0].dtype = static_cast<fb::DType>(99); }},
      {"dimensions", [](TestPlan &p) { p.stacks[0].shape.assign(5, 1); }},
      {"no elements", [](TestPlan &p) { p.stacks[0].shape[1] = 0; }},
      {"2^50", [](TestPlan &p) { p.stacks[0].shape[1] = uint64_t(1) << 60; }},
      {"no layers are listed", [](TestPlan &p) { p.stacks[1].layers.clear(); }},
      {"has no \"{}\"", [](TestPlan &p) { p.stacks[0].layers = {0}; }},
      {"\"{}\" more than once",
       [](TestPlan &p) { p.stacks[1].name = "{}.{}.{e}"; }},
      {"\"{e}\" more than once",
       [](TestPlan &p) { p.stacks[1].name = "{}.{e}.{e}"; }},
      {"table is 0", [](TestPlan &p) { p.stacks[1].table = 0; }},
      {"at most 65536 entries", [](TestPlan &p) { p.stacks[2].table = 65537; }},
      {"stride is for slices", [](TestPlan &p) { p.stacks[1].stride = 8; }},
      {"stride is for slices", [](TestPlan &p) { p.stacks[0].stride = 8; }},
      {"begins past the end", [](TestPlan &p) { p.stacks[2].stride = 64; }},
      {"begins past the end", [](TestPlan &p) { p.stacks[0].offset = 4096; }},
      {"begins past the end",
       [](TestPlan &p) { p.stacks[2].stride = ~uint64_t(0) / 2; }},
      {"tensors and slices",
       [](TestPlan &p) {
         p.stacks[2].table = 65535;
         p.stacks[2].stride = p.stacks[2].offset = 0;
         p.stacks[2].layers.assign(300, 1);
       }},
  });
}

TEST(PlanReaderTest, States) {
  expectAllRefused({
      {"state 0", [](TestPlan &p) { p.states[0].name.reset(); }},
      {"row_bytes", [](TestPlan &p) { p.states[0].rowBytes = 0; }},
      {"row_bytes",
       [](TestPlan &p) { p.states[0].rowBytes = uint64_t(1) << 32; }},
      {"keep", [](TestPlan &p) { p.states[0].keep = uint64_t(1) << 32; }},
      {"every >= 1", [](TestPlan &p) { p.states[1].every = 0; }},
      {"a ring has one row a token",
       [](TestPlan &p) { p.states[0].every = 2; }},
      {"no layers are listed", [](TestPlan &p) { p.states[0].layers.clear(); }},
  });
}

TEST(PlanReaderTest, InputsBuffersOutputs) {
  expectAllRefused({
      {"input \"X\" is unknown", [](TestPlan &p) { p.inputs[0].name = "X"; }},
      {"listed twice", [](TestPlan &p) { p.inputs[1].name = "ids"; }},
      {"input 0", [](TestPlan &p) { p.inputs[0].name.reset(); }},
      {"does not exist", [](TestPlan &p) { p.inputs[0].count = 999; }},
      {"bytes: expression 999", [](TestPlan &p) { p.buffers[0].bytes = 999; }},
      {"first: launch 2", [](TestPlan &p) { p.buffers[1].first = 2; }},
      {"last: launch 9", [](TestPlan &p) { p.buffers[1].last = 9; }},
      {"lives from launch 1 to launch 0",
       [](TestPlan &p) { p.buffers[0] = {p.buffers[0].bytes, 1, 0}; }},
      {"outputs", [](TestPlan &p) { p.outputs.clear(); }},
      {"no output \"logits\"",
       [](TestPlan &p) { p.outputs[0].name = "logit"; }},
      {"name of another one",
       [](TestPlan &p) { p.outputs[1].name = "logits"; }},
      {"buffer 7 does not exist", [](TestPlan &p) { p.outputs[0].buffer = 7; }},
      {"to the end of the step",
       [](TestPlan &p) {
         p.buffers[0].last = 0;
         p.launches[1].args[0] = {1, 0, Kind::Buffer};
       }},
      {"dtype 0 is unknown",
       [](TestPlan &p) { p.outputs[1].dtype = fb::DType::Unknown; }},
      {"dimensions", [](TestPlan &p) { p.outputs[1].shape.clear(); }},
      {"shape: expression 999",
       [](TestPlan &p) { p.outputs[1].shape[0] = 999; }},
      {"expected F32 [L, 32]",
       [](TestPlan &p) { p.outputs[0].dtype = fb::DType::BF16; }},
      {"expected F32 [L, 32]",
       [](TestPlan &p) { p.outputs[0].shape[0] = p.number(3); }},
      {"expected F32 [L, 33]", [](TestPlan &p) { p.vocabulary = 33; }},
      {"expected F32 [L, 32]",
       [](TestPlan &p) { p.outputs[0].shape.pop_back(); }},
  });
}

TEST(PlanReaderTest, TargetsAndCode) {
  expectAllRefused({
      {"targets", [](TestPlan &p) { p.targets.clear(); }},
      {"target 0", [](TestPlan &p) { p.targets[0].name.reset(); }},
      {"name of another one",
       [](TestPlan &p) { p.targets[1].name = "x86-64-v3"; }},
      {"kind 0 is unknown",
       [](TestPlan &p) { p.targets[0].kind = fb::TargetKind::Unknown; }},
      {"feature", [](TestPlan &p) { p.targets[0].features[0] = ""; }},
      {"section 9 does not exist",
       [](TestPlan &p) { p.targets[0].section = 9; }},
      {"expected section 0 to be CpuImage, found Plan",
       [](TestPlan &p) { p.targets[0].section = 0; }},
      {"expected section 3 to be CpuImage, found Ptx",
       [](TestPlan &p) { p.targets[0].section = 3; }},
      {"expected section 1 to be Ptx",
       [](TestPlan &p) { p.targets[2].section = 1; }},
      {"code entries", [](TestPlan &p) { p.code.clear(); }},
      {"target 5 does not exist", [](TestPlan &p) { p.code[0].target = 5; }},
      {"outside the image of 64 bytes",
       [](TestPlan &p) { p.code[3].offset = 64; }},
      {"outside the image",
       [](TestPlan &p) { p.code[3].offset = ~uint64_t(0); }},
      {"entry", [](TestPlan &p) { p.code[2].entry.reset(); }},
  });
}

TEST(PlanReaderTest, KernelsAndLaunches) {
  expectAllRefused({
      {"kernels", [](TestPlan &p) { p.kernels.clear(); }},
      {"kernel 0", [](TestPlan &p) { p.kernels[0].name.reset(); }},
      {"at most 512 argument words",
       [](TestPlan &p) { p.kernels[0].words = 513; }},
      {"variants", [](TestPlan &p) { p.kernels[1].variants.clear(); }},
      {"cost: expression 999",
       [](TestPlan &p) { p.kernels[0].cost = {{999, 0, 0}}; }},
      {"cost: expression 998",
       [](TestPlan &p) { p.kernels[0].cost = {{0, 998, 0}}; }},
      {"cost: expression 997",
       [](TestPlan &p) { p.kernels[0].cost = {{0, 0, 997}}; }},
      {"no target has a variant of every kernel",
       [](TestPlan &p) {
         p.kernels[1].variants = {soundPlan().kernels[0].variants[3]};
         p.kernels[0].variants.pop_back();
       }},
      {"target 3 does not exist",
       [](TestPlan &p) { p.kernels[0].variants[0].target = 3; }},
      {"guard: expression 999",
       [](TestPlan &p) { p.kernels[0].variants[0].guard[0].expr = 999; }},
      {"which nothing is",
       [](TestPlan &p) { p.kernels[0].variants[0].guard[0].atLeast = 9; }},
      {"buffers: expression 999",
       [](TestPlan &p) { p.kernels[0].variants[0].buffers[0] = 999; }},
      {"stages", [](TestPlan &p) { p.kernels[0].variants[0].stages.clear(); }},
      {"a grid has 3 expressions, found 2",
       [](TestPlan &p) { p.kernels[0].variants[0].stages[0].grid.pop_back(); }},
      {"grid: expression 999",
       [](TestPlan &p) { p.kernels[0].variants[0].stages[0].grid[2] = 999; }},
      {"scratch: expression 999",
       [](TestPlan &p) { p.kernels[0].variants[0].stages[0].scratch = 999; }},
      {"1 to 1 threads",
       [](TestPlan &p) { p.kernels[0].variants[0].stages[0].threads = 2; }},
      {"1 to 1024 threads",
       [](TestPlan &p) { p.kernels[0].variants[3].stages[0].threads = 1025; }},
      {"threads",
       [](TestPlan &p) { p.kernels[0].variants[3].stages[0].threads = 0; }},
      {"code 9 does not exist",
       [](TestPlan &p) { p.kernels[0].variants[0].stages[0].code = 9; }},
      {"code 1 is of target 1",
       [](TestPlan &p) { p.kernels[0].variants[0].stages[0].code = 1; }},
      {"1 to 65536 launches",
       [](TestPlan &p) {
         p.launches.clear();
         p.buffers.clear();
       }},
      {"kernel 2 does not exist",
       [](TestPlan &p) { p.launches[0].kernel = 2; }},
      {"10 words, kernel \"mix\" takes 9",
       [](TestPlan &p) { p.kernels[0].words = 9; }},
      {"words, kernel", [](TestPlan &p) { p.launches[1].args.pop_back(); }},
      {"2 arguments are of no launch", [](TestPlan &p) { p.strayArgs = 2; }},
      {"launch 1: takes 2 arguments; the plan has 1 left",
       [](TestPlan &p) { p.strayArgs = -1; }},
      {"kind 0 is unknown",
       [](TestPlan &p) { p.launches[0].args[0] = {0, 0, Kind::Unknown}; }},
      {"kind 77 is unknown",
       [](TestPlan &p) {
         p.launches[0].args[0] = {0, 0, static_cast<Kind>(77)};
       }},
      {"input 7 does not exist",
       [](TestPlan &p) { p.launches[0].args[0] = {7, 0, Kind::Input}; }},
      {"stack 3 does not exist",
       [](TestPlan &p) { p.launches[0].args[2] = {3, 0, Kind::Parameter}; }},
      {"layer 2 does not exist",
       [](TestPlan &p) { p.launches[0].args[3] = {1, 2, Kind::Parameter}; }},
      {"layer 1 does not exist",
       [](TestPlan &p) { p.launches[0].args[2] = {0, 1, Kind::Parameter}; }},
      {"state 2 does not exist",
       [](TestPlan &p) { p.launches[0].args[4] = {2, 0, Kind::Log}; }},
      {"layer 2 does not exist",
       [](TestPlan &p) { p.launches[0].args[4] = {0, 2, Kind::Log}; }},
      {"buffer 2 does not exist",
       [](TestPlan &p) { p.launches[0].args[6] = {2, 0, Kind::Buffer}; }},
      {"lives from launch 1 to 1 only",
       [](TestPlan &p) { p.launches[0].args[6] = {1, 0, Kind::Buffer}; }},
      {"expression 999",
       [](TestPlan &p) { p.launches[0].args[7] = {999, 0, Kind::Value}; }},
      {"layer 1 does not exist",
       [](TestPlan &p) { p.launches[0].args[0] = {0, 1, Kind::Input}; }},
  });
}

// A target that lacks a kernel may stay: it is never chosen.
TEST(PlanReaderTest, IncompleteTargets) {
  Inspected inspected(soundPlan().file());
  ASSERT_TRUE(inspected.status().ok()) << inspected.status().message();
  const std::vector<PlanView::Target> &targets = inspected.plan().targets;
  EXPECT_TRUE(targets[0].complete);
  EXPECT_TRUE(targets[1].complete);
  EXPECT_FALSE(targets[2].complete) << "it has no \"head\"";
}

namespace {

/// The file of soundPlan() around another Plan section.
std::vector<uint8_t> fileAround(const std::vector<uint8_t> &flatbuffer) {
  ContainerWriter writer;
  writer.add(SectionKind::Plan, flatbuffer);
  for (const TestPlan::Section &section : soundPlan().sections)
    writer.add(section.kind, section.bytes);
  return *writer.bytes();
}

/// Puts a copy of the vector of 64-bit numbers that the field `field` of
/// `table` names behind all else, where its numbers are aligned to 4 bytes
/// only.
std::vector<uint8_t> misaligned(std::vector<uint8_t> bytes, const void *table,
                                const uint8_t *base,
                                flatbuffers::voffset_t field, size_t size) {
  const uint8_t *at =
      static_cast<const flatbuffers::Table *>(table)->GetAddressOf(field);
  uint32_t old;
  std::memcpy(&old, at, sizeof old);
  const uint8_t *vector = at + old;
  std::vector<uint8_t> copy(vector, vector + 4 + size);
  bytes.resize((bytes.size() + 7) / 8 * 8);
  auto offset = static_cast<uint32_t>(bytes.size() - (at - base));
  std::memcpy(bytes.data() + (at - base), &offset, sizeof offset);
  bytes.insert(bytes.end(), copy.begin(), copy.end());
  return bytes;
}

} // namespace

// The verifier of flatbuffers does not look at that (PlanFuzz found it).
TEST(PlanReaderTest, NumbersThatAreNotAligned) {
  const std::vector<uint8_t> good = soundPlan().flatbuffer();
  const fb::Plan &plan = *fb::GetPlan(good.data());
  const fb::Expr &expr = *plan.exprs()->Get(0);
  Status status = Inspected(fileAround(misaligned(good, &expr, good.data(),
                                                  fb::Expr::VT_CODE, 16)))
                      .status();
  EXPECT_EQ(status.code(), StatusCode::BadInput);
  EXPECT_THAT(status.message(), HasSubstr("steps must be aligned to 8 bytes"));
  const fb::Stack &stack = *plan.stacks()->Get(0);
  status = Inspected(fileAround(misaligned(good, &stack, good.data(),
                                           fb::Stack::VT_SHAPE, 16)))
               .status();
  EXPECT_EQ(status.code(), StatusCode::BadInput);
  EXPECT_THAT(status.message(), HasSubstr("dimensions must be aligned to 8"));
}

// Whole files around flatbuffers with any of their numbers replaced: still a
// plan, or refused; never read outside the section (the sanitizer build looks).
TEST(PlanReaderTest, AnyNumberOfTheFlatbufferReplaced) {
  const std::vector<uint8_t> good = soundPlan().flatbuffer();
  size_t refused = 0;
  for (size_t at = 0; at + 4 <= good.size(); at += 4)
    for (uint32_t value : {0u, 1u, 77u, 0x7fffffffu, 0xffffffffu}) {
      std::vector<uint8_t> bytes = good;
      std::memcpy(bytes.data() + at, &value, 4);
      Status status = Inspected(fileAround(bytes)).status();
      if (status.ok())
        continue;
      ++refused;
      ASSERT_EQ(status.code(), StatusCode::BadInput);
      ASSERT_THAT(status.message(), HasSubstr("the Plan section"));
    }
  EXPECT_GT(refused, good.size() / 4);
}
