#include "frontend/importer/WeightTypes.h"

#include "dialects/scaled/ScaledTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::sluice::importer;
using mlir::sluice::scaled::ScaledTensorType;
using ::sluice::DType;
using ::sluice::TensorInfo;

static std::string text(ArrayRef<int64_t> shape) {
  std::string result;
  llvm::raw_string_ostream out(result);
  out << "[";
  llvm::interleaveComma(shape, out);
  out << "]";
  return result;
}

WeightTypes::WeightTypes(MLIRContext *context,
                         const ::sluice::ModelConfig &config,
                         const ::sluice::Checkpoint &checkpoint,
                         ::sluice::Names names)
    : context(context), config(config), checkpoint(checkpoint),
      names(std::move(names)) {}

// One broken assumption breaks every layer; ten messages show the pattern.
static constexpr unsigned mostShown = 10;

void WeightTypes::fault(const Twine &sentence) {
  if (++faults <= mostShown)
    emitError(UnknownLoc::get(context)) << sentence;
}

bool WeightTypes::finish() {
  if (faults > mostShown)
    emitError(UnknownLoc::get(context))
        << "and " << faults - mostShown << " more faults of this kind";
  return faults > 0;
}

const TensorInfo *WeightTypes::find(StringRef name) {
  const TensorInfo *tensor =
      checkpoint.find(std::string_view(name.data(), name.size()));
  if (tensor)
    theUsed.insert(tensor);
  return tensor;
}

Type WeightTypes::scaledType(const TensorInfo &tensor, StringRef scaleName,
                             ArrayRef<int64_t> shape) {
  bool packed = tensor.dtype != DType::F8E4M3;
  int64_t blockRows = packed ? 1 : config.blockRows;
  int64_t blockColumns = packed ? 32 : config.blockColumns;
  std::string what = packed ? "packed FP4" : "FP8";
  if (blockColumns % 16 != 0) {
    fault("tensor \"" + tensor.name +
          "\" is FP8: expected the blocks of weight_block_size to have a "
          "multiple of 16 columns, found " +
          Twine(blockColumns));
    return {};
  }
  const TensorInfo *scale = scaleName.empty() ? nullptr : find(scaleName);
  if (!scale) {
    fault("tensor \"" + tensor.name + "\" is " + what +
          " and needs its scales, but the checkpoint has no tensor \"" +
          scaleName + "\"");
    return {};
  }
  SmallVector<int64_t> expected(shape);
  int64_t &rows = expected[shape.size() - 2], &columns = expected.back();
  rows = llvm::divideCeilSigned(rows, blockRows);
  columns = llvm::divideCeilSigned(columns, blockColumns);
  if (ArrayRef<int64_t>(scale->shape) != ArrayRef<int64_t>(expected)) {
    fault("tensor \"" + scale->name + "\": expected the shape " +
          text(expected) + ", one scale for each " + Twine(blockRows) + "x" +
          Twine(blockColumns) + " block of \"" + tensor.name + "\", found " +
          text(scale->shape));
    return {};
  }
  Type scaleType;
  if (scale->dtype == DType::F8E8M0)
    scaleType = Float8E8M0FNUType::get(context);
  else if (scale->dtype == DType::F32 && !packed)
    scaleType = Float32Type::get(context);
  if (!scaleType) {
    fault("tensor \"" + scale->name + "\": expected F8_E8M0" +
          (packed ? "" : " or F32") + " scales, found " +
          std::string(::sluice::dtypeName(scale->dtype)));
    return {};
  }
  Type element = packed ? Type(Float4E2M1FNType::get(context))
                        : Type(Float8E4M3FNType::get(context));
  return ScaledTensorType::get(context, shape, element, blockRows, blockColumns,
                               scaleType);
}

Type WeightTypes::stored(const TensorInfo &tensor, StringRef scaleName,
                         ArrayRef<int64_t> shape, Role role) {
  Builder builder(context);
  auto plain = [&](Type element) {
    return RankedTensorType::get(shape, element);
  };
  StringRef takes;
  switch (role) {
  case Role::Ids:
    if (tensor.dtype == DType::I64)
      return plain(builder.getI64Type());
    if (tensor.dtype == DType::I32)
      return plain(builder.getI32Type());
    takes = "I64 or I32";
    break;
  case Role::Matrix:
    if (tensor.dtype == DType::F8E4M3 || tensor.dtype == DType::I8 ||
        tensor.dtype == DType::U8)
      return scaledType(tensor, scaleName, shape);
    [[fallthrough]];
  case Role::Vector:
    if (tensor.dtype == DType::F32)
      return plain(builder.getF32Type());
    if (tensor.dtype == DType::BF16)
      return plain(builder.getBF16Type());
    takes = role == Role::Matrix ? "F32, BF16, F8_E4M3 or packed FP4 (I8 or U8)"
                                 : "F32 or BF16";
    break;
  }
  fault("tensor \"" + tensor.name + "\": expected " + takes + ", found " +
        std::string(::sluice::dtypeName(tensor.dtype)) +
        (tensor.dtype == DType::F16 ? "; convert the checkpoint to BF16 or F32"
                                    : ""));
  return {};
}

Type WeightTypes::typeOf(const ::sluice::ParamName &name, int64_t layer,
                         ArrayRef<int64_t> shape, Role role) {
  Type standIn = RankedTensorType::get(
      shape, role == Role::Ids ? Type(IntegerType::get(context, 64))
                               : Type(Float32Type::get(context)));
  std::string full = name.scope + name.leaf;
  std::string scale = name.scale.empty() ? "" : name.scope + name.scale;
  bool perExpert = StringRef(full).contains("{e}");
  // What one tensor of the file is to the model.
  SmallVector<int64_t> inFile(shape);
  if (name.rows)
    inFile[1] = name.rows->of;
  if (perExpert)
    inFile.erase(inFile.begin());

  Type common;
  const TensorInfo *first = nullptr;
  for (int64_t e = 0, count = perExpert ? shape[0] : 1; e < count; ++e) {
    std::string tensorName = ::sluice::fillName(full, layer, e);
    const TensorInfo *tensor = find(tensorName);
    if (!tensor) {
      fault("the checkpoint has no tensor \"" + tensorName + "\"");
      return standIn;
    }
    bool packed = role == Role::Matrix &&
                  (tensor->dtype == DType::I8 || tensor->dtype == DType::U8);
    SmallVector<int64_t> expected(inFile);
    if (packed) // two numbers a byte
      expected.back() /= 2;
    if (ArrayRef<int64_t>(tensor->shape) != ArrayRef<int64_t>(expected) ||
        (packed && inFile.back() % 32 != 0)) {
      fault("tensor \"" + tensor->name + "\": expected the shape " +
            text(expected) + (packed ? " of packed FP4" : "") + ", found " +
            text(tensor->shape));
      return standIn;
    }
    Type type =
        stored(*tensor, ::sluice::fillName(scale, layer, e), inFile, role);
    if (!type)
      return standIn;
    if (!first) {
      first = tensor;
      common = type;
    } else if (type != common) {
      fault("tensor \"" + tensor->name + "\": expected the format of \"" +
            first->name + "\" (" + ::sluice::describe(*first) + "), found " +
            ::sluice::describe(*tensor));
      return standIn;
    }
  }
  if (auto scaled = dyn_cast<ScaledTensorType>(common)) {
    if (name.rows && name.rows->from % scaled.getBlockRows() != 0) {
      fault("tensor \"" + first->name + "\": row " + Twine(name.rows->from) +
            ", where the second of the stacked matrices begins, lies inside a "
            "block of " +
            Twine(scaled.getBlockRows()) + " rows with one scale");
      return standIn;
    }
    return ScaledTensorType::get(
        context, shape, scaled.getElementType(), scaled.getBlockRows(),
        scaled.getBlockColumns(), scaled.getScaleType());
  }
  return RankedTensorType::get(shape,
                               cast<RankedTensorType>(common).getElementType());
}
