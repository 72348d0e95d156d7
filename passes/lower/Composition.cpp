#include "passes/lower/Composition.h"

#include "dialects/attn/AttnDialect.h"
#include "dialects/hc/HcDialect.h"
#include "dialects/moe/MoeDialect.h"
#include "dialects/scaled/ScaledDialect.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::sluice::lower {

using plan::ExprAttr;
using plan::ExprOp;

// Of a block that holds values: what a GPU's has without asking.
static constexpr int64_t kMostScratch = 48 << 10;
static constexpr int64_t kScratchAlignment = 128;

/// Whether a block of `op` needs of `value`, an operand, only what a block with
/// the same ids made.
static bool needsOwnPart(Operation *op, Value value, Form form) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<hc::NormOp, attn::RopeOp>(
          [&](auto op) { return value == op.getX(); })
      .Case<hc::PostOp, hc::ExpandOp, arith::AddFOp>([](auto) { return true; })
      .Case<hc::PreOp, hc::HeadOp>([&](auto op) {
        return form == Form::Rows && value == op.getStreams();
      })
      .Case([&](scaled::LinearOp op) {
        return form == Form::Rows && value == op.getX();
      })
      .Case([&](attn::AttendOp op) {
        return value == op.getQ() && value != op.getRows();
      })
      .Case([&](attn::SelectOp op) {
        return value == op.getQ() || value == op.getG();
      })
      .Case([&](moe::RouteOp op) { return value == op.getLogits(); })
      .Case([&](moe::GluOp op) {
        return value == op.getGate() || value == op.getUp();
      })
      .Default([](Operation *) { return false; });
}

/// The chain that a request may go on in: that of all requests it follows from.
std::optional<unsigned> Composition::chainToJoin(const Request &request) {
  Form form = formOf(kernel, request.op, few);
  SmallVector<unsigned> sources;
  ArrayRef<unsigned> own = requestsOf[request.op];
  if (!own.empty()) {
    // What an op's stages pass on is of all blocks, but for this form.
    if (form != Form::Rows)
      return std::nullopt;
    sources.push_back(requests[own.back()].chain);
  } else {
    for (Value operand : request.op->getOperands()) {
      Operation *maker = operand.getDefiningOp();
      if (!maker)
        continue;
      if (!needsOwnPart(request.op, operand, form))
        return std::nullopt;
      sources.push_back(requests[requestsOf[maker].back()].chain);
    }
  }
  if (sources.empty())
    return std::nullopt;
  unsigned chain = sources.front();
  for (unsigned other : sources)
    if (chains[other].level != chains[chain].level ||
        chains[other].grid != chains[chain].grid)
      return std::nullopt;
  if (chains[chain].grid != request.grid)
    return std::nullopt;
  // Two that lead to one are one from here on.
  for (unsigned other : sources)
    if (other != chain) {
      chains[chain].warps = std::max(chains[chain].warps, chains[other].warps);
      chains[chain].scratch = ExprAttr::binary(
          ExprOp::Max, chains[chain].scratch, chains[other].scratch);
      for (Request &moved : requests)
        if (moved.chain == other)
          moved.chain = chain;
    }
  return chain;
}

void Composition::add(Request request) {
  MLIRContext *context = kernel.getContext();
  while (request.grid.size() < 3)
    request.grid.push_back(ExprAttr::constant(context, 1));
  if (std::optional<unsigned> joined = chainToJoin(request)) {
    Chain &chain = chains[*joined];
    chain.warps = std::max(chain.warps, request.warps);
    chain.scratch =
        ExprAttr::binary(ExprOp::Max, chain.scratch, request.scratch);
    request.chain = *joined;
  } else {
    unsigned level = 0;
    auto after = [&](unsigned number) {
      level = std::max(level, chains[requests[number].chain].level + 1);
    };
    for (unsigned own : requestsOf[request.op])
      after(own);
    for (Value operand : request.op->getOperands())
      if (Operation *maker = operand.getDefiningOp())
        after(requestsOf[maker].back());
    request.chain = chains.size();
    chains.push_back({level, request.grid, request.scratch, request.warps});
  }
  requestsOf[request.op].push_back(requests.size());
  requests.push_back(std::move(request));
}

unsigned Composition::getLevels() const {
  unsigned levels = 0;
  for (const Request &request : requests)
    levels = std::max(levels, chains[request.chain].level + 1);
  return levels;
}

int64_t Composition::getWarps(unsigned level) const {
  int64_t warps = 1;
  for (const Request &request : requests)
    if (chains[request.chain].level == level)
      warps = std::max(warps, chains[request.chain].warps);
  return warps;
}

/// Elements of a row of `value`; 0 where a row is not static.
static int64_t columnsOf(Value value) {
  int64_t columns = 1;
  for (int64_t size :
       cast<RankedTensorType>(value.getType()).getShape().drop_front())
    columns *= ShapedType::isDynamic(size) ? 0 : size;
  return columns;
}

static int64_t bytesOf(Value value) {
  return getElementTypeOrSelf(value).getIntOrFloatBitWidth() / 8;
}

/// Elements of a row that a block of `chain` makes; 0 where it is no part of
/// one row.
static int64_t partOf(plan::KernelOp kernel, Value value, const Chain &chain) {
  std::optional<int64_t> heads = chain.grid[1].asConstant();
  if (chain.grid[0] != kernel.getRowsOf(value.getDefiningOp()) || !heads ||
      chain.grid[2].asConstant() != 1 || columnsOf(value) % *heads != 0)
    return 0;
  return columnsOf(value) / *heads;
}

/// Whether all that use `value` go through the blocks that make it.
bool Composition::fitsScratch(Value value, const Chain &chain) const {
  int64_t part = partOf(kernel, value, chain);
  int64_t others = chain.kept + chain.scratch.asConstant().value_or(0);
  if (part == 0 || others + part * bytesOf(value) > kMostScratch)
    return false;
  for (Operation *user : value.getUsers())
    for (unsigned number : requestsOf.lookup(user))
      if (&chains[requests[number].chain] != &chain)
        return false;
  return true;
}

void Composition::place(SmallVectorImpl<ExprAttr> &buffers) {
  Operation *yield = kernel.getBody().front().getTerminator();
  for (auto [index, value] : llvm::enumerate(yield->getOperands()))
    if (!isa<BlockArgument>(value))
      places[value] = {Place::Kind::Result, unsigned(index)};
  for (Operation *op : kernel.getRoots())
    for (Value value : op->getResults()) {
      if (!isa<RankedTensorType>(value.getType()) || places.contains(value))
        continue;
      Chain &chain = chains[requests[requestsOf[op].back()].chain];
      if (fitsScratch(value, chain)) {
        int64_t part = partOf(kernel, value, chain);
        places[value] = {Place::Kind::Scratch, 0, chain.kept, columnsOf(value),
                         part};
        chain.kept += llvm::alignTo(part * bytesOf(value), kScratchAlignment);
        continue;
      }
      places[value] = {Place::Kind::Buffer, unsigned(buffers.size())};
      MLIRContext *context = kernel.getContext();
      ExprAttr rows = kernel.getRowsOf(op);
      auto type = cast<RankedTensorType>(value.getType());
      if (!type.isDynamicDim(0))
        rows = ExprAttr::constant(context, type.getDimSize(0));
      buffers.push_back(ExprAttr::binary(
          ExprOp::Mul, rows,
          ExprAttr::constant(context, columnsOf(value) * bytesOf(value))));
    }
}

} // namespace mlir::sluice::lower
