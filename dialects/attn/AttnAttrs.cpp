#include "dialects/attn/AttnDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::sluice::attn;

#define GET_ATTRDEF_CLASSES
#include "dialects/attn/AttnAttrs.cpp.inc"

void AttnDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/attn/AttnAttrs.cpp.inc"
      >();
}

RopeAttr RopeAttr::get(MLIRContext *context, ArrayRef<float> freqs,
                       float times) {
  Builder builder(context);
  return get(context, builder.getDenseF32ArrayAttr(freqs),
             builder.getF32FloatAttr(times));
}

LogicalResult RopeAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               DenseF32ArrayAttr freqs, FloatAttr) {
  if (freqs.empty())
    return emitError() << "expected at least one frequency";
  return success();
}

static ParseResult parseFloat(AsmParser &parser, float &result) {
  double value;
  if (parser.parseFloat(value))
    return failure();
  result = static_cast<float>(value);
  return success();
}

// rope ::= `<` `tail` `[` float, .. `]` (`times` float)? `>`
Attribute RopeAttr::parse(AsmParser &parser, Type) {
  SmallVector<float> freqs;
  float times = 1.0f;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseKeyword("tail") ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
        return parseFloat(parser, freqs.emplace_back());
      }))
    return {};
  if (succeeded(parser.parseOptionalKeyword("times")) &&
      parseFloat(parser, times))
    return {};
  if (parser.parseGreater())
    return {};
  Builder builder(parser.getContext());
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    builder.getDenseF32ArrayAttr(freqs),
                    builder.getF32FloatAttr(times));
}

/// Nine digits bring every f32 back; a point or exponent marks it as a float.
static std::string floatText(float value) {
  char text[32];
  snprintf(text, sizeof text, "%.8e", value);
  return text;
}

void RopeAttr::print(AsmPrinter &printer) const {
  printer << "<tail [";
  llvm::interleaveComma(getFreqs().asArrayRef(), printer,
                        [&](float freq) { printer << floatText(freq); });
  printer << "]";
  if (getFactor() != 1.0f)
    printer << " times " << floatText(getFactor());
  printer << ">";
}
