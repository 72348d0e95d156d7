#include "dialects/scaled/ScaledDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::sluice::scaled;

#define GET_ATTRDEF_CLASSES
#include "dialects/scaled/ScaledAttrs.cpp.inc"

void ScaledDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/scaled/ScaledAttrs.cpp.inc"
      >();
}

bool RoundingAttr::fits(int64_t width) const {
  return getChannels() <= width &&
         (!getHadamard() || llvm::isPowerOf2_64(width));
}

LogicalResult RoundingAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   Type element, int64_t group,
                                   int64_t channels, bool /*hadamard*/) {
  if (!isa<Float8E4M3FNType, Float4E2M1FNType>(element))
    return emitError() << "expected f8E4M3FN or f4E2M1FN, got " << element;
  if (group < 1 || channels < 0)
    return emitError() << "expected groups of at least one channel";
  return success();
}

// rounding ::= `<` type `group` int (`of` int)? `hadamard`? `>`
Attribute RoundingAttr::parse(AsmParser &parser, Type) {
  Type element;
  int64_t group, channels = 0;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseType(element) ||
      parser.parseKeyword("group") || parser.parseInteger(group))
    return {};
  if (succeeded(parser.parseOptionalKeyword("of")) &&
      parser.parseInteger(channels))
    return {};
  bool hadamard = succeeded(parser.parseOptionalKeyword("hadamard"));
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    element, group, channels, hadamard);
}

void RoundingAttr::print(AsmPrinter &printer) const {
  printer << "<" << getElementType() << " group " << getGroup();
  if (getChannels())
    printer << " of " << getChannels();
  if (getHadamard())
    printer << " hadamard";
  printer << ">";
}
