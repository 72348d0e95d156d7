#include "runtime/plan/PlanReader.h"

#include "runtime/plan/PlanBuilder.h"

#include <algorithm>
#include <limits>

namespace sluice {
namespace {

constexpr uint64_t maxPlanBytes = uint64_t(256) << 20;
constexpr uint64_t maxTokens = std::numeric_limits<int32_t>::max();
constexpr size_t maxNameBytes = 512;

/// Whether the bytes are a well-formed flatbuffer of the schema.
Status verify(std::span<const uint8_t> bytes) {
  // The verifier asserts its size, so it must not be constructed before this.
  if (bytes.size() > maxPlanBytes)
    return badInput(fmt::format("it has {} bytes, at most {} are read",
                                bytes.size(), maxPlanBytes));
  if (reinterpret_cast<uintptr_t>(bytes.data()) % 8 != 0)
    return invalidArgument("its bytes must be 8-byte aligned in memory");
  if (!flatbuffers::BufferHasIdentifier(bytes.data(), fb::PlanIdentifier()) ||
      bytes.size() < 2 * sizeof(flatbuffers::uoffset_t))
    return badInput(fmt::format("it does not have the identifier \"{}\"",
                                fb::PlanIdentifier()));
  flatbuffers::Verifier::Options options;
  options.max_depth = 32;
  options.max_tables = static_cast<uint32_t>(bytes.size() / 8);
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), options);
  if (!fb::VerifyPlanBuffer(verifier))
    return badInput("it is no well-formed flatbuffer of plan.fbs");
  return {};
}

} // namespace

Result<PlanView> readPlan(const Container &container) {
  const Section *section = container.find(SectionKind::Plan);
  if (!section)
    return badInput("the file has no Plan section");
  SLUICE_TRY(verify(section->bytes).in("the Plan section"));
  PlanView view;
  view.sections = container.sections();
  PlanBuilder builder(*fb::GetPlan(section->bytes.data()), view,
                      section->bytes.size());
  SLUICE_TRY(builder.build().in("the Plan section"));
  return view;
}

Status PlanBuilder::build() {
  SLUICE_TRY(readModel().in("model"));
  SLUICE_TRY(readSymbols());
  SLUICE_TRY(readExprs());
  SLUICE_TRY(readStacks());
  SLUICE_TRY(readStates());
  SLUICE_TRY(readInputs());
  SLUICE_TRY(readTargets());
  SLUICE_TRY(readCode());
  SLUICE_TRY(readKernels());
  SLUICE_TRY(readBuffers());
  SLUICE_TRY(readLaunches());
  return readOutputs();
}

Status PlanBuilder::text(const flatbuffers::String *in, std::string_view what,
                         std::string_view &out) const {
  out = in ? std::string_view(in->c_str(), in->size()) : std::string_view();
  if (out.empty() || out.size() > maxNameBytes)
    return badInput(fmt::format("expected a {} of 1 to {} bytes, found {}",
                                what, maxNameBytes, out.size()));
  return {};
}

Status PlanBuilder::index(std::string_view what, uint64_t index,
                          uint64_t size) const {
  if (index < size)
    return {};
  return badInput(
      fmt::format("{} {} does not exist, the plan has {}", what, index, size));
}

Status PlanBuilder::readModel() {
  const fb::Model *in = plan.model();
  if (!in)
    return badInput("it is missing");
  PlanView::ModelInfo &out = view.model;
  SLUICE_TRY(text(in->architecture(), "architecture", out.architecture));
  SLUICE_TRY(text(plan.mode(), "mode", view.mode));
  SLUICE_TRY(count("config fields", in->config(), 0, 4096));
  for (uint32_t i = 0; in->config() && i < in->config()->size(); ++i) {
    const fb::ConfigField &field = *in->config()->Get(i);
    PlanView::ConfigField pair;
    SLUICE_TRY(text(field.key(), "config key", pair.key));
    // A value may be a long list, and "" says that the key is not there.
    if (!field.value())
      return badInput(
          fmt::format("config field {} has no value", inQuotes(pair.key)));
    pair.value = {field.value()->c_str(), field.value()->size()};
    if (!out.config.empty() && out.config.back().key >= pair.key)
      return badInput(fmt::format("config field {} does not sort after {}",
                                  inQuotes(pair.key),
                                  inQuotes(out.config.back().key)));
    out.config.push_back(pair);
  }
  SLUICE_TRY(text(in->identity(), "identity", out.identity));
  if (out.identity.size() != 32 ||
      out.identity.find_first_not_of("0123456789abcdef") !=
          std::string_view::npos)
    return badInput(fmt::format("expected 32 hex digits as identity, found {}",
                                inQuotes(out.identity)));
  out.vocabulary = in->vocabulary();
  out.maxContext = in->max_context();
  out.pageMultiple = in->page_multiple();
  out.bos = in->bos();
  out.eos = in->eos();
  if (out.vocabulary == 0 || out.vocabulary > maxTokens)
    return badInput(fmt::format("expected a vocabulary of 1 to {} tokens, "
                                "found {}",
                                maxTokens, out.vocabulary));
  if (out.maxContext == 0 || out.maxContext > maxTokens)
    return badInput(fmt::format("expected a max_context of 1 to {} tokens, "
                                "found {}",
                                maxTokens, out.maxContext));
  if (out.pageMultiple == 0 || out.pageMultiple > maxTokens)
    return badInput(fmt::format("expected a page_multiple of 1 to {} tokens, "
                                "found {}",
                                maxTokens, out.pageMultiple));
  for (int32_t token : {out.bos, out.eos})
    if (token < -1 || token >= static_cast<int64_t>(out.vocabulary))
      return badInput(fmt::format("bos and eos are -1 to {}, found {}",
                                  out.vocabulary - 1, token));
  return {};
}

Status PlanBuilder::readSymbols() {
  SLUICE_TRY(count("symbols", plan.symbols(), 0, numSymbols));
  for (uint32_t i = 0; plan.symbols() && i < plan.symbols()->size(); ++i) {
    std::string_view name;
    SLUICE_TRY(text(plan.symbols()->Get(i)->name(), "name", name)
                   .in(nth("symbol", i, "")));
    Symbol symbol = symbolFromName(name);
    if (static_cast<size_t>(symbol) == numSymbols)
      return badInput(fmt::format(
          "symbol {} is unknown; known are T S L N maxT maxS maxL maxN slots P",
          inQuotes(name)));
    if (std::find(symbols.begin(), symbols.end(), symbol) != symbols.end())
      return badInput(fmt::format("symbol {} is listed twice", inQuotes(name)));
    symbols.push_back(symbol);
  }
  return {};
}

Status PlanBuilder::readExprs() {
  SLUICE_TRY(count("expressions", plan.exprs(), 1, 1 << 16));
  std::vector<ExprStep> steps;
  for (uint32_t i = 0; i < plan.exprs()->size(); ++i) {
    std::span<const fb::ExprStep> code = spanOf(plan.exprs()->Get(i)->code());
    std::string where = nth("expression", i, "");
    SLUICE_TRY(
        count("steps", plan.exprs()->Get(i)->code(), 1, ExprTable::maxSteps)
            .in(where));
    steps.clear();
    for (const fb::ExprStep &step : code) {
      ExprStep out{step.value(), ExprStep::Constant};
      switch (step.op()) {
      case fb::ExprOp::Constant:
        break;
      case fb::ExprOp::Symbol:
        out.op = ExprStep::Symbol;
        // A negative value becomes large, and so is refused.
        SLUICE_TRY(
            index("symbol", static_cast<uint64_t>(step.value()), symbols.size())
                .in(where));
        out.value = static_cast<int64_t>(symbols[step.value()]);
        break;
      case fb::ExprOp::Add:
        out.op = ExprStep::Add;
        break;
      case fb::ExprOp::Mul:
        out.op = ExprStep::Mul;
        break;
      case fb::ExprOp::FloorDiv:
        out.op = ExprStep::FloorDiv;
        break;
      case fb::ExprOp::CeilDiv:
        out.op = ExprStep::CeilDiv;
        break;
      case fb::ExprOp::Mod:
        out.op = ExprStep::Mod;
        break;
      case fb::ExprOp::Min:
        out.op = ExprStep::Min;
        break;
      case fb::ExprOp::Max:
        out.op = ExprStep::Max;
        break;
      default:
        return badInput(fmt::format("{}: operation {} is unknown", where,
                                    static_cast<int>(step.op())));
      }
      steps.push_back(out);
    }
    SLUICE_TRY(view.exprs.append(steps).in(where));
  }
  return {};
}

Status PlanBuilder::readInputs() {
  SLUICE_TRY(count("inputs", plan.inputs(), 0, PlanView::numInputKinds));
  for (uint32_t i = 0; plan.inputs() && i < plan.inputs()->size(); ++i) {
    const fb::Input &in = *plan.inputs()->Get(i);
    std::string_view name;
    SLUICE_TRY(text(in.name(), "name", name).in(nth("input", i, "")));
    PlanView::Input out{};
    size_t kind = 0;
    while (kind < PlanView::numInputKinds &&
           inputName(static_cast<PlanView::InputKind>(kind)) != name)
      ++kind;
    if (kind == PlanView::numInputKinds)
      return badInput(fmt::format("input {} is unknown; known are ids pos slot "
                                  "first rows logit_rows pages",
                                  inQuotes(name)));
    out.kind = static_cast<PlanView::InputKind>(kind);
    for (const PlanView::Input &other : view.inputs)
      if (other.kind == out.kind)
        return badInput(
            fmt::format("input {} is listed twice", inQuotes(name)));
    out.count = in.count();
    SLUICE_TRY(expr("count: expression", out.count).in(nth("input", i, name)));
    view.inputs.push_back(out);
  }
  return {};
}

} // namespace sluice
