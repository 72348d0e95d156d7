#ifndef SLUICE_ATTN_OPS
#define SLUICE_ATTN_OPS

include "dialects/attn/AttnAttrs.td"
include "dialects/plan/PlanInterfaces.td"
include "dialects/plan/PlanTypes.td"
include "dialects/scaled/ScaledAttrs.td"
include "dialects/scaled/ScaledTypes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// Shapes in this file: T rows of the step, h heads of d channels, D channels of a
// log's row, m tokens of an entry, W rows of a window. T is dynamic.
class Attn_Op<string mnemonic, list<Trait> traits = []> : Op<Attn_Dialect, mnemonic, traits>;

def Attn_RopeOp : Attn_Op<"rope", [Pure, DeclareOpInterfaceMethods<Plan_KernelOpInterface>]> {
  let summary = "rotate the tail of each head by its row's position";
  let description = [{
    ```text
    (a, b) -> (a cos - b sin, b cos + a sin)       angle = position * freq, of each pair
    ```
    for the pairs that `#attn.rope` names; other channels stay. `inverse` turns by the
    negative angle.

    Constraints: (C1) `heads` divides the columns, and a head has at least the
    rope's channels. (C2) the result has the shape of x.

    ```mlir
    %q = attn.rope %x at %b by #attn.rope<tail [1.0, 0.1]> heads = 4 : tensor<?x128xf32> -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32, BF16]>:$x, Plan_Batch:$batch, Attn_RopeAttr:$rope,
                       UnitAttr:$inverse,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$heads);
  let results = (outs 2DTensorOf<[F32, BF16]>:$y);
  let assemblyFormat = [{
    (`inverse` $inverse^)? $x `at` $batch `by` $rope (`heads` `=` $heads^)? attr-dict `:` type($x) `->` type($y)
  }];
  let hasVerifier = 1;
}

def Attn_CommitOp : Attn_Op<"commit", [DeclareOpInterfaceMethods<Plan_KernelOpInterface, ["getCommittedLog"]>]> {
  let summary = "store the step's rows in a ring, after its last reader";
  let description = [{
    Row t of the log = the parts' rows t, one after the other; only the last
    `keep` rows of a sequence are stored. A commit that is withheld is a rejected
    draft.

    Constraints: (C1) the log is a ring. (C2) as many parts as the row type has,
    each with its columns and element type.

    ```mlir
    attn.commit %c, %z to %tail at %b : (tensor<?x64xf32>, tensor<?x64xf32>) to !plan.log<2x64xf32 keep 8>
    ```
  }];
  let arguments = (ins Variadic<2DTensorOf<[F32, BF16]>>:$parts, Plan_Log:$log, Plan_Batch:$batch);
  let assemblyFormat = [{
    $parts `to` $log `at` $batch attr-dict `:` `(` type($parts) `)` `to` type($log)
  }];
  let hasVerifier = 1;
}

def Attn_CompressOp : Attn_Op<"compress", [
    DeclareOpInterfaceMethods<Plan_KernelOpInterface, ["getWrittenLog"]>]> {
  let summary = "pool every window of tokens that closes in this step to one entry";
  let description = [{
    For entry i of `into` (m = its `every`), which token i*m + m-1 closes:
    ```text
    slots   = (c_t, z_t + bias[t mod m]) of the tokens t = i*m .. i*m + m-1
    pooled  = sum_slots softmax_slots(z) * c          per channel, slots ascending by token
    entry i = rope(pooled * rsqrt(mean(pooled^2) + eps) * norm, position i*m)
    ```
    With `overlap`, c and z have 2D columns: the slots are columns 0..D-1 of the m
    tokens before the window, then columns D..2D-1 of its own m.

    Rows of this step come from the operands, earlier ones from the `tail` ring (c,
    then z, without bias); rows before position 0 do not exist. Returns a handle
    through which the new entries are visible.

    Constraints: (C1) c and z are [T, D], with `overlap` [T, 2D]. (C2) the tail is
    a ring of two parts with c's columns and keeps m rows, `overlap` 2m. (C3) bias
    is [m, columns of c]. (C4) norm is [D], D at least the rope's channels.
    (C5) `into` is paged with rows of D numbers, and the result is as `into`. (C6) a
    `rounding`, which entries take last, fits D channels.

    ```mlir
    %e = attn.compress %c, %z bias %a norm %n tail %t into %e0 at %b by #attn.rope<tail [1.0, 0.1]> overlap eps = 1.0e-6
      : tensor<?x64xf32>, tensor<?x64xf32>, tensor<4x64xbf16>, tensor<32xf32>,
        !plan.log<2x64xf32 keep 8>, !plan.log<32xf32 every 4>, !plan.batch -> !plan.log<32xf32 every 4>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$c, 2DTensorOf<[F32]>:$z,
                       Optional<2DTensorOf<[F32, BF16]>>:$bias, 1DTensorOf<[F32, BF16]>:$norm,
                       Plan_Log:$tail, Plan_Log:$into, Plan_Batch:$batch,
                       Attn_RopeAttr:$rope, UnitAttr:$overlap,
                       OptionalAttr<Scaled_RoundingAttr>:$rounding, F32Attr:$eps);
  let results = (outs Plan_Log:$result);
  let assemblyFormat = [{
    $c `,` $z (`bias` $bias^)? `norm` $norm `tail` $tail `into` $into `at` $batch `by` $rope
    (`overlap` $overlap^)? (`rounding` $rounding^)? `eps` `=` $eps attr-dict `:` type(operands) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Attn_SelectOp : Attn_Op<"select", [Pure, DeclareOpInterfaceMethods<Plan_KernelOpInterface>]> {
  let summary = "the best rows of a log of keys, by a weighted sum of relu dots";
  let description = [{
    ```text
    score[t, i] = scale * sum_h g[t, h] * relu(q[t, h] . key_i)         i visible at t
    sel[t, :]   = the `top` rows of largest score (equal scores: the smaller row), ascending, then -1
    ```
    Where no more than `top` rows are visible all are listed. Row i is visible at
    position t iff (i + 1) * every <= t + 1.

    Constraints: (C1) q is [T, h * d], g [T, h], d the row of the keys. (C2) the
    keys are paged, with rows of d numbers. (C3) the result is [T, top] i32.

    ```mlir
    %sel = attn.select %q, %g in %keys at %b top = 3 scale = 0.25
      : tensor<?x128xf32>, tensor<?x4xf32>, !plan.log<32xf32 every 4> -> tensor<?x3xi32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32, BF16]>:$q, 2DTensorOf<[F32, BF16]>:$g, Plan_Log:$keys, Plan_Batch:$batch,
                       ConfinedAttr<I64Attr, [IntPositive]>:$top, F32Attr:$scale);
  let results = (outs 2DTensorOf<[I32]>:$sel);
  let assemblyFormat = [{
    $q `,` $g `in` $keys `at` $batch `top` `=` $top `scale` `=` $scale attr-dict
    `:` type($q) `,` type($g) `,` type($keys) `->` type($sel)
  }];
  let hasVerifier = 1;
}

def Attn_AttendOp : Attn_Op<"attend", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Plan_KernelOpInterface>]> {
  let summary = "one softmax over a window and compressed entries";
  let description = [{
    Key and value are the same row K_j.
    ```text
    a[h, j] = scale * q[t, h] . K_j
    o[t, h] = sum_j exp(a[h, j]) K_j / (sum_j exp(a[h, j]) + exp(sinks[h]))
    j       over the window, rows s with t - W < s <= t (W = its `keep`), then over the entries
    ```
    The window is the ring as it was before the step and the step's own `rows`.
    Entries: without `entries` none; with `entries` alone every row visible at t; with
    `picked` as well, the rows that picked[t, :] lists (-1 ends the list). Without
    `sinks` there is no exp(sinks[h]).

    Order of the sums: sources as written; keys in blocks of 64 aligned to the
    absolute row (`picked`: to the place in the list), a running maximum, the sink
    last.

    Constraints: (C1) q is [T, heads * D], the result likewise. (C2) the window is a
    ring with rows of D numbers, `rows` is [T, D]. (C3) the entries are paged with
    rows of D numbers; window, entries and `rows` have one element type. (C4) `picked` is [T, top] i32 and needs entries. (C5) sinks is
    [heads].

    ```mlir
    %o = attn.attend %q at %b over ring(%win, %kv) entries %e picked %sel sinks %s heads = 4 scale = 0.25
      : tensor<?x128xf32>, !plan.batch, !plan.log<32xf32 keep 8>, tensor<?x32xf32>,
        !plan.log<32xf32 every 4>, tensor<?x3xi32>, tensor<4xf32> -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32, BF16]>:$q, Plan_Batch:$batch, Plan_Log:$window,
                       2DTensorOf<[F32, BF16]>:$rows, Optional<Plan_Log>:$entries,
                       Optional<2DTensorOf<[I32]>>:$picked, Optional<1DTensorOf<[F32, BF16]>>:$sinks,
                       ConfinedAttr<I64Attr, [IntPositive]>:$heads, F32Attr:$scale);
  let results = (outs 2DTensorOf<[F32, BF16]>:$o);
  let assemblyFormat = [{
    $q `at` $batch `over` `ring` `(` $window `,` $rows `)` (`entries` $entries^)? (`picked` $picked^)?
    (`sinks` $sinks^)? `heads` `=` $heads `scale` `=` $scale attr-dict
    `:` type(operands) `->` type($o)
  }];
  let hasVerifier = 1;
}

#endif
