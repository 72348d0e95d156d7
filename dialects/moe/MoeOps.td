#ifndef SLUICE_MOE_OPS
#define SLUICE_MOE_OPS

include "dialects/moe/MoeDialect.td"
include "dialects/moe/MoeEnums.td"
include "dialects/plan/PlanInterfaces.td"
include "dialects/scaled/ScaledTypes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// Shapes in this file: T rows, E routed experts, K experts a row, A = K * T
// assignments, V tokens of the vocabulary, C inputs, O outputs, I channels between
// the two products of an expert. T and A are dynamic.
class Moe_Op<string mnemonic, list<string> methods = [], list<Trait> traits = []>
    : Op<Moe_Dialect, mnemonic,
         !listconcat([Pure, DeclareOpInterfaceMethods<Plan_KernelOpInterface, methods>], traits)>;

def Moe_RouteOp : Op<Moe_Dialect, "route", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>,
    DeclareOpInterfaceMethods<Plan_KernelOpInterface>]> {
  let summary = "choose K experts per row and the weight of each";
  let description = [{
    ```text
    score   = scoring(logits)                             // [T, E]
    experts = top_k(score + bias)                         // [T, K], ascending in a row
              or table[ids], sorted ascending
    weights = scale * score[experts] / (sum score[experts] + 1e-20)     // [T, K]

    scoring   none x    softmax exp(x_e) / sum exp(x)    sigmoid 1 / (1 + exp(-x))
              sqrtsoftplus sqrt(log(1 + exp(x)))
    ```
    Equal keys: the smaller expert. `bias` steers which experts are chosen; it never
    reaches `weights`. `ids` are the step's token ids, in range by contract.

    Constraints: (C1) K <= E. (C2) `bias` is [E]. (C3) `table` is [V, K] and comes
    with `ids`; not both bias and table. (C4) results are [T, K].

    ```mlir
    %w, %e = moe.route %l bias %b scoring = sqrtsoftplus top_k = 2 scale = 1.5
        : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$logits, Optional<1DTensorOf<[F32, BF16]>>:$bias,
                       Optional<2DTensorOf<[I64, I32]>>:$table, Optional<1DTensorOf<[I32]>>:$ids,
                       Moe_ScoringAttr:$scoring, ConfinedAttr<I64Attr, [IntPositive]>:$top_k,
                       F32Attr:$scale);
  let results = (outs 2DTensorOf<[F32]>:$weights, 2DTensorOf<[I32]>:$experts);
  let assemblyFormat = [{
    $logits (`bias` $bias^)? (`table` $table^ `[` $ids `]`)? `scoring` `=` $scoring
    `top_k` `=` $top_k `scale` `=` $scale attr-dict `:` type(operands) `->` type(results)
  }];
  let hasVerifier = 1;
}

def Moe_GroupOp : Moe_Op<"group", ["inferRows"],
    [DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "sort assignments by expert";
  let description = [{
    Assignment a = t*K + j is row t's j-th expert.
    ```text
    row              the assignments, sorted by (expert, t)                 // [A]
    offsets          row[offsets[i] .. offsets[i+1]-1] are those of expert i     // [E + 1]
    place[t, j]      where assignment t*K + j went: row[place[t, j]] = t*K + j   // [T, K]
    ```
    Constraints: (C1) `experts` is [T, K]; row is [A], offsets [E + 1], place as
    `experts`.

    ```mlir
    %row, %offsets, %place = moe.group %e experts = 8
        : tensor<?x2xi32> -> tensor<?xi32>, tensor<9xi32>, tensor<?x2xi32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[I32]>:$experts, ConfinedAttr<I64Attr, [IntPositive]>:$count);
  let results = (outs 1DTensorOf<[I32]>:$row, 1DTensorOf<[I32]>:$offsets, 2DTensorOf<[I32]>:$place);
  let assemblyFormat = [{
    $experts `experts` `=` $count attr-dict `:` type($experts) `->` type(results)
  }];
  let hasVerifier = 1;
}

def Moe_MatmulOp : Moe_Op<"matmul", ["inferRows"]> {
  let summary = "each assignment's row times its expert's weight";
  let description = [{
    ```text
    y[p, o] = sum_c x[row[p] / fan, c] * w[i, o, c]      with `row`
    y[p, o] = sum_c x[p, c] * w[i, o, c]                 without
              for p in offsets[i] .. offsets[i+1]-1, i = 0 .. E-1
    ```
    `row` holds assignments; with `fan` = K, row[p] / K is the row that p came from.
    Sums and decoding as in `scaled.linear`.

    Constraints: (C1) w is [E, O, C], x [T, C] or [A, C], offsets [E + 1]. (C2) y is
    [A, O].

    ```mlir
    %g = moe.matmul %x[%row] fan = 2, %w1 by %offsets
        : tensor<?x64xf32>, tensor<?xi32>, tensor<8x32x64xbf16>, tensor<9xi32> -> tensor<?x32xf32>
    %y = moe.matmul %a, %w2 by %offsets
        : tensor<?x32xf32>, !scaled.tensor<8x64x32xf4E2M1FN, 1x32xf8E8M0FNU>, tensor<9xi32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32, BF16]>:$x, Optional<1DTensorOf<[I32]>>:$row, Scaled_Weight:$w,
                       1DTensorOf<[I32]>:$offsets,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$fan);
  let results = (outs 2DTensorOf<[F32, BF16]>:$y);
  let assemblyFormat = [{
    $x (`[` $row^ `]`)? (`fan` `=` $fan^)? `,` $w `by` $offsets attr-dict `:` type(operands) `->` type($y)
  }];
  let hasVerifier = 1;
}

def Moe_GluOp : Moe_Op<"glu", [], [AttrSizedOperandSegments]> {
  let summary = "clamped SiLU gate times the up projection";
  let description = [{
    ```text
    g' = min(gate, limit), u' = max(-limit, min(up, limit))     no clamp without `limit`
    y  = g' * sigmoid(g') * u'
    y[p, :] = the same * times[row[p]]                 with `times`, [T, K] read flat
    ```
    Constraints: (C1) gate, up and y have one shape. (C2) `times` and `row` come
    together.

    ```mlir
    %a = moe.glu %g, %u limit = 7.0 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    %a = moe.glu %g, %u times %w[%row] : tensor<?x32xbf16>, tensor<?x32xbf16>, tensor<?x2xf32>, tensor<?xi32> -> tensor<?x32xbf16>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32, BF16]>:$gate, 2DTensorOf<[F32, BF16]>:$up,
                       Optional<2DTensorOf<[F32]>>:$times, Optional<1DTensorOf<[I32]>>:$row,
                       OptionalAttr<F32Attr>:$limit);
  let results = (outs 2DTensorOf<[F32, BF16]>:$y);
  let assemblyFormat = [{
    $gate `,` $up (`times` $times^ `[` $row `]`)? (`limit` `=` $limit^)? attr-dict `:` type(operands) `->` type($y)
  }];
  let hasVerifier = 1;
}

def Moe_CombineOp : Moe_Op<"combine", ["inferRows"], [AttrSizedOperandSegments]> {
  let summary = "sum of a row's experts, weighted or not";
  let description = [{
    ```text
    out[t, c] = sum_j weights[t, j] * y[place[t, j], c]      j ascending, fma from 0
                (1 without `weights`), then + plus[t, c]
    ```
    Constraints: (C1) weights and place are [T, K]; out is [T, columns of y], and so
    is `plus`.

    ```mlir
    %o = moe.combine %y, %w at %place plus %shared
        : tensor<?x64xf32>, tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x64xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32, BF16]>:$y, Optional<2DTensorOf<[F32]>>:$weights,
                       2DTensorOf<[I32]>:$place, Optional<2DTensorOf<[F32, BF16]>>:$plus);
  let results = (outs 2DTensorOf<[F32, BF16]>:$out);
  let assemblyFormat = [{
    $y (`,` $weights^)? `at` $place (`plus` $plus^)? attr-dict `:` type(operands) `->` type($out)
  }];
  let hasVerifier = 1;
}

#endif
