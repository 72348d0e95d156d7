#include "tools/driver/TokenFile.h"

#include "runtime/base/Quote.h"
#include "tools/driver/Suggest.h"

#include <fmt/format.h>

#include <cstring>

namespace sluice {
namespace {

const PlanView::Output *find(const PlanView &plan, std::string_view name) {
  for (const PlanView::Output &output : plan.outputs)
    if (output.name == name)
      return &output;
  return nullptr;
}

Status unknownOutput(const PlanView &plan, std::string_view name) {
  std::vector<std::string> names;
  for (const PlanView::Output &output : plan.outputs)
    names.emplace_back(output.name);
  std::string near = nearestName(name, names);
  return invalidArgument(fmt::format(
      "the plan has no output {}{}; sluice dump lists its outputs, sluice "
      "compile --keep=hidden adds hidden.0 and so on",
      inQuotes(name), near.empty() ? "" : "; did you mean " + near + "?"));
}

/// numpy's name for what the file holds; empty if it cannot hold `dtype`.
std::string_view fileType(fb::DType dtype) {
  switch (dtype) {
  case fb::DType::F32:
  case fb::DType::BF16:
    return "<f4";
  case fb::DType::I32:
    return "<i4";
  case fb::DType::I64:
    return "<i8";
  default:
    return {};
  }
}

std::vector<float> widened(std::span<const std::byte> bf16) {
  std::vector<float> values(bf16.size() / 2);
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t half;
    std::memcpy(&half, &bf16[2 * i], sizeof half);
    uint32_t bits = uint32_t(half) << 16;
    std::memcpy(&values[i], &bits, sizeof bits);
  }
  return values;
}

} // namespace

Result<TokenFile> TokenFile::create(const PlanView &plan,
                                    const ContextOptions &options,
                                    std::string_view name,
                                    const std::string &path, uint64_t tokens) {
  const PlanView::Output *output = find(plan, name);
  if (!output)
    return unknownOutput(plan, name);
  std::string_view type = fileType(output->dtype);
  if (type.empty())
    return invalidArgument(fmt::format("output {} has elements of {}, which an "
                                       ".npy file cannot hold",
                                       inQuotes(name),
                                       dtypeName(output->dtype)));
  std::vector<uint64_t> shape = {tokens};
  for (size_t i = 0; i < output->shape.size(); ++i) {
    uint32_t expr = output->shape[i];
    if (plan.exprs.dependsOnStep(expr) != (i == 0))
      return invalidArgument(fmt::format(
          "output {} is not one row a token, so chunks of it make no array",
          inQuotes(name)));
    if (i > 0)
      shape.push_back(uint64_t(
          std::max<int64_t>(plan.exprs.evaluate(expr, options.maxima()), 0)));
  }
  SLUICE_ASSIGN(NpyWriter file, NpyWriter::create(path, type, shape));
  return TokenFile(std::string(name), std::move(file));
}

Status TokenFile::append(Context &context, uint64_t rows) {
  SLUICE_ASSIGN(OutputView view, context.output(name));
  if (view.rank == 0 || view.dims[0] != int64_t(rows))
    return invalidArgument(
        fmt::format("output {} has {} rows for {} tokens", inQuotes(name),
                    view.rank == 0 ? 0 : view.dims[0], rows));
  if (view.dtype != fb::DType::BF16)
    return file.write(view.bytes.data(), view.bytes.size());
  std::vector<float> values = widened(view.bytes);
  return file.write(values.data(), values.size() * sizeof(float));
}

} // namespace sluice
