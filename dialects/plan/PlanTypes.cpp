#include "dialects/plan/PlanDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::sluice::plan;

#define GET_TYPEDEF_CLASSES
#include "dialects/plan/PlanTypes.cpp.inc"

void PlanDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/plan/PlanTypes.cpp.inc"
      >();
}

int64_t LogType::getRowSize() const {
  return llvm::product_of(getShape(), int64_t(1));
}

int64_t LogType::getRowBytes() const {
  return getRowSize() * getElementType().getIntOrFloatBitWidth() / 8;
}

LogicalResult LogType::verify(function_ref<InFlightDiagnostic()> emitError,
                              ArrayRef<int64_t> shape, Type elementType,
                              int64_t keep, int64_t every) {
  if (shape.empty() || shape.size() > 2 ||
      llvm::any_of(shape, [](int64_t dim) { return dim <= 0; }))
    return emitError() << "expected a log row of one or two static dimensions";
  if (!elementType.isIntOrFloat() ||
      elementType.getIntOrFloatBitWidth() % 8 != 0)
    return emitError() << "expected log elements of whole bytes, got "
                       << elementType;
  if (keep < 0 || every < 1)
    return emitError() << "expected keep >= 0 and every >= 1, got keep " << keep
                       << " every " << every;
  if (keep > 0 && every != 1)
    return emitError() << "a log with keep has one row a token, got every "
                       << every;
  return success();
}

// log ::= `<` dims `x` type (`keep` int)? (`every` int)? `>`
Type LogType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  int64_t keep = 0, every = 1;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(element))
    return {};
  if (succeeded(parser.parseOptionalKeyword("keep")) &&
      parser.parseInteger(keep))
    return {};
  if (succeeded(parser.parseOptionalKeyword("every")) &&
      parser.parseInteger(every))
    return {};
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    shape, element, keep, every);
}

void LogType::print(AsmPrinter &printer) const {
  printer << "<";
  for (int64_t dim : getShape())
    printer << dim << "x";
  printer << getElementType();
  if (getKeep() > 0)
    printer << " keep " << getKeep();
  if (getEvery() != 1)
    printer << " every " << getEvery();
  printer << ">";
}
