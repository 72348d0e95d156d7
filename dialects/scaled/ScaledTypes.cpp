#include "dialects/scaled/ScaledDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::sluice::scaled;

#define GET_TYPEDEF_CLASSES
#include "dialects/scaled/ScaledTypes.cpp.inc"

void ScaledDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/scaled/ScaledTypes.cpp.inc"
      >();
}

ArrayRef<int64_t> mlir::sluice::scaled::weightShape(Type weight) {
  if (auto scaled = dyn_cast<ScaledTensorType>(weight))
    return scaled.getShape();
  return cast<RankedTensorType>(weight).getShape();
}

Type mlir::sluice::scaled::weightElementType(Type weight) {
  if (auto scaled = dyn_cast<ScaledTensorType>(weight))
    return scaled.getElementType();
  return cast<RankedTensorType>(weight).getElementType();
}

LogicalResult ScaledTensorType::verify(
    function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> shape,
    Type elementType, int64_t blockRows, int64_t blockColumns, Type scaleType) {
  if (shape.size() < 2 || shape.size() > 3 ||
      llvm::any_of(shape, [](int64_t dim) { return dim <= 0; }))
    return emitError() << "expected two or three static dimensions";
  if (!isa<Float8E4M3FNType, Float4E2M1FNType>(elementType))
    return emitError() << "expected elements of f8E4M3FN or f4E2M1FN, got "
                       << elementType;
  if (!isa<Float8E8M0FNUType>(scaleType) && !scaleType.isF32())
    return emitError() << "expected scales of f8E8M0FNU or f32, got "
                       << scaleType;
  if (blockRows < 1 || blockColumns < 1 || blockColumns % 16 != 0)
    return emitError() << "expected blocks of at least one row and a multiple "
                          "of 16 columns, got "
                       << blockRows << "x" << blockColumns;
  if (isa<Float4E2M1FNType>(elementType) && shape.back() % 2 != 0)
    return emitError() << "expected an even number of f4E2M1FN columns, got "
                       << shape.back();
  return success();
}

// tensor ::= `<` dims `x` type `,` int `x` int `x` type `>`
Type ScaledTensorType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape, block;
  Type element, scale;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(element) || parser.parseComma() ||
      parser.parseDimensionList(block, /*allowDynamic=*/false) ||
      parser.parseType(scale) || parser.parseGreater())
    return {};
  if (block.size() != 2) {
    parser.emitError(loc) << "expected a block of two dimensions, got "
                          << block.size();
    return {};
  }
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    shape, element, block[0], block[1], scale);
}

void ScaledTensorType::print(AsmPrinter &printer) const {
  printer << "<";
  for (int64_t dim : getShape())
    printer << dim << "x";
  printer << getElementType() << ", " << getBlockRows() << "x"
          << getBlockColumns() << "x" << getScaleType() << ">";
}
