#include "runtime/plan/PlanBuilder.h"

#include "runtime/base/Checked.h"

#include <set>

// What of a plan takes memory: weights, state, buffers, outputs.

namespace sluice {
namespace {

constexpr uint64_t maxLayers = 65'536;
constexpr uint64_t maxTable = 65'536;
/// Of all stacks together: addresses that a context has to keep.
constexpr uint64_t maxAddresses = uint64_t(1) << 24;
/// Bytes: more is not a tensor, and sums of a few stay far from 2^64.
constexpr uint64_t maxTensorBytes = uint64_t(1) << 50;
constexpr uint64_t maxRowBytes = uint64_t(1) << 31;
constexpr uint64_t maxKeep = uint64_t(1) << 31;

size_t occurrences(std::string_view text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    ++found;
  return found;
}

/// Bytes of a tensor, or nothing if they exceed maxTensorBytes.
std::optional<uint64_t> tensorBytes(fb::DType dtype,
                                    std::span<const uint64_t> shape) {
  std::optional<uint64_t> bytes = dtypeBytes(dtype);
  for (uint64_t dim : shape)
    if (bytes)
      bytes = checkedMul(*bytes, dim);
  return bytes && *bytes <= maxTensorBytes ? bytes : std::nullopt;
}

} // namespace

Status PlanBuilder::nameTemplate(std::string_view name,
                                 std::span<const uint32_t> layers) const {
  size_t holes = occurrences(name, "{}");
  if (holes > 1)
    return badInput("its name has \"{}\" more than once");
  if (holes == 1 && layers.empty())
    return badInput("its name has \"{}\" but no layers are listed");
  if (holes == 0 && !layers.empty())
    return badInput("layers are listed but its name has no \"{}\"");
  return {};
}

Status PlanBuilder::readStacks() {
  SLUICE_TRY(count("stacks", plan.stacks(), 0, 1 << 16));
  uint64_t addresses = 0;
  for (uint32_t i = 0; plan.stacks() && i < plan.stacks()->size(); ++i) {
    PlanView::Stack out{};
    Status status = readStack(*plan.stacks()->Get(i), out);
    SLUICE_TRY(status.in(nth("stack", i, out.name)));
    addresses += uint64_t(out.instances()) * (uint64_t(out.table) + 1);
    if (addresses > maxAddresses)
      return badInput(fmt::format("the stacks name more than {} tensors and "
                                  "slices",
                                  maxAddresses));
    view.stacks.push_back(out);
  }
  return {};
}

Status PlanBuilder::readStack(const fb::Stack &in, PlanView::Stack &out) {
  SLUICE_TRY(text(in.name(), "name", out.name));
  out.dtype = in.dtype();
  if (dtypeBytes(out.dtype) == 0)
    return badInput(
        fmt::format("dtype {} is unknown", static_cast<int>(out.dtype)));
  SLUICE_TRY(count("dimensions", in.shape(), 0, 4));
  SLUICE_TRY(count("layers", in.layers(), 0, maxLayers));
  out.shape = spanOf(in.shape());
  out.layers = spanOf(in.layers());
  out.table = in.table();
  out.offset = in.offset();
  out.stride = in.stride();
  SLUICE_TRY(nameTemplate(out.name, out.layers));
  std::optional<uint64_t> bytes = tensorBytes(out.dtype, out.shape);
  if (!bytes || *bytes == 0)
    return badInput("its shape has no elements, or more than 2^50 bytes");
  size_t entryHoles = occurrences(out.name, "{e}");
  out.perEntry = entryHoles > 0;
  if (entryHoles > 1)
    return badInput("its name has \"{e}\" more than once");
  if (out.table > maxTable)
    return badInput(fmt::format("a pointer table has at most {} entries, "
                                "found {}",
                                maxTable, out.table));
  if (out.perEntry && out.table == 0)
    return badInput("its name has \"{e}\" but table is 0");
  if (out.stride != 0 && (out.perEntry || out.table == 0))
    return badInput("stride is for slices of one tensor: it needs a table and "
                    "a name without \"{e}\"");
  uint64_t last = out.table == 0 ? 0 : out.table - 1;
  std::optional<uint64_t> end = checkedMul(last, out.stride);
  end = end ? checkedAdd(*end, out.offset) : end;
  if (!end || *end >= *bytes)
    return badInput(fmt::format("its last slice begins past the end of a "
                                "tensor of {} bytes",
                                *bytes));
  return {};
}

Status PlanBuilder::readStates() {
  SLUICE_TRY(count("states", plan.states(), 0, 1 << 16));
  for (uint32_t i = 0; plan.states() && i < plan.states()->size(); ++i) {
    PlanView::State out{};
    Status status = readState(*plan.states()->Get(i), out);
    SLUICE_TRY(status.in(nth("state", i, out.name)));
    view.states.push_back(out);
  }
  return {};
}

Status PlanBuilder::readState(const fb::State &in, PlanView::State &out) {
  SLUICE_TRY(text(in.name(), "name", out.name));
  SLUICE_TRY(count("layers", in.layers(), 0, maxLayers));
  out.layers = spanOf(in.layers());
  SLUICE_TRY(nameTemplate(out.name, out.layers));
  out.rowBytes = in.row_bytes();
  out.keep = in.keep();
  out.every = in.every();
  if (out.rowBytes == 0 || out.rowBytes > maxRowBytes)
    return badInput(fmt::format("expected row_bytes of 1 to {}, found {}",
                                maxRowBytes, out.rowBytes));
  if (out.keep > maxKeep)
    return badInput(fmt::format("expected keep of 0 to {} rows, found {}",
                                maxKeep, out.keep));
  if (out.every == 0)
    return badInput("expected every >= 1, found 0");
  if (out.keep > 0 && out.every != 1)
    return badInput(
        fmt::format("a ring has one row a token, found every {}", out.every));
  if (view.model.pageMultiple % out.every != 0)
    return badInput(fmt::format("page_multiple {} is no multiple of every {}",
                                view.model.pageMultiple, out.every));
  return {};
}

Status PlanBuilder::readBuffers() {
  SLUICE_TRY(count("buffers", plan.buffers(), 0, 1 << 16));
  uint64_t launches = plan.launches() ? plan.launches()->size() : 0;
  for (uint32_t i = 0; plan.buffers() && i < plan.buffers()->size(); ++i) {
    const fb::Buffer &in = *plan.buffers()->Get(i);
    std::string where = nth("buffer", i, "");
    SLUICE_TRY(expr("bytes: expression", in.bytes()).in(where));
    SLUICE_TRY(index("first: launch", in.first(), launches).in(where));
    SLUICE_TRY(index("last: launch", in.last(), launches).in(where));
    if (in.last() < in.first())
      return badInput(fmt::format("{} lives from launch {} to launch {}", where,
                                  in.first(), in.last()));
    view.buffers.push_back({in.bytes(), in.first(), in.last()});
  }
  return {};
}

Status PlanBuilder::readOutputs() {
  SLUICE_TRY(count("outputs", plan.outputs(), 1, 4096));
  std::set<std::string_view> names;
  for (uint32_t i = 0; i < plan.outputs()->size(); ++i) {
    const fb::Output &in = *plan.outputs()->Get(i);
    PlanView::Output out{};
    SLUICE_TRY(text(in.name(), "name", out.name).in(nth("output", i, "")));
    std::string where = nth("output", i, out.name);
    if (!names.insert(out.name).second)
      return badInput(where + " has the name of another one");
    out.buffer = in.buffer();
    out.dtype = in.dtype();
    SLUICE_TRY(index("buffer", out.buffer, view.buffers.size()).in(where));
    if (view.buffers[out.buffer].last + 1 != view.launches.size())
      return badInput(fmt::format("{}: its buffer {} does not live to the end "
                                  "of the step",
                                  where, out.buffer));
    if (dtypeBytes(out.dtype) == 0)
      return badInput(fmt::format("{}: dtype {} is unknown", where,
                                  static_cast<int>(out.dtype)));
    SLUICE_TRY(count("dimensions", in.shape(), 1, 8).in(where));
    out.shape = spanOf(in.shape());
    for (uint32_t dim : out.shape)
      SLUICE_TRY(expr("shape: expression", dim).in(where));
    if (out.name == "logits") {
      // Two probes tell L and the vocabulary from other expressions without
      // asking in which form they were written.
      for (int64_t rows : {3, 7}) {
        SymbolValues probe;
        probe[Symbol::L] = rows;
        if (out.dtype != fb::DType::F32 || out.shape.size() != 2 ||
            view.exprs.evaluate(out.shape[0], probe) != rows ||
            view.exprs.evaluate(out.shape[1], probe) != view.model.vocabulary)
          return badInput(fmt::format("{}: expected F32 [L, {}]", where,
                                      view.model.vocabulary));
      }
    }
    view.outputs.push_back(out);
  }
  if (!names.contains("logits"))
    return badInput("there is no output \"logits\"");
  return {};
}

} // namespace sluice
