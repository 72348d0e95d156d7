#ifndef SLUICE_SCALED_ATTRS
#define SLUICE_SCALED_ATTRS

include "dialects/scaled/ScaledDialect.td"
include "mlir/IR/AttrTypeBase.td"

def Scaled_RoundingAttr : AttrDef<Scaled_Dialect, "Rounding"> {
  let mnemonic = "rounding";
  let summary = "what a block-scaled format keeps of a row";
  let description = [{
    x is rounded to bf16; with `hadamard` it becomes its Walsh-Hadamard transform
    (Sylvester order) over the root of its size, rounded to bf16. Then each `group`
    of its first channels (`of` so many; all unless given; the last group may be
    short) is rounded to the element type with one scale:
    ```text
    s = 2^ceil(log2(A * f32(1 / largest)))     A the largest |x|, and at least `floor`
    y = s * nearest_even(clamp(x / s, -largest, largest))
              largest   floor
    f8E4M3FN  448       1e-4
    f4E2M1FN  6         6 * 2^-126
    ```
    The other channels stay. (The rules of DeepSeek-V4's released kernels.)

    ```mlir
    #scaled.rounding<f8E4M3FN group 64 of 448>
    #scaled.rounding<f4E2M1FN group 32 hadamard>
    ```
  }];
  let parameters = (ins "::mlir::Type":$elementType, "int64_t":$group,
                        DefaultValuedParameter<"int64_t", "0">:$channels,
                        DefaultValuedParameter<"bool", "false">:$hadamard);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether rows of `width` channels can be rounded so.
    bool fits(int64_t width) const;
  }];
}

#endif
