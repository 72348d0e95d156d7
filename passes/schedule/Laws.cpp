#include "passes/schedule/Laws.h"

#include "dialects/attn/AttnDialect.h"
#include "dialects/plan/PlanDialect.h"

using namespace mlir;
using namespace mlir::sluice;
using plan::HandleOp;
using plan::KernelOpInterface;
using plan::LogType;

Value mlir::sluice::rootHandle(Value log) {
  while (log && !log.getDefiningOp<HandleOp>()) {
    auto writer = log.getDefiningOp<KernelOpInterface>();
    if (!writer)
      return nullptr;
    log = writer.getWrittenLog(cast<OpResult>(log).getResultNumber());
  }
  return log;
}

/// The logs that `op` writes: the ring it commits to, those it returns.
static SmallVector<Value> writtenLogs(KernelOpInterface op) {
  SmallVector<Value> logs;
  if (Value ring = op.getCommittedLog())
    logs.push_back(ring);
  for (OpResult result : op->getResults())
    if (isa<LogType>(result.getType()))
      if (Value log = op.getWrittenLog(result.getResultNumber()))
        logs.push_back(log);
  return logs;
}

namespace {
class LawChecker {
public:
  LogicalResult run(func::FuncOp entry);

private:
  LogicalResult noteWriter(KernelOpInterface op);
  LogicalResult checkPagedReads(KernelOpInterface op);
  LogicalResult checkRing(Operation *reader, Value ring, ValueRange rows);

  DenseMap<Value, Operation *> writers; // by handle
};
} // namespace

LogicalResult LawChecker::noteWriter(KernelOpInterface op) {
  for (Value log : writtenLogs(op)) {
    Value handle = rootHandle(log);
    if (!handle)
      return op->emitOpError("expected a log that goes back to a plan.handle");
    auto [writer, isNew] = writers.try_emplace(handle, op);
    if (isNew)
      continue;
    InFlightDiagnostic diag = op->emitOpError(
        "law L1: expected one writer a log, this is the second");
    diag.attachNote(writer->second->getLoc()) << "the first is here";
    return diag;
  }
  return success();
}

/// L5: rows of this step are seen through the handle that their writer
/// returned; the plain one would leave their order to chance.
LogicalResult LawChecker::checkPagedReads(KernelOpInterface op) {
  SmallVector<Value> written = writtenLogs(op);
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<LogType>(operand.getType());
    if (!type || type.isRing() || llvm::is_contained(written, operand))
      continue;
    Operation *writer = writers.lookup(operand);
    if (!writer)
      continue; // already a returned handle, or nobody writes this log
    InFlightDiagnostic diag = op->emitOpError(
        "law L5: expected the handle that the writer of this paged log "
        "returned, got the plain one");
    diag.attachNote(writer->getLoc()) << "it is written here";
    return diag;
  }
  return success();
}

/// L3: what the reader is told about this step is what later steps will read.
LogicalResult LawChecker::checkRing(Operation *reader, Value ring,
                                    ValueRange rows) {
  auto commit =
      dyn_cast_or_null<attn::CommitOp>(writers.lookup(rootHandle(ring)));
  if (!commit)
    return reader->emitOpError("law L3: expected an attn.commit of the ring "
                               "this op reads, found none");
  if (llvm::equal(commit.getParts(), rows))
    return success();
  InFlightDiagnostic diag = reader->emitOpError(
      "law L3: expected the rows that the ring's commit stores, got others");
  diag.attachNote(commit.getLoc()) << "the commit is here";
  return diag;
}

LogicalResult LawChecker::run(func::FuncOp entry) {
  auto ops = entry.getBody().getOps<KernelOpInterface>();
  for (KernelOpInterface op : ops)
    if (failed(noteWriter(op)))
      return failure();
  for (KernelOpInterface op : ops) {
    if (failed(checkPagedReads(op)))
      return failure();
    LogicalResult ring = success();
    if (auto attend = dyn_cast<attn::AttendOp>(op.getOperation()))
      ring = checkRing(op, attend.getWindow(), attend.getRows());
    else if (auto compress = dyn_cast<attn::CompressOp>(op.getOperation()))
      ring =
          checkRing(op, compress.getTail(), {compress.getC(), compress.getZ()});
    if (failed(ring))
      return failure();
  }
  return success();
}

LogicalResult mlir::sluice::checkLaws(func::FuncOp entry) {
  return LawChecker().run(entry);
}
