#include "dialects/plan/PlanDialect.h"
#include "passes/schedule/Passes.h"
#include "passes/schedule/Rows.h"

#include <functional>
#include <queue>

namespace mlir::sluice {
#define GEN_PASS_DEF_SCHEDULEPASS
#include "passes/schedule/Passes.h.inc"
namespace {

/// Which log: a state and the position in its layers.
using LogKey = std::pair<StringAttr, int64_t>;

struct SchedulePass : impl::SchedulePassBase<SchedulePass> {
  void runOnOperation() override;

private:
  LogicalResult collect(func::FuncOp entry);
  Value operandBehind(plan::LaunchOp launch, Value inKernel);
  Value handleOf(Value log);
  FailureOr<LogKey> logOf(plan::LaunchOp launch, Value log);
  LogicalResult addEdges();
  FailureOr<SmallVector<plan::LaunchOp>> order();
  LogicalResult dropLogResults();
  plan::LaunchOp withoutLogs(plan::LaunchOp launch);

  std::optional<SymbolTable> symbols;
  SmallVector<plan::LaunchOp> launches; // in text order
  DenseMap<Operation *, unsigned> numberOf;
  SmallVector<SmallVector<unsigned>> successors; // by launch
  SmallVector<unsigned> waitsFor;                // edges into each launch
};

LogicalResult SchedulePass::collect(func::FuncOp entry) {
  launches.clear();
  numberOf.clear();
  for (Operation &op : entry.getBody().front()) {
    if (auto launch = dyn_cast<plan::LaunchOp>(op)) {
      numberOf[&op] = launches.size();
      launches.push_back(launch);
    } else if (!isa<plan::BatchOp, plan::WeightOp, plan::HandleOp,
                    plan::OutputOp, func::ReturnOp>(op)) {
      return op.emitError("expected only launches, weights, handles, batches "
                          "and outputs in the step: run sluice-outline first");
    }
  }
  successors.assign(launches.size(), {});
  waitsFor.assign(launches.size(), 0);
  return success();
}

/// The operand of `launch` that `inKernel`, a log in its kernel's body, is;
/// through roots that return handles to it. Null where it is none.
Value SchedulePass::operandBehind(plan::LaunchOp launch, Value inKernel) {
  while (auto result = dyn_cast_or_null<OpResult>(inKernel)) {
    auto root = dyn_cast<plan::KernelOpInterface>(result.getOwner());
    inKernel = root ? root.getWrittenLog(result.getResultNumber()) : nullptr;
  }
  auto argument = dyn_cast_or_null<BlockArgument>(inKernel);
  return argument ? launch.getOperands()[argument.getArgNumber()] : Value();
}

/// The plan.handle that `log` goes back to, or null.
Value SchedulePass::handleOf(Value log) {
  while (log && !log.getDefiningOp<plan::HandleOp>()) {
    auto launch = log.getDefiningOp<plan::LaunchOp>();
    if (!launch)
      return nullptr;
    auto kernel = symbols->lookup<plan::KernelOp>(launch.getKernel());
    log = operandBehind(launch,
                        kernel.getBody().front().getTerminator()->getOperand(
                            cast<OpResult>(log).getResultNumber()));
  }
  return log;
}

FailureOr<LogKey> SchedulePass::logOf(plan::LaunchOp launch, Value log) {
  Value found = handleOf(log);
  if (!found)
    return launch.emitOpError(
        "expected a log that goes back to a plan.handle through the kernels "
        "that wrote it");
  auto handle = found.getDefiningOp<plan::HandleOp>();
  return LogKey(handle.getStateAttr().getAttr(), handle.getLayer());
}

/// SSA edges, and law L2: a commit waits for every other launch that reads its
/// ring.
LogicalResult SchedulePass::addEdges() {
  DenseMap<LogKey, unsigned> commits; // ring -> launch that commits to it
  SmallVector<std::pair<LogKey, unsigned>> reads;
  auto addEdge = [&](unsigned from, unsigned to) {
    successors[from].push_back(to);
    ++waitsFor[to];
  };
  for (auto [number, launch] : llvm::enumerate(launches)) {
    auto kernel = symbols->lookup<plan::KernelOp>(launch.getKernel());
    SmallVector<Value> committed;
    for (Operation *op : kernel.getRoots())
      if (auto root = dyn_cast<plan::KernelOpInterface>(op))
        if (Value ring = root.getCommittedLog())
          committed.push_back(operandBehind(launch, ring));
    for (Value operand : launch.getOperands()) {
      if (auto maker = operand.getDefiningOp<plan::LaunchOp>())
        addEdge(numberOf.lookup(maker), number);
      auto type = dyn_cast<plan::LogType>(operand.getType());
      if (!type || !type.isRing())
        continue;
      FailureOr<LogKey> ring = logOf(launch, operand);
      if (failed(ring))
        return failure();
      if (!llvm::is_contained(committed, operand)) {
        reads.emplace_back(*ring, number);
        continue;
      }
      auto [first, isNew] = commits.try_emplace(*ring, number);
      if (!isNew) {
        InFlightDiagnostic diag = launch.emitOpError(
            "law L1: expected one commit a ring, this is the second");
        diag.attachNote(launches[first->second].getLoc())
            << "the first is here";
        return diag;
      }
    }
  }
  for (auto [ring, reader] : reads)
    if (auto commit = commits.find(ring);
        commit != commits.end() && commit->second != reader)
      addEdge(reader, commit->second);
  return success();
}

/// Text order as far as the edges allow: of the launches that wait for nothing
/// the first goes next, so a commit follows its last reader at once and its
/// rows need not live on.
FailureOr<SmallVector<plan::LaunchOp>> SchedulePass::order() {
  std::priority_queue<unsigned, std::vector<unsigned>, std::greater<>> ready;
  for (auto [number, count] : llvm::enumerate(waitsFor))
    if (count == 0)
      ready.push(number);
  SmallVector<plan::LaunchOp> sorted;
  while (!ready.empty()) {
    unsigned next = ready.top();
    ready.pop();
    sorted.push_back(launches[next]);
    for (unsigned successor : successors[next])
      if (--waitsFor[successor] == 0)
        ready.push(successor);
  }
  if (sorted.size() == launches.size())
    return sorted;
  unsigned stuck = llvm::find_if(waitsFor, [](unsigned n) { return n > 0; }) -
                   waitsFor.begin();
  return launches[stuck].emitOpError(
      "law L2: no order of launches puts every commit after the readers of its "
      "ring; this launch waits for itself");
}

/// The same launch without its results of log type, whose users take the
/// handle.
plan::LaunchOp SchedulePass::withoutLogs(plan::LaunchOp launch) {
  SmallVector<Type> types;
  SmallVector<Attribute> rows;
  SmallVector<Value> kept;
  for (auto [result, count] :
       llvm::zip_equal(launch.getResults(), launch.getRows())) {
    if (isa<plan::LogType>(result.getType())) {
      result.replaceAllUsesWith(handleOf(result));
      continue;
    }
    types.push_back(result.getType());
    rows.push_back(count);
    kept.push_back(result);
  }
  OpBuilder builder(launch);
  auto slim = plan::LaunchOp::create(
      builder, launch.getLoc(), types, launch.getKernelAttr(),
      launch.getOperands(), builder.getArrayAttr(rows));
  for (auto [from, to] : llvm::zip_equal(kept, slim.getResults()))
    from.replaceAllUsesWith(to);
  launch.erase();
  return slim;
}

LogicalResult SchedulePass::dropLogResults() {
  for (plan::LaunchOp &launch : launches) {
    for (Value result : launch.getResults())
      if (isa<plan::LogType>(result.getType()) && failed(logOf(launch, result)))
        return failure();
  }
  for (plan::LaunchOp launch : launches)
    if (llvm::any_of(launch.getResultTypes(), llvm::IsaPred<plan::LogType>))
      withoutLogs(launch);
  // Only now: launches were asked through their kernels' yields.
  for (auto kernel : getOperation().getOps<plan::KernelOp>()) {
    Operation *yield = kernel.getBody().front().getTerminator();
    yield->setOperands(
        llvm::filter_to_vector(yield->getOperands(), [](Value value) {
          return !isa<plan::LogType>(value.getType());
        }));
  }
  return success();
}

void SchedulePass::runOnOperation() {
  FailureOr<func::FuncOp> entry = findEntry(getOperation());
  if (failed(entry))
    return signalPassFailure();
  symbols.emplace(getOperation());
  if (failed(collect(*entry)) || failed(addEdges()))
    return signalPassFailure();
  FailureOr<SmallVector<plan::LaunchOp>> sorted = order();
  if (failed(sorted))
    return signalPassFailure();

  // Handles, weights and batches keep their order and come first, outputs last.
  Operation *end = entry->getBody().front().getTerminator();
  SmallVector<plan::OutputOp> outputs(
      entry->getBody().getOps<plan::OutputOp>());
  for (plan::LaunchOp launch : *sorted)
    launch->moveBefore(end);
  for (plan::OutputOp output : outputs)
    output->moveBefore(end);
  launches = *sorted;
  if (failed(dropLogResults()))
    return signalPassFailure();
}

} // namespace
} // namespace mlir::sluice
