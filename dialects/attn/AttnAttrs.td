#ifndef SLUICE_ATTN_ATTRS
#define SLUICE_ATTN_ATTRS

include "dialects/attn/AttnDialect.td"
include "mlir/IR/AttrTypeBase.td"

def Attn_RopeAttr : AttrDef<Attn_Dialect, "Rope"> {
  let mnemonic = "rope";
  let summary = "which channels a rotary embedding turns, and how fast";
  let description = [{
    Interleaved pairs (2j, 2j+1) of the last `2 * freqs` channels of a head turn by
    `pos * freqs[j]` (radians, f32 product); cos and sin are multiplied by `times`.
    YaRN and its kin are folded into the frequencies by the importer.

    ```mlir
    #attn.rope<tail [1.0, 0.1, 0.01, 0.001]>
    #attn.rope<tail [1.0, 0.1] times 1.25>
    ```
  }];
  let parameters = (ins "::mlir::DenseF32ArrayAttr":$freqs, "::mlir::FloatAttr":$times);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static RopeAttr get(MLIRContext *context, ArrayRef<float> freqs, float times = 1.0f);
    /// Channels that turn.
    int64_t getDims() const { return 2 * getFreqs().size(); }
    float getFactor() const { return getTimes().getValue().convertToFloat(); }
  }];
}

#endif
