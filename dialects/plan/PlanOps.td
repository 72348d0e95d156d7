#ifndef SLUICE_PLAN_OPS
#define SLUICE_PLAN_OPS

include "dialects/plan/PlanAttrs.td"
include "dialects/plan/PlanInterfaces.td"
include "dialects/plan/PlanTypes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// Shapes in this file: T rows of the step, S sequences, L rows whose logits are
// wanted.
class Plan_Op<string mnemonic, list<Trait> traits = []>
    : Op<Plan_Dialect, mnemonic, traits>;

def Plan_ScopeOp : Plan_Op<"scope", [Pure]> {
  let summary = "a prefix of checkpoint names";
  let description = [{
    The prefix is appended to the parent's. `at` fills the hole `{}` of the whole
    prefix with a layer's number; the hole stays visible, so that equal layers
    keep one name template.

    Constraints: (C1) `at` needs one "{}" in this prefix, and a prefix with "{}"
    needs `at`. (C2) at most one hole in the chain of scopes.

    ```mlir
    %l = plan.scope %root "layers.{}." at 2
    ```
  }];
  let arguments = (ins Optional<Plan_Scope>:$parent, StrAttr:$prefix,
                       OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$at);
  let results = (outs Plan_Scope:$result);
  let assemblyFormat = "($parent^)? $prefix (`at` $at^)? attr-dict";
  let hasVerifier = 1;
}

def Plan_ParamOp : Plan_Op<"param", [Pure]> {
  let summary = "a weight, by its checkpoint name";
  let description = [{
    The name is the scope's prefix + `leaf`, the type what the checkpoint stores.
    "{e}" in the leaf makes the E tensors of the experts one value along
    dimension 0. `rows a to b of p` takes rows a..b-1 out of every p of a stacked
    tensor [E, p, K].

    Constraints: (C1) a `!scaled.tensor` needs `scale`, a plain tensor has none.
    (C2) "{e}" or `rows` need three dimensions; other weights have at most two.
    (C3) 0 <= a < b <= p, and b - a is dimension 1.

    ```mlir
    %w = plan.param %a "wq_a.weight" scale "wq_a.scale" : !scaled.tensor<1024x4096xf8E4M3FN, 128x128xf8E8M0FNU>
    %g = plan.param %m "experts.gate_up_proj" rows 0 to 32 of 64 : tensor<8x32x64xf32>
    ```
  }];
  let arguments = (ins Plan_Scope:$scope, StrAttr:$leaf, OptionalAttr<StrAttr>:$scale,
                       OptionalAttr<I64Attr>:$from, OptionalAttr<I64Attr>:$to,
                       OptionalAttr<I64Attr>:$of);
  let results = (outs AnyType:$result);
  let assemblyFormat = [{
    $scope $leaf (`scale` $scale^)? (`rows` $from^ `to` $to `of` $of)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def Plan_LogOp : Plan_Op<"log", [Pure]> {
  let summary = "a handle to a log of state, by name";
  let description = [{
    The name is the scope's prefix + `leaf`; it is only a name, nothing in a
    checkpoint.

    ```mlir
    %win = plan.log %layer "win" : !plan.log<32xf32 keep 8>
    ```
  }];
  let arguments = (ins Plan_Scope:$scope, StrAttr:$leaf);
  let results = (outs Plan_Log:$result);
  let assemblyFormat = "$scope $leaf attr-dict `:` type($result)";
}

def Plan_BatchOp : Plan_Op<"batch", [Pure]> {
  let summary = "wraps position, slot and row offsets of the step's rows";
  let description = [{
    ```mlir
    %b = plan.batch %pos, %slot, %rows   // [T] i32, [T] i32, [S + 1] i32
    ```
  }];
  let arguments = (ins 1DTensorOf<[I32]>:$pos, 1DTensorOf<[I32]>:$slot, 1DTensorOf<[I32]>:$rows);
  let results = (outs Plan_Batch:$result);
  let assemblyFormat = [{
    $pos `,` $slot `,` $rows attr-dict `:` type($pos) `,` type($slot) `,` type($rows)
  }];
}

def Plan_ProbeOp : Plan_Op<"probe", []> {
  let summary = "an output that costs nothing unless the compile asks for it";
  let description = [{
    `name` is a template whose "{}" is filled with the layer of the scope. A
    compile with `--keep=NAME` (the name before its first dot) makes it an
    output; else `sluice-flatten` drops it.

    ```mlir
    plan.probe %layer "hidden.{}" %X : tensor<?x4x64xf32>
    ```
  }];
  let arguments = (ins Plan_Scope:$scope, StrAttr:$name, AnyRankedTensor:$value);
  let assemblyFormat = "$scope $name $value attr-dict `:` type($value)";
}

//===-- After sluice-flatten: names are symbols ---------------------------===//

def Plan_StackOp : Plan_Op<"stack", [Symbol]> {
  let summary = "a weight of all the layers that have it";
  let description = [{
    `name` and `scale` are whole templates; `layers` are the values of "{}", empty
    for a name without one. `rows` as in `plan.param`.

    ```mlir
    plan.stack @q_b "layers.{}.attn.wq_b.weight" scale "layers.{}.attn.wq_b.scale" layers [0, 1]
      : !scaled.tensor<512x128xf8E4M3FN, 128x128xf8E8M0FNU>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$name, OptionalAttr<StrAttr>:$scale,
                       DenseI64ArrayAttr:$layers,
                       OptionalAttr<I64Attr>:$from, OptionalAttr<I64Attr>:$to,
                       OptionalAttr<I64Attr>:$of, TypeAttr:$type);
  let assemblyFormat = [{
    $sym_name $name (`scale` $scale^)? `layers` $layers
    (`rows` $from^ `to` $to `of` $of)? attr-dict `:` $type
  }];
}

def Plan_StateOp : Plan_Op<"state", [Symbol]> {
  let summary = "a log of all the layers that have it";
  let description = [{
    ```mlir
    plan.state @win "layers.{}.win" layers [0, 1] : !plan.log<32xf32 keep 8>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$name, DenseI64ArrayAttr:$layers,
                       TypeAttr:$type);
  let assemblyFormat = "$sym_name $name `layers` $layers attr-dict `:` $type";
}

def Plan_WeightOp : Plan_Op<"weight", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "one layer of a stack";
  let description = [{
    `layer` is a position in the stack's `layers`, 0 for a stack without layers.

    Constraints: (C1) `stack` is a plan.stack of the same type. (C2) `layer` is one of
    its positions.

    ```mlir
    %w = plan.weight @q_b[1] : tensor<128x32xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$stack, I64Attr:$layer);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$stack `[` $layer `]` attr-dict `:` type($result)";
}

def Plan_HandleOp : Plan_Op<"handle", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "one layer of a state";
  let description = [{
    `layer` is a position in the state's `layers`, 0 for a state without layers.

    Constraints: (C1) `state` is a plan.state of the same type. (C2) `layer` is one of
    its positions.

    ```mlir
    %win = plan.handle @win[1] : !plan.log<32xf32 keep 8>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, I64Attr:$layer);
  let results = (outs Plan_Log:$result);
  let assemblyFormat = "$state `[` $layer `]` attr-dict `:` type($result)";
}

//===-- After fusion: what shares a kernel --------------------------------===//

def Plan_DispatchOp : Plan_Op<"dispatch", [RecursiveMemoryEffects, SingleBlock]> {
  let summary = "ops of the step that become one kernel";
  let description = [{
    The body holds ops of the model IR, which see what is above, then a plan.yield
    of what others use. `name` begins the kernel's name.

    Constraints: (C1) the body ends with a plan.yield. (C2) results have the types
    of what it yields.

    ```mlir
    %n = plan.dispatch "tail" -> (tensor<?x8xf32>) {
      %a = arith.addf %x, %y : tensor<?x8xf32>
      %b = hc.norm %a eps = 1.0e-6 : tensor<?x8xf32> -> tensor<?x8xf32>
      plan.yield %b : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name (`->` `(` type($results)^ `)`)? attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

//===-- After sluice-outline: kernels and launches ------------------------===//

def Plan_KernelOp : Plan_Op<"kernel", [Symbol, IsolatedFromAbove, SingleBlock]> {
  let summary = "what one launch computes, the same for every target";
  let description = [{
    The body holds ops of the model IR on the kernel's arguments and each other's
    results, then a plan.yield. `rows` is the number of rows it works on; of several
    ops each has its own in `plan.rows`. `sums` names the order of its sums, one per
    kind of device. `values` are the integers that a launch passes after its
    buffers; `sluice-lower` sets both with the variants.

    Constraints: (C1) the body is one op or more and a plan.yield. (C2) of several
    ops each has `plan.rows`.

    ```mlir
    plan.kernel @linear(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) rows #plan.expr<T> {
      %y = scaled.linear %x, %w : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
      plan.yield %y : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Plan_ExprAttr:$rows,
                       OptionalAttr<StrAttr>:$sums,
                       OptionalAttr<TypedArrayAttrBase<Plan_ExprAttr, "values">>:$values);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The ops of the body besides the yield, each after those it needs.
    SmallVector<Operation *> getRoots();
    /// Rows that one of them works on.
    ExprAttr getRowsOf(Operation *root);
  }];
}

def Plan_YieldOp : Plan_Op<"yield", [Pure, Terminator, ParentOneOf<["KernelOp", "DispatchOp"]>]> {
  let summary = "results of a kernel's body";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Plan_LaunchOp : Plan_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "one launch of a kernel";
  let description = [{
    Operands are buffers, inputs, weights, logs and the batch, in the order of
    the kernel's arguments. `rows` has the rows of each result; those of a log
    are not used. Textual order is launch order after `sluice-schedule`.

    Constraints: (C1) `kernel` is a plan.kernel. (C2) operands and results have the
    types of its arguments and of what it yields. (C3) one of `rows` for each result.

    ```mlir
    %q = plan.launch @linear_3(%qr, %w) rows [#plan.expr<T>]
      : (tensor<?x32xf32>, tensor<128x32xf32>) -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$operands,
                       TypedArrayAttrBase<Plan_ExprAttr, "rows of the results">:$rows);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = [{
    $kernel `(` $operands `)` `rows` $rows attr-dict `:` functional-type($operands, $results)
  }];
}

def Plan_OutputOp : Plan_Op<"output", []> {
  let summary = "a value the caller can read after the step";
  let description = [{
    `rows` are the rows of `value`. "logits" is always one of a model's outputs.

    ```mlir
    plan.output "logits" %y rows #plan.expr<L> : tensor<?x97xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, AnyRankedTensor:$value, Plan_ExprAttr:$rows);
  let assemblyFormat = "$name $value `rows` $rows attr-dict `:` type($value)";
}

//===-- After lowering: variants ------------------------------------------===//

def Plan_VariantOp : Plan_Op<"variant", [NoTerminator, SingleBlock]> {
  let summary = "one way to run a kernel on one target";
  let description = [{
    Taken when `at_least <= guard <= at_most`; without a guard always. The first
    variant of the target that holds wins. `buffers` are the bytes of what passes
    between the stages. The body holds plan.stage ops, which run in order.

    ```mlir
    plan.variant @linear_3 on "x86-64-v4" guard #plan.expr<T> from 0 to 8 buffers [] {
      plan.stage @linear_3_v4_s0 grid [#plan.expr<8>, #plan.expr<1>, #plan.expr<1>] scratch #plan.expr<0>
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, StrAttr:$target,
                       OptionalAttr<Plan_ExprAttr>:$guard,
                       OptionalAttr<I64Attr>:$at_least, OptionalAttr<I64Attr>:$at_most,
                       TypedArrayAttrBase<Plan_ExprAttr, "bytes">:$buffers);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $kernel `on` $target (`guard` $guard^ `from` $at_least `to` $at_most)?
    `buffers` $buffers attr-dict-with-keyword $body
  }];
}

def Plan_StageOp : Plan_Op<"stage", [HasParent<"VariantOp">]> {
  let summary = "one grid of blocks, with a barrier after it";
  let description = [{
    `code` is the stage function; `grid` has the blocks along x, y and z; `scratch`
    is bytes a block; `threads` are those of a block on a GPU.
  }];
  let arguments = (ins FlatSymbolRefAttr:$code,
                       TypedArrayAttrBase<Plan_ExprAttr, "three block counts">:$grid,
                       Plan_ExprAttr:$scratch,
                       DefaultValuedAttr<I64Attr, "1">:$threads);
  let assemblyFormat = [{
    $code `grid` $grid `scratch` $scratch (`threads` $threads^)? attr-dict
  }];
}

#endif
