#ifndef SLUICE_SCALED_OPS
#define SLUICE_SCALED_OPS

include "dialects/plan/PlanInterfaces.td"
include "dialects/scaled/ScaledAttrs.td"
include "dialects/scaled/ScaledTypes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// Shapes in this file: T rows, C input channels, O outputs, G groups, V rows of a
// table, I rows taken. T and I may be dynamic.
class Scaled_Op<string mnemonic, list<Trait> traits = []>
    : Op<Scaled_Dialect, mnemonic, traits>;

def Scaled_LinearOp : Scaled_Op<"linear", [Pure, DeclareOpInterfaceMethods<Plan_KernelOpInterface>]> {
  let summary = "x times the transpose of a weight, in groups";
  let description = [{
    ```text
    y[t, g*O + o] = sum_c x[t, g*C + c] * w[g*O + o, c]        // x [T, G*C], w [G*O, C]
    ```
    The weight is decoded where it is read; no dequantized tensor exists. The sum
    has one order a kind of device: on a CPU 16 lanes (lane = c mod 16, ascending,
    fma on the decoded value), then halved 8, 4, 2, 1.

    Constraints: (C1) x has G times the columns of w. (C2) G divides the rows of
    w. (C3) y is [rows of x, rows of w].

    ```mlir
    %y = scaled.linear %x, %w groups = 2 : tensor<?x128xf32>, tensor<32x64xf32> -> tensor<?x32xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32, BF16]>:$x, Scaled_Weight:$w,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$groups);
  let results = (outs 2DTensorOf<[F32, BF16]>:$y);
  let assemblyFormat = [{
    $x `,` $w (`groups` `=` $groups^)? attr-dict `:` type($x) `,` type($w) `->` type($y)
  }];
  let hasVerifier = 1;
}

def Scaled_TakeOp : Scaled_Op<"take", [Pure, DeclareOpInterfaceMethods<Plan_KernelOpInterface, ["inferRows"]>]> {
  let summary = "rows of a table, or of activations";
  let description = [{
    ```text
    y[i, ..] = decoded(table[index[i], ..])                    // table [V, ..], index [I]
    ```
    Indices are in range by contract: the runtime checks token ids and logit rows.

    Constraints: (C1) y is table with I rows.

    ```mlir
    %e = scaled.take %table[%ids] : tensor<97x64xbf16>, tensor<?xi32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins AnyTypeOf<[RankedTensorOf<[F32, BF16]>, Scaled_Tensor]>:$table,
                       1DTensorOf<[I32]>:$index);
  let results = (outs RankedTensorOf<[F32, BF16]>:$y);
  let assemblyFormat = [{
    $table `[` $index `]` attr-dict `:` type($table) `,` type($index) `->` type($y)
  }];
  let hasVerifier = 1;
}

def Scaled_RoundOp : Scaled_Op<"round", [Pure, DeclareOpInterfaceMethods<Plan_KernelOpInterface>]> {
  let summary = "each head to what a block-scaled format would keep of it";
  let description = [{
    y is x, quantized as `#scaled.rounding` says and decoded again. Activations of
    the `native` mode pass through it where the checkpoint was trained so.

    Constraints: (C1) `heads` divides the columns of x. (C2) the rounding fits
    heads of that size: channels are no more, and with `hadamard` it is a power of
    two. (C3) y has the shape of x.

    ```mlir
    %y = scaled.round %x by #scaled.rounding<f8E4M3FN group 64 of 448> : tensor<?x512xbf16> -> tensor<?x512xbf16>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32, BF16]>:$x, Scaled_RoundingAttr:$rounding,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$heads);
  let results = (outs 2DTensorOf<[F32, BF16]>:$y);
  let assemblyFormat = [{
    $x `by` $rounding (`heads` `=` $heads^)? attr-dict `:` type($x) `->` type($y)
  }];
  let hasVerifier = 1;
}

#endif
