#include "tools/driver/DumpTables.h"

#include <fmt/format.h>

namespace sluice {
namespace {

/// "T x 4" of the three expressions of a grid; a last 1 is left out.
Cell gridCell(const PlanView &plan, const uint32_t (&grid)[3]) {
  std::string text;
  std::vector<Cell> items;
  size_t count = 0; // dimensions up to the last that is not 1
  for (size_t i = 0; i < 3; ++i) {
    items.emplace_back(plan.exprs.print(grid[i]));
    if (items.back().text != "1")
      count = i + 1;
  }
  for (size_t i = 0; i < std::max<size_t>(count, 1); ++i) {
    bool alone = count <= 1 || items[i].text.find(' ') == std::string::npos;
    text += fmt::format(fmt::runtime(alone ? "{}{}" : "{}({})"),
                        i == 0 ? "" : " x ", items[i].text);
  }
  return Cell::of(std::move(text), Cell::list(items).json);
}

Cell exprList(const PlanView &plan, std::span<const uint32_t> exprs) {
  std::vector<Cell> items;
  for (uint32_t expr : exprs)
    items.emplace_back(plan.exprs.print(expr));
  return Cell::list(items);
}

/// `name` with its "{}" filled by the value that position `at` of `layers` has.
std::string ofLayer(std::string_view name, std::span<const uint32_t> layers,
                    uint32_t at) {
  std::string out(name);
  if (size_t hole = out.find("{}"); hole != out.npos && at < layers.size())
    out.replace(hole, 2, std::to_string(layers[at]));
  return out;
}

Cell argCell(const PlanView &plan, const fb::Arg &arg) {
  JsonWriter json;
  std::string text;
  json.beginObject();
  switch (arg.kind()) {
  case fb::ArgKind::Buffer:
    text = fmt::format("buffer {}", arg.index());
    json.field("kind", "buffer").field("buffer", arg.index());
    break;
  case fb::ArgKind::Input:
    text = inputName(plan.inputs[arg.index()].kind);
    json.field("kind", "input").field("input", text);
    break;
  case fb::ArgKind::Parameter: {
    const PlanView::Stack &stack = plan.stacks[arg.index()];
    text = ofLayer(stack.name, stack.layers, arg.layer());
    json.field("kind", "parameter")
        .field("stack", arg.index())
        .field("name", text);
    break;
  }
  case fb::ArgKind::Log: {
    const PlanView::State &state = plan.states[arg.index()];
    std::string name = ofLayer(state.name, state.layers, arg.layer());
    text = "log " + name;
    json.field("kind", "log").field("state", arg.index()).field("name", name);
    break;
  }
  case fb::ArgKind::Value:
    text = plan.exprs.print(arg.index());
    json.field("kind", "value").field("expr", text);
    break;
  case fb::ArgKind::Unknown:
    break;
  }
  json.endObject();
  return Cell::of(std::move(text), json.text());
}

/// The blocks of each stage of the first variant for `target`.
Cell blocksCell(const PlanView &plan, const PlanView::Kernel &kernel,
                uint32_t target) {
  std::vector<Cell> stages;
  for (const PlanView::Variant &variant : kernel.variants) {
    if (variant.target != target)
      continue;
    for (const PlanView::Stage &stage : variant.stages)
      stages.push_back(gridCell(plan, stage.grid));
    break;
  }
  return Cell::list(stages, "; ");
}

} // namespace

Cell guardCell(const PlanView &plan, std::span<const PlanView::Bound> guard) {
  std::vector<Cell> items;
  for (const PlanView::Bound &bound : guard) {
    std::string expr = plan.exprs.print(bound.expr), text;
    // Values are never negative, so "at least 0" says nothing.
    if (bound.atLeast > 0)
      text += fmt::format("{} <= ", bound.atLeast);
    text += expr;
    if (bound.atMost != std::numeric_limits<int64_t>::max())
      text += fmt::format(" <= {}", bound.atMost);
    JsonWriter json;
    json.beginObject()
        .field("expr", expr)
        .field("at_least", bound.atLeast)
        .field("at_most", bound.atMost)
        .endObject();
    items.push_back(Cell::of(std::move(text), json.text()));
  }
  return Cell::list(items, " and ");
}

Table dumpKernels(const PlanView &plan) {
  Table table{{"kernel", "name", "launches", "words", "variants", "sums"}, {}};
  std::vector<size_t> launches(plan.kernels.size());
  for (const PlanView::Launch &launch : plan.launches)
    ++launches[launch.kernel];
  for (size_t i = 0; i < plan.kernels.size(); ++i) {
    const PlanView::Kernel &kernel = plan.kernels[i];
    table.rows.push_back({i, kernel.name, launches[i], kernel.words,
                          kernel.variants.size(), kernel.sums});
  }
  return table;
}

Table dumpVariants(const PlanView &plan) {
  Table table{{"kernel", "variant", "name", "target", "guard", "stage", "grid",
               "threads", "scratch", "buffers", "code_offset", "entry"},
              {}};
  for (size_t k = 0; k < plan.kernels.size(); ++k) {
    const PlanView::Kernel &kernel = plan.kernels[k];
    for (size_t v = 0; v < kernel.variants.size(); ++v) {
      const PlanView::Variant &variant = kernel.variants[v];
      for (size_t s = 0; s < variant.stages.size(); ++s) {
        const PlanView::Stage &stage = variant.stages[s];
        const PlanView::Code &code = plan.code[stage.code];
        table.rows.push_back(
            {k, v, kernel.name, plan.targets[variant.target].name,
             guardCell(plan, variant.guard), s, gridCell(plan, stage.grid),
             stage.threads, plan.exprs.print(stage.scratch),
             exprList(plan, variant.buffers), code.offset, code.entry});
      }
    }
  }
  return table;
}

Table dumpLaunches(const PlanView &plan, uint32_t target) {
  Table table{{"launch", "kernel", "name", "blocks", "arguments"}, {}};
  for (const PlanView::Launch &launch : plan.launches) {
    const PlanView::Kernel &kernel = plan.kernels[launch.kernel];
    std::vector<Cell> args;
    for (const fb::Arg &arg : launch.args)
      args.push_back(argCell(plan, arg));
    table.rows.push_back({table.rows.size(), launch.kernel, kernel.name,
                          blocksCell(plan, kernel, target), Cell::list(args)});
  }
  return table;
}

Table dumpBuffers(const PlanView &plan, const Sizes &sizes) {
  Table table{{"buffer", "size", "bytes", "offset", "first", "last"}, {}};
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    const PlanView::Buffer &buffer = plan.buffers[i];
    table.rows.push_back({i, plan.exprs.print(buffer.bytes),
                          Cell::bytes(sizes.buffers[i]), sizes.arena.offsets[i],
                          buffer.first, buffer.last});
  }
  return table;
}

Table dumpInputs(const PlanView &plan, const Sizes &sizes) {
  Table table{{"input", "name", "elements", "bytes"}, {}};
  for (const PlanView::Input &input : plan.inputs)
    table.rows.push_back(
        {table.rows.size(), inputName(input.kind),
         plan.exprs.print(input.count),
         Cell::bytes(sizes.inputs[static_cast<size_t>(input.kind)])});
  return table;
}

Table dumpOutputs(const PlanView &plan) {
  Table table{{"output", "name", "dtype", "shape", "buffer"}, {}};
  for (const PlanView::Output &output : plan.outputs)
    table.rows.push_back({table.rows.size(), output.name,
                          dtypeName(output.dtype), exprList(plan, output.shape),
                          output.buffer});
  return table;
}

Facts dumpContext(const ContextOptions &options, std::string_view target) {
  return {{"ctx", options.maxContext},
          {"slots", options.slots},
          {"rows", options.maxRows},
          {"logit_rows", options.maxLogitRows},
          {"page_tokens", options.pageTokens},
          {"threads", options.threads},
          {"target", target}};
}

std::vector<std::string> memoryColumns() {
  return {"target", "weights", "arena", "states", "inputs",
          "tables", "scratch", "code",  "context"};
}

std::vector<Cell> memoryRow(std::string_view target, const MemoryBill &bill) {
  return {target,
          Cell::bytes(bill.weights),
          Cell::bytes(bill.arena),
          Cell::bytes(bill.states),
          Cell::bytes(bill.inputs),
          Cell::bytes(bill.tables),
          Cell::bytes(bill.scratch),
          Cell::bytes(bill.code),
          Cell::bytes(bill.total())};
}

} // namespace sluice
