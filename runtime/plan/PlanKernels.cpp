#include "runtime/plan/PlanBuilder.h"

#include <algorithm>
#include <set>

// What of a plan runs: targets, code, kernels, launches.

namespace sluice {
namespace {

/// More than any kernel of ours has; a GPU takes 4 KiB of arguments.
constexpr uint32_t maxWords = 512;

SectionKind sectionOf(fb::TargetKind kind) {
  return kind == fb::TargetKind::Cpu ? SectionKind::CpuImage : SectionKind::Ptx;
}

} // namespace

Status PlanBuilder::readTargets() {
  SLUICE_TRY(count("targets", plan.targets(), 1, 64));
  std::set<std::string_view> names;
  for (uint32_t i = 0; i < plan.targets()->size(); ++i) {
    const fb::Target &in = *plan.targets()->Get(i);
    PlanView::Target out{};
    SLUICE_TRY(text(in.name(), "name", out.name).in(nth("target", i, "")));
    std::string where = nth("target", i, out.name);
    if (!names.insert(out.name).second)
      return badInput(where + " has the name of another one");
    out.kind = in.kind();
    if (out.kind != fb::TargetKind::Cpu && out.kind != fb::TargetKind::Cuda)
      return badInput(fmt::format("{}: kind {} is unknown", where,
                                  static_cast<int>(out.kind)));
    SLUICE_TRY(count("features", in.features(), 0, 256).in(where));
    for (uint32_t f = 0; in.features() && f < in.features()->size(); ++f) {
      std::string_view feature;
      SLUICE_TRY(text(in.features()->Get(f), "feature", feature).in(where));
      out.features.push_back(feature);
    }
    out.section = in.section();
    SLUICE_TRY(index("section", out.section, view.sections.size()).in(where));
    SectionKind found = view.sections[out.section].kind;
    if (found != sectionOf(out.kind))
      return badInput(fmt::format(
          "{}: expected section {} to be {}, found {}", where, out.section,
          sectionKindName(sectionOf(out.kind)), sectionKindName(found)));
    out.cubin = in.cubin();
    SLUICE_TRY(index("cubin", out.cubin, view.sections.size()).in(where));
    if (out.cubin != 0 && (out.kind != fb::TargetKind::Cuda ||
                           view.sections[out.cubin].kind != SectionKind::Cubin))
      return badInput(fmt::format(
          "{}: expected no cubin but for a GPU, then a Cubin section, found {}",
          where, sectionKindName(view.sections[out.cubin].kind)));
    view.targets.push_back(std::move(out));
  }
  return {};
}

Status PlanBuilder::readCode() {
  SLUICE_TRY(count("code entries", plan.code(), 1, 1 << 20));
  for (uint32_t i = 0; i < plan.code()->size(); ++i) {
    const fb::Code &in = *plan.code()->Get(i);
    std::string where = nth("code", i, "");
    SLUICE_TRY(index("target", in.target(), view.targets.size()).in(where));
    PlanView::Code out{in.target(), in.offset(), {}};
    const PlanView::Target &target = view.targets[in.target()];
    if (target.kind == fb::TargetKind::Cpu) {
      uint64_t bytes = view.sections[target.section].bytes.size();
      if (in.offset() >= bytes)
        return badInput(fmt::format("{}: offset {} lies outside the image of "
                                    "{} bytes",
                                    where, in.offset(), bytes));
    } else {
      SLUICE_TRY(text(in.entry(), "entry", out.entry).in(where));
    }
    view.code.push_back(out);
  }
  return {};
}

Status PlanBuilder::readKernels() {
  SLUICE_TRY(count("kernels", plan.kernels(), 1, 1 << 16));
  for (uint32_t i = 0; i < plan.kernels()->size(); ++i) {
    const fb::Kernel &in = *plan.kernels()->Get(i);
    PlanView::Kernel out{};
    SLUICE_TRY(text(in.name(), "name", out.name).in(nth("kernel", i, "")));
    std::string where = nth("kernel", i, out.name);
    if (in.sums())
      out.sums = {in.sums()->c_str(), in.sums()->size()};
    out.words = in.words();
    if (out.words > maxWords)
      return badInput(fmt::format("{}: at most {} argument words, found {}",
                                  where, maxWords, out.words));
    if (const fb::Cost *cost = in.cost()) {
      out.cost = {cost->flops(), cost->weights(), cost->state()};
      for (uint32_t part : {cost->flops(), cost->weights(), cost->state()})
        SLUICE_TRY(expr("cost: expression", part).in(where));
    }
    SLUICE_TRY(count("variants", in.variants(), 1, 256).in(where));
    for (uint32_t v = 0; v < in.variants()->size(); ++v) {
      PlanView::Variant variant{};
      SLUICE_TRY(readVariant(*in.variants()->Get(v), variant)
                     .in(nth("variant", v, ""))
                     .in(where));
      out.variants.push_back(std::move(variant));
    }
    view.kernels.push_back(std::move(out));
  }
  std::vector<uint32_t> kernelsOf(view.targets.size());
  for (const PlanView::Kernel &kernel : view.kernels) {
    std::vector<bool> has(view.targets.size());
    for (const PlanView::Variant &variant : kernel.variants)
      has[variant.target] = true;
    for (size_t t = 0; t < has.size(); ++t)
      kernelsOf[t] += has[t];
  }
  bool any = false;
  for (size_t t = 0; t < kernelsOf.size(); ++t) {
    view.targets[t].complete = kernelsOf[t] == view.kernels.size();
    any |= view.targets[t].complete;
  }
  if (!any)
    return badInput("no target has a variant of every kernel");
  return {};
}

Status PlanBuilder::readVariant(const fb::Variant &in, PlanView::Variant &out) {
  out.target = in.target();
  SLUICE_TRY(index("target", out.target, view.targets.size()));
  SLUICE_TRY(count("bounds", in.guard(), 0, 16));
  for (uint32_t i = 0; in.guard() && i < in.guard()->size(); ++i) {
    const fb::Bound &bound = *in.guard()->Get(i);
    SLUICE_TRY(expr("guard: expression", bound.expr()));
    if (bound.at_least() > bound.at_most())
      return badInput(fmt::format("guard {} asks for {} to {}, which nothing "
                                  "is",
                                  i, bound.at_least(), bound.at_most()));
    out.guard.push_back({bound.expr(), bound.at_least(), bound.at_most()});
  }
  SLUICE_TRY(count("buffers", in.buffers(), 0, 64));
  out.buffers = spanOf(in.buffers());
  for (uint32_t bytes : out.buffers)
    SLUICE_TRY(expr("buffers: expression", bytes));
  SLUICE_TRY(count("stages", in.stages(), 1, 64));
  for (uint32_t i = 0; i < in.stages()->size(); ++i) {
    PlanView::Stage stage{};
    SLUICE_TRY(readStage(*in.stages()->Get(i), out.target, stage)
                   .in(nth("stage", i, "")));
    out.stages.push_back(stage);
  }
  return {};
}

Status PlanBuilder::readStage(const fb::Stage &in, uint32_t target,
                              PlanView::Stage &out) {
  std::span<const uint32_t> grid = spanOf(in.grid());
  if (grid.size() != 3)
    return badInput(
        fmt::format("a grid has 3 expressions, found {}", grid.size()));
  for (size_t i = 0; i < 3; ++i) {
    SLUICE_TRY(expr("grid: expression", grid[i]));
    out.grid[i] = grid[i];
  }
  out.scratch = in.scratch();
  SLUICE_TRY(expr("scratch: expression", out.scratch));
  out.threads = in.threads();
  uint32_t most = view.targets[target].kind == fb::TargetKind::Cpu ? 1 : 1024;
  if (out.threads < 1 || out.threads > most)
    return badInput(fmt::format("expected 1 to {} threads a block, found {}",
                                most, out.threads));
  out.code = in.code();
  SLUICE_TRY(index("code", out.code, view.code.size()));
  if (view.code[out.code].target != target)
    return badInput(fmt::format("code {} is of target {}, the variant of {}",
                                out.code, view.code[out.code].target, target));
  return {};
}

Status PlanBuilder::readLaunches() {
  SLUICE_TRY(count("launches", plan.launches(), 1, 1 << 16));
  SLUICE_TRY(count("arguments", plan.args(), 0, 1 << 24));
  std::span<const fb::Arg> rest = spanOf(plan.args());
  for (uint32_t i = 0; i < plan.launches()->size(); ++i) {
    PlanView::Launch out{};
    SLUICE_TRY(readLaunch(*plan.launches()->Get(i), rest, out)
                   .in(nth("launch", i, "")));
    view.launches.push_back(out);
  }
  if (!rest.empty())
    return badInput(fmt::format("{} arguments are of no launch", rest.size()));
  return {};
}

/// `rest`: the arguments of this launch and of those after it.
Status PlanBuilder::readLaunch(const fb::Launch &in,
                               std::span<const fb::Arg> &rest,
                               PlanView::Launch &out) {
  out.kernel = in.kernel();
  SLUICE_TRY(index("kernel", out.kernel, view.kernels.size()));
  if (in.args() > rest.size() || in.args() > maxWords)
    return badInput(fmt::format("takes {} arguments; the plan has {} left, "
                                "and a launch takes {} at most",
                                in.args(), rest.size(), maxWords));
  out.args = rest.first(in.args());
  rest = rest.subspan(in.args());
  uint32_t words = 0;
  for (size_t i = 0; i < out.args.size(); ++i) {
    SLUICE_TRY(
        checkArg(out.args[i], static_cast<uint32_t>(view.launches.size()))
            .in(nth("argument", i, "")));
    words += argWords(out.args[i].kind());
  }
  const PlanView::Kernel &kernel = view.kernels[out.kernel];
  if (words != kernel.words)
    return badInput(fmt::format("its arguments have {} words, kernel {} takes "
                                "{}",
                                words, inQuotes(kernel.name), kernel.words));
  return {};
}

Status PlanBuilder::checkArg(const fb::Arg &arg, uint32_t launch) {
  uint32_t instances = 1;
  switch (arg.kind()) {
  case fb::ArgKind::Buffer: {
    SLUICE_TRY(index("buffer", arg.index(), view.buffers.size()));
    const PlanView::Buffer &buffer = view.buffers[arg.index()];
    if (launch < buffer.first || launch > buffer.last)
      return badInput(fmt::format("buffer {} lives from launch {} to {} only",
                                  arg.index(), buffer.first, buffer.last));
    break;
  }
  case fb::ArgKind::Input:
    SLUICE_TRY(index("input", arg.index(), view.inputs.size()));
    break;
  case fb::ArgKind::Parameter:
    SLUICE_TRY(index("stack", arg.index(), view.stacks.size()));
    instances = view.stacks[arg.index()].instances();
    break;
  case fb::ArgKind::Log:
    SLUICE_TRY(index("state", arg.index(), view.states.size()));
    instances = view.states[arg.index()].instances();
    break;
  case fb::ArgKind::Value:
    SLUICE_TRY(expr("expression", arg.index()));
    break;
  default:
    return badInput(
        fmt::format("kind {} is unknown", static_cast<int>(arg.kind())));
  }
  if (arg.layer() >= instances)
    return badInput(fmt::format("layer {} does not exist, there {} {}",
                                arg.layer(), instances == 1 ? "is" : "are",
                                instances));
  return {};
}

} // namespace sluice
