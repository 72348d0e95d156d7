// Any bytes are a plan, or a refusal with a sentence: as a file, as a file
// whose hashes fit, and as the Plan section of an otherwise sound file. What is
// accepted can be looked at in full, up to what memory it would need: every
// index that the reader vouches for is followed.

#include "codegen/plan/Container.h"
#include "runtime/executor/Sizes.h"
#include "test/runtime/plan/Inspected.h"
#include "test/runtime/plan/TestPlan.h"

#include <cstdlib>
#include <cstring>

using namespace sluice;

static void require(bool condition) {
  if (!condition)
    std::abort(); // libFuzzer keeps the input
}

static void requireSentence(const Status &status) {
  require(!status.message().empty() && status.message().size() < 4096);
}

static void followVariant(const PlanView &plan,
                          const PlanView::Variant &variant) {
  require(variant.target < plan.targets.size());
  for (const PlanView::Bound &bound : variant.guard)
    require(bound.expr < plan.exprs.size() && bound.atLeast <= bound.atMost);
  for (uint32_t bytes : variant.buffers)
    require(bytes < plan.exprs.size());
  for (const PlanView::Stage &stage : variant.stages) {
    for (uint32_t axis : stage.grid)
      require(axis < plan.exprs.size());
    require(stage.scratch < plan.exprs.size());
    require(stage.code < plan.code.size());
    require(plan.code[stage.code].target == variant.target);
  }
}

static void followArgs(const PlanView &plan, uint32_t launch) {
  uint32_t words = 0;
  for (const fb::Arg &arg : plan.launches[launch].args) {
    words += argWords(arg.kind());
    switch (arg.kind()) {
    case fb::ArgKind::Buffer:
      require(arg.index() < plan.buffers.size());
      require(plan.buffers[arg.index()].first <= launch &&
              launch <= plan.buffers[arg.index()].last);
      break;
    case fb::ArgKind::Parameter:
      require(arg.index() < plan.stacks.size() &&
              arg.layer() < plan.stacks[arg.index()].instances());
      break;
    case fb::ArgKind::Log:
      require(arg.index() < plan.states.size() &&
              arg.layer() < plan.states[arg.index()].instances());
      break;
    case fb::ArgKind::Input:
      require(arg.index() < plan.inputs.size());
      break;
    case fb::ArgKind::Value:
      require(arg.index() < plan.exprs.size());
      break;
    default:
      require(false);
    }
  }
  require(words == plan.kernels[plan.launches[launch].kernel].words);
}

static void follow(const PlanView &plan) {
  ContextOptions options{.maxRows = 5, .slots = 3};
  Result<ContextOptions> resolved = options.resolved(plan);
  if (!resolved.ok())
    return requireSentence(resolved.status());
  SymbolValues symbols = resolved->maxima();
  for (uint32_t i = 0; i < plan.exprs.size(); ++i) {
    int64_t value = plan.exprs.evaluate(i, symbols);
    require(value >= 0 || !plan.exprs.explain(i, value, symbols).empty());
    require(!plan.exprs.print(i).empty());
  }
  for (const PlanView::Kernel &kernel : plan.kernels)
    for (const PlanView::Variant &variant : kernel.variants)
      followVariant(plan, variant);
  for (uint32_t i = 0; i < plan.launches.size(); ++i)
    followArgs(plan, i);
  for (const PlanView::Output &output : plan.outputs)
    for (uint32_t dim : output.shape)
      require(dim < plan.exprs.size());
  for (uint32_t target = 0; target < plan.targets.size(); ++target) {
    Result<Sizes> sizes = Sizes::of(plan, *resolved, target);
    if (!sizes.ok()) {
      requireSentence(sizes.status());
      continue;
    }
    require(sizes->inner.size() == plan.launches.size());
    for (size_t i = 0; i < plan.buffers.size(); ++i)
      require(sizes->arena.offsets[i] + sizes->buffers[i] <=
              sizes->arena.bytes);
  }
}

static void read(const std::vector<uint8_t> &file) {
  Inspected inspected(file);
  if (inspected.status().ok())
    return follow(inspected.plan());
  require(inspected.status().code() == StatusCode::BadInput ||
          inspected.status().code() == StatusCode::Incompatible);
  requireSentence(inspected.status());
}

static void storeHash(std::vector<uint8_t> &file, size_t at, Hash128 hash) {
  std::memcpy(file.data() + at, &hash.low, 8);
  std::memcpy(file.data() + at + 8, &hash.high, 8);
}

/// Makes the hashes of a file fit it, as far as its header can be followed.
static void seal(std::vector<uint8_t> &file) {
  using namespace container;
  for (uint32_t i = 0; i < maxSections; ++i) {
    size_t entry = tableOffset + i * entryBytes;
    uint64_t offset, length;
    std::memcpy(&offset, file.data() + entry + 8, 8);
    std::memcpy(&length, file.data() + entry + 16, 8);
    if (length == 0 || offset > file.size() || length > file.size() - offset)
      break;
    storeHash(file, entry + 24,
              sluice::hashBytes(file.data() + offset, length));
  }
  storeHash(file, hashOffset,
            containerHeaderHash(std::span(file).first(headerBytes)));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size);
  read(bytes);
  if (size >= container::headerBytes) {
    seal(bytes);
    read(bytes);
    return 0;
  }
  static const TestPlan sound = soundPlan();
  ContainerWriter writer;
  writer.add(SectionKind::Plan, std::move(bytes));
  for (const TestPlan::Section &section : sound.sections)
    writer.add(section.kind, section.bytes);
  if (Result<std::vector<uint8_t>> file = writer.bytes(); file.ok())
    read(*file);
  return 0;
}
