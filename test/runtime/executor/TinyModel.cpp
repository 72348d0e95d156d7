#include "test/runtime/executor/TinyModel.h"

#include "runtime/weights/Identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <sstream>

namespace sluice {
namespace {

std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Offsets of the functions of the bare image, by name.
const std::map<std::string, uint64_t> &functions() {
  static const std::map<std::string, uint64_t> result = [] {
    std::map<std::string, uint64_t> offsets;
    std::istringstream lines(readFile(SLUICE_TINY_IMAGE ".names"));
    std::string name, kind, value, size;
    while (lines >> name >> kind >> value >> size)
      offsets[name] = std::stoull(value, nullptr, 16);
    return offsets;
  }();
  return result;
}

struct Tensor {
  std::string name, shape;
  std::vector<int32_t> values;
};

std::vector<Tensor> tensors() {
  Tensor embed{"embed", "[16]", {}};
  for (int32_t token = 0; token < 16; ++token)
    embed.values.push_back(TinyModel::embedding(token));
  return {embed,
          {"layers.1.t.0", "[1]", {5}},
          {"layers.1.t.1", "[1]", {6}},
          {"layers.3.s", "[2,2]", {1, 2, 3, 4}},
          {"layers.3.t.0", "[1]", {7}},
          {"layers.3.t.1", "[1]", {8}},
          {"unused", "[1]", {9}}};
}

std::string safetensors() {
  std::string header = "{", data;
  for (const Tensor &t : tensors()) {
    size_t begin = data.size();
    data.append(reinterpret_cast<const char *>(t.values.data()),
                t.values.size() * sizeof(int32_t));
    header += fmt::format(
        R"({}"{}":{{"dtype":"I32","shape":{},"data_offsets":[{},{}]}})",
        begin ? "," : "", t.name, t.shape, begin, data.size());
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  uint64_t length = header.size();
  return std::string(reinterpret_cast<const char *>(&length), sizeof length) +
         header + data;
}

using Kind = fb::ArgKind;

} // namespace

TinyModel::TinyModel() {
  plan.vocabulary = vocabulary;
  plan.pageMultiple = pageMultiple;
  plan.maxContext = 512;
  plan.config = {{"hidden_size", "64"}, {"model_type", "\"tiny\""}};
  std::string image = readFile(SLUICE_TINY_IMAGE ".bin");
  plan.sections = {{SectionKind::CpuImage,
                    std::vector<uint8_t>(image.begin(), image.end())}};
  plan.targets = {{targets[0], fb::TargetKind::Cpu, {}, 1},
                  {targets[1], fb::TargetKind::Cpu, {"sse3"}, 1},
                  {targets[2], fb::TargetKind::Cpu, {"feature-of-2040"}, 1}};
  plan.stacks = {{"embed", fb::DType::I32, {16}, {}, 0, 0, 0},
                 {"layers.{}.t.{e}", fb::DType::I32, {1}, {1, 3}, 2, 0, 0},
                 {"layers.{}.s", fb::DType::I32, {2, 2}, {3}, 2, 4, 8}};
  plan.states = {{"log", {}, 4, 0, 1},
                 {"layers.{}.groups", {2}, 4, 0, 4},
                 {"layers.{}.ring", {0, 1}, 4, 3, 1}};
  addKernels();
  addLaunches();
}

uint32_t TinyModel::codeOf(const std::string &function, uint32_t target) const {
  auto at = std::distance(functions().begin(), functions().find(function));
  return static_cast<uint32_t>(target * functions().size() + at);
}

void TinyModel::addKernels() {
  uint32_t zero = plan.number(0), one = plan.number(1), four = plan.number(4);
  uint32_t rows = plan.symbol("T"), logitRows = plan.symbol("L");
  uint32_t partial = plan.mul(rows, 16);
  uint32_t scratch = plan.number(64);
  for (uint32_t target = 0; target < plan.targets.size(); ++target)
    for (const auto &[name, offset] : functions())
      plan.code.push_back({target, offset, {}});

  auto kernel = [&](const char *name, uint32_t words, uint32_t blocks) {
    TestPlan::Kernel out{name, words, {}, {}};
    for (uint32_t t = 0; t < plan.targets.size(); ++t)
      out.variants.push_back(
          {t, {}, {}, {{{blocks, one, one}, scratch, 1, codeOf(name, t)}}});
    plan.kernels.push_back(out);
  };
  kernel("gather", 3, rows);
  kernel("append", 7, rows);
  kernel("group", 8, rows);
  kernel("mix", 18, rows);
  kernel("commit", 8, rows);
  kernel("head", 3, logitRows);
  // For few rows `mix` has another variant, which comes first.
  std::vector<TestPlan::Variant> &mix = plan.kernels[3].variants;
  for (uint32_t t = 0; t < plan.targets.size(); ++t)
    mix.insert(mix.begin() + 2 * t,
               {t,
                {{rows, 0, 2}},
                {partial},
                {{{four, rows, one}, zero, 1, codeOf("mixPartial", t)},
                 {{rows, one, one}, zero, 1, codeOf("mixMerge", t)}}});
}

void TinyModel::addGpu() {
  std::string ptx = readFile(SLUICE_TINY_IMAGE ".ptx");
  plan.sections.push_back(
      {SectionKind::Ptx, std::vector<uint8_t>(ptx.begin(), ptx.end())});
  auto gpu = static_cast<uint32_t>(plan.targets.size());
  plan.targets.push_back({"sm_80", fb::TargetKind::Cuda, {}, 2});
  uint32_t large = plan.number(50'000), none = plan.number(0);
  for (const auto &[name, offset] : functions())
    plan.code.push_back({gpu, 0, name + "Entry"});
  for (TestPlan::Kernel &kernel : plan.kernels) {
    std::vector<TestPlan::Variant> variants;
    for (TestPlan::Variant variant : kernel.variants) {
      if (variant.target != 0)
        continue;
      variant.target = gpu;
      for (TestPlan::Stage &stage : variant.stages) {
        stage.scratch = stage.scratch == none ? none : large;
        stage.code += gpu * static_cast<uint32_t>(functions().size());
      }
      variants.push_back(variant);
    }
    kernel.variants.insert(kernel.variants.end(), variants.begin(),
                           variants.end());
  }
}

void TinyModel::addLaunches() {
  uint32_t rows = plan.symbol("T"), sequences = plan.symbol("S");
  uint32_t logitRows = plan.symbol("L"), longest = plan.symbol("N");
  uint32_t page = plan.symbol("P");
  uint32_t pagesPerSlot =
      plan.binary(fb::ExprOp::CeilDiv, plan.symbol("maxN"), page);
  uint32_t offsets = plan.binary(fb::ExprOp::Add, sequences, plan.number(1));
  enum Input { Ids, Pos, Slot, First, Rows, LogitRows };
  plan.inputs = {{"ids", rows},   {"pos", rows},     {"slot", rows},
                 {"first", rows}, {"rows", offsets}, {"logit_rows", logitRows}};
  uint32_t columns = plan.number(vocabulary);
  plan.buffers = {{plan.mul(rows, 4), 0, 4},
                  {plan.mul(rows, 64), 3, 5},
                  {plan.mul(logitRows, 64), 5, 5}};
  plan.outputs = {{"logits", 2, fb::DType::F32, {logitRows, columns}},
                  {"mixed", 1, fb::DType::I32, {rows, columns}}};
  auto input = [](uint32_t i) { return fb::Arg(i, 0, Kind::Input); };
  auto value = [](uint32_t i) { return fb::Arg(i, 0, Kind::Value); };
  fb::Arg embedded(0, 0, Kind::Buffer), mixed(1, 0, Kind::Buffer);
  fb::Arg logits(2, 0, Kind::Buffer);
  fb::Arg log(0, 0, Kind::Log), groups(1, 0, Kind::Log), ring(2, 1, Kind::Log);
  plan.launches = {
      {0, {input(Ids), fb::Arg(0, 0, Kind::Parameter), embedded}},
      {1,
       {embedded, input(Pos), input(Slot), log, value(page),
        value(pagesPerSlot)}},
      {2,
       {input(Pos), input(Slot), log, groups, value(page),
        value(pagesPerSlot)}},
      {3,
       {embedded, input(Pos), input(Slot), input(First), log, groups, ring,
        fb::Arg(1, 1, Kind::Parameter), fb::Arg(2, 0, Kind::Parameter),
        value(rows), value(sequences), value(longest), value(page),
        value(pagesPerSlot), mixed}},
      {4,
       {embedded, input(Pos), input(Slot), input(First), input(Rows), ring,
        value(sequences)}},
      {5, {mixed, input(LogitRows), logits}}};
}

void TinyModel::write() {
  std::filesystem::create_directory(directory());
  writeModelFile("model.safetensors", safetensors());
  writeModelFile("config.json", R"({"hidden_size": 64, "model_type": "tiny"})");
  std::vector<TensorInfo> infos;
  for (const Tensor &t : tensors())
    if (t.name != "unused")
      infos.push_back({t.name, DType::I32,
                       t.shape == "[2,2]"
                           ? std::vector<int64_t>{2, 2}
                           : std::vector<int64_t>{int64_t(t.values.size())},
                       0, 0, 0});
  std::vector<const TensorInfo *> used;
  for (const TensorInfo &info : infos)
    used.push_back(&info);
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto &[key, json] : plan.config)
    fields.emplace_back(key, json.value_or(""));
  plan.identity = modelIdentity(used, fields).hex();
  std::vector<uint8_t> bytes = plan.file();
  folder.write("tiny.plan",
               {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
}

StepInput TinySteps::make(const std::vector<TinyChunk> &chunks) {
  ids.clear();
  pos.clear();
  slot.clear();
  logitRows.clear();
  rows = {0};
  for (const TinyChunk &chunk : chunks) {
    std::vector<int32_t> &tokens = history[chunk.slot];
    for (int32_t token : chunk.tokens) {
      logitRows.push_back(static_cast<int32_t>(ids.size()));
      ids.push_back(token);
      pos.push_back(static_cast<int32_t>(tokens.size()));
      slot.push_back(chunk.slot);
      tokens.push_back(token);
    }
    rows.push_back(static_cast<int32_t>(ids.size()));
  }
  return {ids, pos, slot, rows, logitRows};
}

std::vector<float> TinySteps::expected(bool twoStages) const {
  std::vector<float> out;
  int32_t longest = 0;
  for (int32_t p : pos)
    longest = std::max(longest, p + 1);
  for (size_t row = 0; row < ids.size(); ++row) {
    const std::vector<int32_t> &tokens = history.at(slot[row]);
    auto sum = [&](int32_t from, int32_t to) { // positions, to excluded
      int32_t total = 0;
      for (int32_t i = std::max(from, 0); i < to; ++i)
        total += TinyModel::embedding(tokens[i]);
      return total;
    };
    int32_t p = pos[row];
    int32_t first = *std::prev(std::upper_bound(rows.begin(), rows.end() - 1,
                                                static_cast<int32_t>(row)));
    for (int32_t value :
         {sum(0, p + 1), sum(0, (p + 1) / 4 * 4), sum(p - 3, p + 1),
          sum(p, p + 1), p, slot[row], first, static_cast<int32_t>(ids.size()),
          static_cast<int32_t>(rows.size()) - 1, longest, 708, 204,
          twoStages ? 2 : 1, 1, 0, 0})
      out.push_back(static_cast<float>(value));
  }
  return out;
}

} // namespace sluice
