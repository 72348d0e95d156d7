#include "dialects/plan/PlanDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::sluice::plan;

#define GET_ATTRDEF_CLASSES
#include "dialects/plan/PlanAttrs.cpp.inc"

void PlanDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/plan/PlanAttrs.cpp.inc"
      >();
}

ExprAttr ExprAttr::constant(MLIRContext *context, int64_t value) {
  return get(context, {ExprStep{ExprOp::Constant, value}});
}

ExprAttr ExprAttr::symbol(MLIRContext *context, Symbol symbol) {
  return get(context, {ExprStep{ExprOp::Symbol, static_cast<int64_t>(symbol)}});
}

std::optional<int64_t> ExprAttr::asConstant() const {
  if (getSteps().size() == 1 && getSteps()[0].op == ExprOp::Constant)
    return getSteps()[0].value;
  return std::nullopt;
}

/// Nothing where the runtime would refuse the value too.
static std::optional<int64_t> fold(ExprOp op, int64_t a, int64_t b) {
  int64_t r;
  switch (op) {
  case ExprOp::Add:
    return llvm::AddOverflow(a, b, r) ? std::nullopt : std::optional(r);
  case ExprOp::Mul:
    return llvm::MulOverflow(a, b, r) ? std::nullopt : std::optional(r);
  case ExprOp::FloorDiv:
    return b > 0 ? std::optional(llvm::divideFloorSigned(a, b)) : std::nullopt;
  case ExprOp::CeilDiv:
    return b > 0 ? std::optional(llvm::divideCeilSigned(a, b)) : std::nullopt;
  case ExprOp::Mod:
    return b > 0 ? std::optional(llvm::mod(a, b)) : std::nullopt;
  case ExprOp::Min:
    return std::min(a, b);
  case ExprOp::Max:
    return std::max(a, b);
  default:
    return std::nullopt;
  }
}

ExprAttr ExprAttr::binary(ExprOp op, ExprAttr lhs, ExprAttr rhs) {
  std::optional<int64_t> a = lhs.asConstant(), b = rhs.asConstant();
  if (a && b)
    if (std::optional<int64_t> value = fold(op, *a, *b))
      return constant(lhs.getContext(), *value);
  if (op == ExprOp::Mul && a == 1)
    return rhs;
  if (op == ExprOp::Mul && b == 1)
    return lhs;
  if (op == ExprOp::Add && a == 0)
    return rhs;
  if (op == ExprOp::Add && b == 0)
    return lhs;
  SmallVector<ExprStep> steps(lhs.getSteps());
  llvm::append_range(steps, rhs.getSteps());
  steps.push_back({op, 0});
  return get(lhs.getContext(), steps);
}

static constexpr std::pair<ExprOp, const char *> operators[] = {
    {ExprOp::Add, "+"},
    {ExprOp::Mul, "*"},
    {ExprOp::FloorDiv, "floordiv"},
    {ExprOp::CeilDiv, "ceildiv"},
    {ExprOp::Mod, "mod"},
    {ExprOp::Min, "min"},
    {ExprOp::Max, "max"}};

std::string ExprAttr::str() const {
  SmallVector<std::string> stack;
  for (const ExprStep &step : getSteps()) {
    if (step.op == ExprOp::Constant) {
      stack.push_back(std::to_string(step.value));
    } else if (step.op == ExprOp::Symbol) {
      stack.push_back(symbolNames[step.value]);
    } else {
      std::string rhs = stack.pop_back_val(), lhs = stack.pop_back_val();
      for (auto [op, text] : operators)
        if (op == step.op)
          stack.push_back("(" + lhs + " " + text + " " + rhs + ")");
    }
  }
  std::string text = stack.back();
  if (text.front() == '(')
    text = text.substr(1, text.size() - 2);
  return text;
}

void ExprAttr::print(AsmPrinter &printer) const {
  printer << "<" << str() << ">";
}

// operand ::= int | symbol | `(` expr `)`
// expr ::= operand (op operand)?     nesting needs parentheses
static ParseResult parseExpr(AsmParser &parser, ExprAttr &result);

static ParseResult parseOperand(AsmParser &parser, ExprAttr &result) {
  if (succeeded(parser.parseOptionalLParen()))
    return failure(parseExpr(parser, result) || parser.parseRParen());
  int64_t value;
  OptionalParseResult integer = parser.parseOptionalInteger(value);
  if (integer.has_value()) {
    result = ExprAttr::constant(parser.getContext(), value);
    return *integer;
  }
  SMLoc loc = parser.getCurrentLocation();
  StringRef name;
  if (parser.parseKeyword(&name))
    return failure();
  for (auto [index, symbol] : llvm::enumerate(symbolNames))
    if (name == symbol) {
      result = ExprAttr::symbol(parser.getContext(), Symbol(index));
      return success();
    }
  return parser.emitError(loc)
         << "expected a symbol (T S L N maxT maxS maxL maxN slots P), got "
         << name;
}

static ParseResult parseExpr(AsmParser &parser, ExprAttr &result) {
  if (parseOperand(parser, result))
    return failure();
  std::optional<ExprOp> op;
  if (succeeded(parser.parseOptionalPlus()))
    op = ExprOp::Add;
  else if (succeeded(parser.parseOptionalStar()))
    op = ExprOp::Mul;
  else
    for (auto [code, text] : operators)
      if (!op && isalpha(text[0]) &&
          succeeded(parser.parseOptionalKeyword(text)))
        op = code;
  if (!op)
    return success();
  ExprAttr rhs;
  if (parseOperand(parser, rhs))
    return failure();
  result = ExprAttr::binary(*op, result, rhs);
  return success();
}

Attribute ExprAttr::parse(AsmParser &parser, Type) {
  ExprAttr result;
  if (parser.parseLess() || parseExpr(parser, result) || parser.parseGreater())
    return {};
  return result;
}
