#include "codegen/plan/PlanAssembler.h"
#include "codegen/plan/StackRecord.h"
#include "runtime/plan/PlanView.h"

using namespace mlir;
using namespace mlir::sluice;
namespace fb = ::sluice::fb;
using plan::ExprAttr;
using plan::ExprOp;

/// The arguments of the entry, and `first`, which a batch needs and the runtime
/// makes from `rows`.
LogicalResult PlanAssembler::collectInputs() {
  auto add = [&](StringRef name, ExprAttr count) {
    inputs.push_back(
        fb::CreateInputDirect(builder, name.str().c_str(), exprs.index(count)));
    return inputNumber.try_emplace(name, inputs.size() - 1).second;
  };
  for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
    auto name = entry.getArgAttrOfType<StringAttr>(i, "plan.input");
    auto rows = entry.getArgAttrOfType<ExprAttr>(i, "plan.rows");
    if (!name || !rows)
      return entry.emitError("expected argument ")
             << i << " of the entry to have plan.input and plan.rows";
    if (!add(name, rows))
      return entry.emitError("expected one input ") << name << ", got two";
  }
  for (auto batch : entry.getBody().getOps<plan::BatchOp>())
    if (!inputNumber.contains("first") && !batch.use_empty())
      add("first", ExprAttr::symbol(module.getContext(), plan::Symbol::T));
  return success();
}

FailureOr<uint32_t> PlanAssembler::inputIndex(Operation *user, StringRef name) {
  auto number = inputNumber.find(name);
  if (number == inputNumber.end())
    return user->emitOpError("expected the entry to have an argument with "
                             "plan.input = \"")
           << name << "\"";
  return number->second;
}

LogicalResult PlanAssembler::writeLaunch(plan::LaunchOp launch) {
  FailureOr<uint32_t> kernel = kernelIndex(launch);
  if (failed(kernel))
    return failure();
  size_t first = args.size();
  for (Value operand : launch.getOperands())
    if (failed(appendOperand(launch, operand)))
      return failure();
  for (unsigned i = 0; i < launch.getNumResults(); ++i)
    if (failed(createBuffer(launch, i)))
      return failure();
  auto kernelOp = symbols.lookup<plan::KernelOp>(launch.getKernel());
  if (ArrayAttr values = kernelOp.getValuesAttr())
    for (auto value : values.getAsRange<ExprAttr>())
      append(fb::ArgKind::Value, exprs.index(value));

  uint32_t words = 0;
  for (size_t i = first; i < args.size(); ++i)
    words += ::sluice::argWords(args[i].kind());
  if (words != wordsOf(kernelOp))
    return launch.emitOpError("passes ")
           << words << " words to " << launch.getKernelAttr()
           << ", which takes " << wordsOf(kernelOp);
  launches.emplace_back(*kernel, static_cast<uint32_t>(args.size() - first));
  return success();
}

LogicalResult PlanAssembler::appendOperand(plan::LaunchOp launch,
                                           Value operand) {
  if (auto buffer = bufferNumber.find(operand); buffer != bufferNumber.end()) {
    buffers[buffer->second].last = launches.size();
    append(fb::ArgKind::Buffer, buffer->second);
    return success();
  }
  if (auto argument = dyn_cast<BlockArgument>(operand)) {
    append(fb::ArgKind::Input, argument.getArgNumber());
    return success();
  }
  Operation *maker = operand.getDefiningOp();
  if (auto batch = dyn_cast<plan::BatchOp>(maker))
    return appendBatch(batch);
  if (auto weight = dyn_cast<plan::WeightOp>(maker))
    return appendWeight(weight);
  if (auto handle = dyn_cast<plan::HandleOp>(maker))
    return appendHandle(handle);
  return launch.emitOpError("expected operands made by earlier launches, "
                            "weights, handles or the batch, got one made by ")
         << maker->getName();
}

/// Positions, slots, and the row at which each row's sequence begins.
LogicalResult PlanAssembler::appendBatch(plan::BatchOp batch) {
  for (StringRef name : {"pos", "slot", "first"}) {
    FailureOr<uint32_t> input = inputIndex(batch, name);
    if (failed(input))
      return failure();
    append(fb::ArgKind::Input, *input);
  }
  return success();
}

LogicalResult PlanAssembler::appendWeight(plan::WeightOp weight) {
  auto stack = symbols.lookup<plan::StackOp>(weight.getStack());
  if (!stack)
    return weight.emitOpError("expected ")
           << weight.getStackAttr() << " to be a plan.stack";
  FailureOr<SmallVector<StackRecord, 2>> records = stackRecords(stack);
  if (failed(records))
    return failure();
  auto [number, isNew] =
      stackNumber.try_emplace(stack, uint32_t(stacks.size()));
  if (isNew) {
    std::vector<uint32_t> layers(stack.getLayers().begin(),
                                 stack.getLayers().end());
    for (const StackRecord &record : *records) {
      std::vector<uint64_t> shape(record.shape.begin(), record.shape.end());
      stacks.push_back(fb::CreateStackDirect(
          builder, record.name.c_str(), record.dtype, &shape, &layers,
          record.table, record.offset, record.stride));
    }
  }
  for (unsigned i = 0; i < records->size(); ++i)
    append(fb::ArgKind::Parameter, number->second + i, weight.getLayer());
  return success();
}

LogicalResult PlanAssembler::appendHandle(plan::HandleOp handle) {
  auto state = symbols.lookup<plan::StateOp>(handle.getState());
  auto log = state ? dyn_cast<plan::LogType>(state.getType()) : nullptr;
  if (!log)
    return handle.emitOpError("expected ")
           << handle.getStateAttr() << " to be a plan.state of a log";
  auto [number, isNew] =
      stateNumber.try_emplace(state, uint32_t(states.size()));
  if (isNew) {
    std::vector<uint32_t> layers(state.getLayers().begin(),
                                 state.getLayers().end());
    states.push_back(fb::CreateStateDirect(
        builder, state.getName().str().c_str(), &layers, log.getRowBytes(),
        log.getKeep(), log.getEvery()));
    anyPaged |= !log.isRing();
  }
  append(fb::ArgKind::Log, number->second, handle.getLayer());
  return success();
}

LogicalResult PlanAssembler::createBuffer(plan::LaunchOp launch,
                                          unsigned result) {
  Value value = launch.getResult(result);
  auto tensor = dyn_cast<RankedTensorType>(value.getType());
  std::optional<fb::DType> dtype =
      tensor ? dtypeOf(tensor.getElementType()) : std::nullopt;
  if (!dtype || *dtype == fb::DType::F4E2M1x2 || tensor.getRank() == 0)
    return launch.emitOpError("expected results that are tensors of whole "
                              "bytes (run sluice-schedule first), got ")
           << value.getType();
  int64_t rowBytes = ::sluice::dtypeBytes(*dtype);
  for (int64_t dim : tensor.getShape().drop_front()) {
    if (ShapedType::isDynamic(dim))
      return launch.emitOpError("expected only rows to be dynamic, got ")
             << tensor;
    rowBytes *= dim;
  }
  ExprAttr bytes =
      ExprAttr::binary(ExprOp::Mul, cast<ExprAttr>(launch.getRows()[result]),
                       ExprAttr::constant(module.getContext(), rowBytes));
  uint32_t now = launches.size();
  uint32_t number = buffers.size();
  buffers.push_back({exprs.index(bytes), now, now});
  bufferNumber[value] = number;
  append(fb::ArgKind::Buffer, number);
  return success();
}

LogicalResult PlanAssembler::writeOutput(plan::OutputOp output) {
  auto buffer = bufferNumber.find(output.getValue());
  if (buffer == bufferNumber.end())
    return output.emitOpError("expected a value that a launch makes");
  buffers[buffer->second].last = launches.size() - 1;
  auto tensor = cast<RankedTensorType>(output.getValue().getType());
  std::vector<uint32_t> shape = {exprs.index(output.getRowsAttr())};
  for (int64_t dim : tensor.getShape().drop_front())
    shape.push_back(constant(dim));
  outputs.push_back(fb::CreateOutputDirect(
      builder, output.getName().str().c_str(), buffer->second,
      *dtypeOf(tensor.getElementType()), &shape));
  return success();
}
