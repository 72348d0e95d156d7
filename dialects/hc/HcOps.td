#ifndef SLUICE_HC_OPS
#define SLUICE_HC_OPS

include "dialects/hc/HcDialect.td"
include "dialects/plan/PlanInterfaces.td"
include "dialects/scaled/ScaledTypes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// Shapes in this file: T rows, n streams, H channels of a stream. T is dynamic.
class Hc_Op<string mnemonic, list<Trait> traits = []>
    : Op<Hc_Dialect, mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<Plan_KernelOpInterface>], traits)>;

def Hc_ExpandOp : Hc_Op<"expand"> {
  let summary = "every stream starts as the embedding";
  let description = [{
    ```text
    X[t, j, :] = x[t, :]                                        x [T, H] -> X [T, n, H]
    ```
    Constraints: (C1) X is [rows of x, n, columns of x].

    ```mlir
    %X = hc.expand %x : tensor<?x64xf32> -> tensor<?x4x64xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32, BF16]>:$x);
  let results = (outs 3DTensorOf<[F32, BF16]>:$streams);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($streams)";
  let hasVerifier = 1;
}

def Hc_PreOp : Hc_Op<"pre", [DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "collapse the streams to a block's input, and make the mix";
  let description = [{
    For each row, with f its streams laid end to end (stream-major, nH numbers):
    ```text
    m    = (f fn^T) * rsqrt(mean(f^2) + norm_eps)                    // (2+n)n numbers
    pre  = sigmoid(m[0:n] * mul[0] + base[0:n]) + eps                // [n]
    post = 2 sigmoid(m[n:2n] * mul[1] + base[n:2n])                  // [n]
    comb = softmax over k of (m[2n:] * mul[2] + base[2n:]) as [j, k], plus eps;     // [n, n]
           columns normalized, then iters - 1 times rows, then columns:
           a row or column with sum s is divided by s + eps
    x    = sum_j pre[j] X[j]                                         // [H]
    ```
    `comb` comes close to doubly stochastic (Sinkhorn); its columns are normalized
    last.

    Constraints: (C1) fn is [(2+n)n, nH], base [(2+n)n], mul [3]. (C2) x is [T, H],
    post [T, n], comb [T, n, n].

    ```mlir
    %x, %post, %comb = hc.pre %X, %fn, %base, %mul iters = 20 eps = 1.0e-6 norm_eps = 1.0e-6
      : tensor<?x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>
      -> tensor<?x64xf32>, tensor<?x4xf32>, tensor<?x4x4xf32>
    ```
  }];
  let arguments = (ins 3DTensorOf<[F32, BF16]>:$streams, 2DTensorOf<[F32, BF16]>:$fn,
                       1DTensorOf<[F32, BF16]>:$base, 1DTensorOf<[F32, BF16]>:$mul,
                       ConfinedAttr<I64Attr, [IntPositive]>:$iters,
                       F32Attr:$eps, F32Attr:$norm_eps);
  let results = (outs 2DTensorOf<[F32, BF16]>:$x, 2DTensorOf<[F32]>:$post, 3DTensorOf<[F32]>:$comb);
  let assemblyFormat = [{
    $streams `,` $fn `,` $base `,` $mul `iters` `=` $iters `eps` `=` $eps `norm_eps` `=` $norm_eps
    attr-dict `:` type(operands) `->` type(results)
  }];
  let hasVerifier = 1;
}

def Hc_PostOp : Hc_Op<"post"> {
  let summary = "spread a block's output over the streams and mix them";
  let description = [{
    ```text
    X'[t, k] = post[t, k] y[t] + sum_j comb[t, j, k] X[t, j]     j ascending, post last
    ```
    The sum runs over the first index of `comb`.

    Constraints: (C1) y is [T, H], post [T, n], comb [T, n, n]; the result has the shape
    of X.

    ```mlir
    %Z = hc.post %y, %X, %post, %comb
      : tensor<?x64xf32>, tensor<?x4x64xf32>, tensor<?x4xf32>, tensor<?x4x4xf32> -> tensor<?x4x64xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32, BF16]>:$y, 3DTensorOf<[F32, BF16]>:$streams,
                       2DTensorOf<[F32]>:$post, 3DTensorOf<[F32]>:$comb);
  let results = (outs 3DTensorOf<[F32, BF16]>:$result);
  let assemblyFormat = [{
    $y `,` $streams `,` $post `,` $comb attr-dict `:` type(operands) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Hc_HeadOp : Hc_Op<"head"> {
  let summary = "collapse the streams for the last time";
  let description = [{
    ```text
    m = (f fn^T) * rsqrt(mean(f^2) + norm_eps)               f as in hc.pre, n numbers
    x = sum_j (sigmoid(m[j] * mul[0] + base[j]) + eps) X[j]
    ```
    Constraints: (C1) fn is [n, nH], base [n], mul [1]. (C2) x is [T, H].

    ```mlir
    %h = hc.head %X, %fn, %base, %mul eps = 1.0e-6 norm_eps = 1.0e-6
      : tensor<?x4x64xf32>, tensor<4x256xbf16>, tensor<4xbf16>, tensor<1xbf16> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins 3DTensorOf<[F32, BF16]>:$streams, 2DTensorOf<[F32, BF16]>:$fn,
                       1DTensorOf<[F32, BF16]>:$base, 1DTensorOf<[F32, BF16]>:$mul,
                       F32Attr:$eps, F32Attr:$norm_eps);
  let results = (outs 2DTensorOf<[F32, BF16]>:$x);
  let assemblyFormat = [{
    $streams `,` $fn `,` $base `,` $mul `eps` `=` $eps `norm_eps` `=` $norm_eps
    attr-dict `:` type(operands) `->` type($x)
  }];
  let hasVerifier = 1;
}

def Hc_NormOp : Hc_Op<"norm"> {
  let summary = "RMSNorm of each head";
  let description = [{
    ```text
    y = x * rsqrt(mean(x^2) + eps) * w           over each of `heads` equal parts of a row
    ```
    All heads share `w`; absent, it is 1.

    Constraints: (C1) `heads` divides the columns of x. (C2) w has the columns of
    one head. (C3) the result has the shape of x.

    ```mlir
    %n = hc.norm %x weight %w heads = 4 eps = 1.0e-6 : tensor<?x64xf32> weight tensor<16xbf16> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32, BF16]>:$x, Optional<1DTensorOf<[F32, BF16]>>:$w,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$heads,
                       F32Attr:$eps);
  let results = (outs 2DTensorOf<[F32, BF16]>:$y);
  let assemblyFormat = [{
    $x (`weight` $w^)? (`heads` `=` $heads^)? `eps` `=` $eps attr-dict `:` type($x) (`weight` type($w)^)?
    `->` type($y)
  }];
  let hasVerifier = 1;
}

#endif
