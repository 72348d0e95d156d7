#include "frontend/importer/BlockBuilder.h"

#include "dialects/hc/HcDialect.h"
#include "dialects/plan/PlanDialect.h"
#include "dialects/scaled/ScaledDialect.h"

using namespace mlir;
using namespace mlir::sluice;
using namespace mlir::sluice::importer;

BlockBuilder::BlockBuilder(Block *body, Kinds &kinds, WeightTypes &weights,
                           const ::sluice::ModelConfig &config)
    : OpBuilder(OpBuilder::atBlockEnd(body)), config(config), weights(weights),
      kinds(kinds) {}

void BlockBuilder::enterLayer(int64_t number) {
  layer = number;
  llvm::erase_if(scopes, [](const auto &scope) {
    return StringRef(scope.first).contains("{}");
  });
}

Location BlockBuilder::at(StringRef name) {
  return NameLoc::get(getStringAttr(name));
}

RankedTensorType BlockBuilder::rows(int64_t columns) {
  return RankedTensorType::get({ShapedType::kDynamic, columns}, getF32Type());
}

RankedTensorType BlockBuilder::intRows(int64_t columns) {
  return RankedTensorType::get({ShapedType::kDynamic, columns}, getI32Type());
}

/// The name that `value` prints by, for the argument it becomes.
static std::string nameOfValue(Value value) {
  if (auto name = dyn_cast<NameLoc>(value.getLoc())) {
    if (auto each = dyn_cast<FusedLoc>(name.getChildLoc())) // of a call
      name = cast<NameLoc>(
          each.getLocations()[cast<OpResult>(value).getResultNumber()]);
    return name.getName().str();
  }
  std::string found = "x";
  if (auto op = value.getDefiningOp<OpAsmOpInterface>())
    op.getAsmResultNames([&](Value result, StringRef name) {
      if (result == value)
        found = name.str();
    });
  return found;
}

/// "self_attn.compressor." as a value's name: the last word.
static std::string valueName(StringRef text) {
  text = text.rtrim("._");
  text.consume_back(".weight");
  std::string name;
  for (char c : text.substr(
           text.rfind('.') == StringRef::npos ? 0 : text.rfind('.') + 1))
    if (isalnum(static_cast<unsigned char>(c)) || c == '_')
      name += c;
  return name.empty() ? "s" : name;
}

Value BlockBuilder::scope(StringRef text) {
  const std::pair<std::string, Value> *parent = nullptr;
  for (const auto &known : scopes) {
    if (known.first == text)
      return known.second;
    if (text.starts_with(known.first) &&
        (!parent || known.first.size() > parent->first.size()))
      parent = &known;
  }
  StringRef prefix = text.drop_front(parent ? parent->first.size() : 0);
  // The layer is a scope of its own, under which all else of it lies.
  size_t hole = prefix.find("{}.");
  if (hole != StringRef::npos && hole + 3 != prefix.size()) {
    scope(text.drop_back(prefix.size() - hole - 3));
    return scope(text);
  }
  IntegerAttr number =
      hole == StringRef::npos ? IntegerAttr() : getI64IntegerAttr(layer);
  std::string name = number ? "l" + std::to_string(layer) : valueName(prefix);
  Value result = plan::ScopeOp::create(
      *this, at(name), plan::ScopeType::get(getContext()),
      parent ? parent->second : Value(), getStringAttr(prefix), number);
  scopes.emplace_back(text.str(), result);
  return result;
}

std::string BlockBuilder::layerPrefix() const {
  return weights.nameOf(::sluice::Param::AttnNorm).layerPrefix();
}

Value BlockBuilder::layerScope() { return scope(layerPrefix()); }

Value BlockBuilder::weight(::sluice::Param param, ArrayRef<int64_t> shape,
                           Role role) {
  ::sluice::ParamName name = weights.nameOf(param);
  Type type = weights.typeOf(name, layer, shape, role);
  Value in = scope(name.scope);
  // One tensor for all experts is always taken by rows of each.
  if (shape.size() == 3 && !name.rows && !StringRef(name.leaf).contains("{e}"))
    name.rows = ::sluice::ParamRows{.from = 0, .to = shape[1], .of = shape[1]};
  // A stand-in after a fault may lack the scale that the names give, and the
  // other way round: the type decides.
  auto index = [&](int64_t value) { return getI64IntegerAttr(value); };
  return plan::ParamOp::create(
      *this, at(valueName(name.leaf)), type, in, getStringAttr(name.leaf),
      isa<scaled::ScaledTensorType>(type) ? getStringAttr(name.scale)
                                          : StringAttr(),
      name.rows ? index(name.rows->from) : IntegerAttr(),
      name.rows ? index(name.rows->to) : IntegerAttr(),
      name.rows ? index(name.rows->of) : IntegerAttr());
}

Value BlockBuilder::log(StringRef name, ArrayRef<int64_t> row, int64_t keep,
                        int64_t every) {
  return plan::LogOp::create(
      *this, at(name),
      plan::LogType::get(getContext(), row, getF32Type(), keep, every),
      layerScope(), name);
}

Value BlockBuilder::linear(StringRef name, Value x, Value w, int64_t groups) {
  int64_t outputs = scaled::weightShape(w.getType())[0];
  return scaled::LinearOp::create(*this, at(name), rows(outputs), x, w, groups);
}

Value BlockBuilder::norm(StringRef name, Value x, Value w, int64_t heads) {
  return hc::NormOp::create(*this, at(name), x.getType(), x, w, heads,
                            llvm::APFloat(float(config.rmsNormEps)));
}

Value BlockBuilder::rope(StringRef name, Value x, Value batch,
                         attn::RopeAttr rope, int64_t heads, bool inverse) {
  return attn::RopeOp::create(*this, at(name), x.getType(), x, batch, rope,
                              inverse, heads);
}

ResultRange BlockBuilder::call(StringRef kind, ValueRange values,
                               ArrayRef<std::string> scopePrefixes, Body body) {
  SmallVector<std::string> prefixes; // each once
  for (const std::string &prefix : scopePrefixes)
    if (!llvm::is_contained(prefixes, prefix))
      prefixes.push_back(prefix);
  SmallVector<Value> arguments(values);
  for (const std::string &prefix : prefixes)
    arguments.push_back(scope(prefix));

  auto function = func::FuncOp::create(
      at(kind), kind, getFunctionType(ValueRange(arguments).getTypes(), {}));
  Block *entry = function.addEntryBlock();
  BlockBuilder inner(entry, kinds, weights, config);
  inner.layer = layer;
  for (auto [outside, inside] : llvm::zip(arguments, entry->getArguments()))
    inside.setLoc(at(nameOfValue(outside)));
  for (auto [prefix, value] :
       llvm::zip(prefixes, entry->getArguments().take_back(prefixes.size()))) {
    if (StringRef(prefix).ends_with("{}."))
      value.setLoc(at("layer"));
    inner.scopes.emplace_back(prefix, value);
  }
  SmallVector<Value> results =
      body(inner, entry->getArguments().take_front(values.size()));
  func::ReturnOp::create(inner, at(kind), results);
  function.setFunctionType(getFunctionType(ValueRange(arguments).getTypes(),
                                           ValueRange(results).getTypes()));
  // Before the kinds have it: a function that has an equal is gone after that.
  std::string first = nameOfValue(results.front());
  SmallVector<Location> names;
  for (Value result : results)
    names.push_back(at(nameOfValue(result)));
  // A call's results print as one group, by the first one's name.
  Location where = NameLoc::get(getStringAttr(first), getFusedLoc(names));
  function = kinds.add(kind, function);
  return func::CallOp::create(*this, where, function, arguments).getResults();
}
