#ifndef SLUICE_SCALED_TYPES
#define SLUICE_SCALED_TYPES

include "dialects/scaled/ScaledDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonTypeConstraints.td"

def Scaled_Tensor : TypeDef<Scaled_Dialect, "ScaledTensor"> {
  let mnemonic = "tensor";
  let summary = "elements and the scales of their blocks: one value, two buffers";
  let description = [{
    An element is worth `f32(element) * f32(scale[row / block rows, column /
    block columns])`, rows counted in the last two dimensions of the stored
    tensor; the last block of a row or column may be partial. f4E2M1FN lies two a
    byte, low nibble first. Bytes are as in the checkpoint.

    ```mlir
    !scaled.tensor<1024x4096xf8E4M3FN, 128x128xf8E8M0FNU>
    !scaled.tensor<256x2048x4096xf4E2M1FN, 1x32xf8E8M0FNU>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
                        "int64_t":$blockRows, "int64_t":$blockColumns, "::mlir::Type":$scaleType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

// What a weight operand may be: plain or block-scaled.
def Scaled_Weight : AnyTypeOf<[RankedTensorOf<[F32, BF16]>, Scaled_Tensor], "a weight">;

#endif
