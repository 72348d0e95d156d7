#include "tools/driver/DumpPtx.h"

#include "runtime/base/Quote.h"
#include "tools/driver/Suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace sluice {
namespace {

/// The entries that the stages of `kernel` name on `target`.
std::set<std::string_view> entriesOf(const PlanView &plan, uint32_t target,
                                     const PlanView::Kernel &kernel) {
  std::set<std::string_view> entries;
  for (const PlanView::Variant &variant : kernel.variants)
    if (variant.target == target)
      for (const PlanView::Stage &stage : variant.stages)
        entries.insert(plan.code[stage.code].entry);
  return entries;
}

/// The name in a line such as ".visible .entry NAME(", or nothing.
std::string_view entryIn(std::string_view line) {
  constexpr std::string_view word = ".entry ";
  size_t at = line.find(word);
  if (!line.starts_with('.') || at == std::string_view::npos)
    return {};
  std::string_view name = line.substr(at + word.size());
  return name.substr(0, name.find('('));
}

} // namespace

Result<std::string> dumpPtx(const PlanView &plan, uint32_t target,
                            std::string_view kernel) {
  const PlanView::Target &chosen = plan.targets[target];
  if (chosen.kind != fb::TargetKind::Cuda)
    return invalidArgument(fmt::format(
        "--ptx: expected a target with PTX, found {}; choose one with --target",
        inQuotes(chosen.name)));
  std::span<const uint8_t> bytes = plan.sections[chosen.section].bytes;
  std::string_view text(reinterpret_cast<const char *>(bytes.data()),
                        bytes.size());
  if (kernel == "all")
    return std::string(text);
  auto found =
      std::find_if(plan.kernels.begin(), plan.kernels.end(),
                   [&](const auto &other) { return other.name == kernel; });
  if (found == plan.kernels.end()) {
    std::vector<std::string> names;
    for (const PlanView::Kernel &other : plan.kernels)
      names.emplace_back(other.name);
    std::string near = nearestName(std::string(kernel), names);
    return invalidArgument(
        fmt::format("--ptx: the plan has no kernel {}{}", inQuotes(kernel),
                    near.empty() ? "; --kernels lists them"
                                 : "; did you mean " + near + "?"));
  }
  std::set<std::string_view> wanted = entriesOf(plan, target, *found);
  std::string result;
  bool skipped = false;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (std::string_view name = entryIn(line); !name.empty())
      skipped = !wanted.contains(name);
    if (!skipped && line.find("// .globl") == std::string_view::npos)
      result += line;
    if (line == "}\n")
      skipped = false;
  }
  return result;
}

} // namespace sluice
