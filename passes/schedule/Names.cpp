#include "passes/schedule/Names.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::sluice;
using plan::HandleOp;
using plan::LogOp;
using plan::ParamOp;
using plan::ScopeOp;
using plan::StackOp;
using plan::StateOp;
using plan::WeightOp;

ScopeName mlir::sluice::nameOf(Value scope) {
  auto op = scope.getDefiningOp<ScopeOp>();
  ScopeName name;
  if (op.getParent())
    name = nameOf(op.getParent());
  name.prefix += op.getPrefix();
  if (std::optional<uint64_t> at = op.getAt())
    name.layer = *at;
  return name;
}

/// A symbol for people: the template without its holes, in the characters that
/// MLIR prints bare.
static std::string symbolFor(StringRef nameTemplate) {
  std::string symbol;
  for (StringRef rest = nameTemplate; !rest.empty();) {
    if (rest.consume_front("{}.") || rest.consume_front("{}"))
      continue;
    char c = rest.front();
    rest = rest.drop_front();
    if (isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.')
      symbol += c;
  }
  if (symbol.empty() || isdigit(static_cast<unsigned char>(symbol[0])))
    symbol.insert(0, "_");
  return symbol;
}

namespace {
/// The positions of one stack or state, and who takes them.
struct Group {
  SmallVector<std::pair<std::optional<int64_t>, Operation *>> users;

  /// The layers in use, ascending, each once.
  SmallVector<int64_t> layers() const {
    SmallVector<int64_t> result;
    for (auto &[layer, user] : users)
      if (layer)
        result.push_back(*layer);
    llvm::sort(result);
    result.erase(llvm::unique(result), result.end());
    return result;
  }
};

class NameFolder {
public:
  explicit NameFolder(func::FuncOp entry)
      : entry(entry), module(entry->getParentOfType<ModuleOp>()),
        symbols(module), context(entry.getContext()) {}

  LogicalResult run();

private:
  FailureOr<ScopeName> wholeName(Operation *op, Value scope, StringRef leaf);
  /// Refuses a second type (or scale) under the name that `what` stands for.
  LogicalResult claim(Operation *op, ArrayAttr what, ArrayAttr is);
  LogicalResult visit(ParamOp op);
  LogicalResult visit(LogOp op);
  void createStack(ArrayAttr key, const Group &group);
  void createState(ArrayAttr key, const Group &group);
  template <typename Use>
  void replaceUsers(const Group &group, StringRef symbol,
                    ArrayRef<int64_t> layers);
  std::string uniqueSymbol(std::string symbol);

  Attribute text(StringRef value) { return StringAttr::get(context, value); }
  Attribute orUnit(Attribute attr) {
    return attr ? attr : UnitAttr::get(context);
  }
  Attribute layerAttr(std::optional<int64_t> layer) {
    return orUnit(layer
                      ? IntegerAttr::get(IntegerType::get(context, 64), *layer)
                      : IntegerAttr());
  }

  func::FuncOp entry;
  ModuleOp module;
  SymbolTable symbols;
  MLIRContext *context;
  // Keys: name, scale, from, to, of, type; and name, type.
  llvm::MapVector<ArrayAttr, Group> stacks, states;
  DenseMap<ArrayAttr, std::pair<ArrayAttr, Operation *>> claims;
};
} // namespace

FailureOr<ScopeName> NameFolder::wholeName(Operation *op, Value scope,
                                           StringRef leaf) {
  for (Value at = scope; at;) {
    auto scopeOp = at.getDefiningOp<ScopeOp>();
    if (!scopeOp)
      return op->emitOpError(
          "expected a scope made by plan.scope in the flat step");
    at = scopeOp.getParent();
  }
  if (leaf.contains("{}"))
    return op->emitOpError("expected \"{}\" in a scope's prefix, where `at` "
                           "fills it, got it in the leaf \"")
           << leaf << "\"";
  ScopeName name = nameOf(scope);
  name.prefix += leaf;
  return name;
}

LogicalResult NameFolder::claim(Operation *op, ArrayAttr what, ArrayAttr is) {
  auto [claimed, isNew] = claims.try_emplace(what, is, op);
  if (isNew || claimed->second.first == is)
    return success();
  InFlightDiagnostic diag =
      op->emitOpError("expected one type for each name, got ")
      << op->getResult(0).getType();
  Operation *first = claimed->second.second;
  diag.attachNote(first->getLoc())
      << "the same name is a " << first->getResult(0).getType() << " here";
  return diag;
}

LogicalResult NameFolder::visit(ParamOp op) {
  FailureOr<ScopeName> name = wholeName(op, op.getScope(), op.getLeaf());
  if (failed(name))
    return failure();
  Attribute scale = UnitAttr::get(context);
  if (op.getScale())
    scale = text(nameOf(op.getScope()).prefix + op.getScale()->str());
  Attribute from = orUnit(op.getFromAttr()), to = orUnit(op.getToAttr()),
            of = orUnit(op.getOfAttr());
  Attribute type = TypeAttr::get(op.getType());
  auto list = [&](ArrayRef<Attribute> parts) {
    return ArrayAttr::get(context, parts);
  };
  if (failed(claim(
          op, list({text(name->prefix), layerAttr(name->layer), from, to, of}),
          list({type, scale}))))
    return failure();
  stacks[list({text(name->prefix), scale, from, to, of, type})]
      .users.emplace_back(name->layer, op);
  return success();
}

LogicalResult NameFolder::visit(LogOp op) {
  FailureOr<ScopeName> name = wholeName(op, op.getScope(), op.getLeaf());
  if (failed(name))
    return failure();
  Attribute type = TypeAttr::get(op.getType());
  // The unit tells a log from a weight of the same name.
  if (failed(claim(
          op,
          ArrayAttr::get(context, {UnitAttr::get(context), text(name->prefix),
                                   layerAttr(name->layer)}),
          ArrayAttr::get(context, {type}))))
    return failure();
  states[ArrayAttr::get(context, {text(name->prefix), type})]
      .users.emplace_back(name->layer, op);
  return success();
}

std::string NameFolder::uniqueSymbol(std::string symbol) {
  if (!symbols.lookup(symbol))
    return symbol;
  for (unsigned n = 2;; ++n)
    if (std::string name = symbol + "_" + std::to_string(n);
        !symbols.lookup(name))
      return name;
}

template <typename Use>
void NameFolder::replaceUsers(const Group &group, StringRef symbol,
                              ArrayRef<int64_t> layers) {
  llvm::SmallDenseMap<int64_t, Use>
      made; // by position; the first in text order
  for (auto &[layer, user] : group.users) {
    int64_t position =
        layer ? llvm::lower_bound(layers, *layer) - layers.begin() : 0;
    Use &use = made[position];
    if (!use) {
      OpBuilder builder(user);
      use = Use::create(builder, user->getLoc(), user->getResult(0).getType(),
                        FlatSymbolRefAttr::get(context, symbol),
                        builder.getI64IntegerAttr(position));
    }
    user->getResult(0).replaceAllUsesWith(use.getResult());
    user->erase();
  }
}

void NameFolder::createStack(ArrayAttr key, const Group &group) {
  auto name = cast<StringAttr>(key[0]);
  auto from = dyn_cast<IntegerAttr>(key[2]);
  std::string symbol = symbolFor(name);
  if (from)
    symbol += "_rows" + std::to_string(from.getInt());
  symbol = uniqueSymbol(symbol);
  SmallVector<int64_t> layers = group.layers();
  OpBuilder builder(entry);
  auto stack = StackOp::create(
      builder, group.users.front().second->getLoc(),
      builder.getStringAttr(symbol), name, dyn_cast<StringAttr>(key[1]),
      builder.getDenseI64ArrayAttr(layers), from, dyn_cast<IntegerAttr>(key[3]),
      dyn_cast<IntegerAttr>(key[4]), cast<TypeAttr>(key[5]));
  symbols.insert(stack);
  replaceUsers<WeightOp>(group, symbol, layers);
}

void NameFolder::createState(ArrayAttr key, const Group &group) {
  auto name = cast<StringAttr>(key[0]);
  std::string symbol = uniqueSymbol(symbolFor(name));
  SmallVector<int64_t> layers = group.layers();
  OpBuilder builder(entry);
  auto state = StateOp::create(builder, group.users.front().second->getLoc(),
                               builder.getStringAttr(symbol), name,
                               builder.getDenseI64ArrayAttr(layers),
                               cast<TypeAttr>(key[1]));
  symbols.insert(state);
  replaceUsers<HandleOp>(group, symbol, layers);
}

LogicalResult NameFolder::run() {
  Block &body = entry.getBody().front();
  for (Operation &op : body) {
    if (auto param = dyn_cast<ParamOp>(op); param && failed(visit(param)))
      return failure();
    if (auto log = dyn_cast<LogOp>(op); log && failed(visit(log)))
      return failure();
  }
  for (auto &[key, group] : stacks)
    createStack(key, group);
  for (auto &[key, group] : states)
    createState(key, group);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isa<ScopeOp>(op) && op.use_empty())
      op.erase();
  return success();
}

LogicalResult mlir::sluice::foldNames(func::FuncOp entry) {
  return NameFolder(entry).run();
}
