// RUN: sluice-opt %s --split-input-file --sluice-quantize=rules=experts=mxfp4,dense=fp8,l.1.e.[2-3].*=none --verify-diagnostics
// RUN: not sluice-opt %s --split-input-file --sluice-quantize=rules=dense=fp7 2>&1 | FileCheck %s --check-prefix=FORMAT
// FORMAT: fp7

// expected-error @below {{expected one format for the experts of a layer, got mxfp4 and none for l.1.e.{e}.w}}
plan.stack @e "l.{}.e.{e}.w" layers [1] : tensor<4x64x64xbf16>
func.func @step(%x: tensor<?x64xf32> {plan.input = "x", plan.rows = #plan.expr<T>}, %off: tensor<5xi32>) attributes {plan.entry} {
  %w = plan.weight @e[0] : tensor<4x64x64xbf16>
  %y = moe.matmul %x, %w by %off : tensor<?x64xf32>, tensor<4x64x64xbf16>, tensor<5xi32> -> tensor<?x64xf32>
  return
}

// -----

// expected-error @below {{expected a weight that is not quantized yet, got '!scaled.tensor<64x64xf8E4M3FN, 128x128xf8E8M0FNU>'}}
plan.stack @q "q" scale "s" layers [] : !scaled.tensor<64x64xf8E4M3FN, 128x128xf8E8M0FNU>
func.func @step(%x: tensor<?x64xf32> {plan.input = "x", plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %w = plan.weight @q[0] : !scaled.tensor<64x64xf8E4M3FN, 128x128xf8E8M0FNU>
  %y = scaled.linear %x, %w : tensor<?x64xf32>, !scaled.tensor<64x64xf8E4M3FN, 128x128xf8E8M0FNU> -> tensor<?x64xf32>
  return
}

// -----

// expected-error @below {{expected an even number of f4E2M1FN columns, got 63}}
plan.stack @q "q" layers [] : tensor<4x64x63xbf16>
func.func @step(%x: tensor<?x63xf32> {plan.input = "x", plan.rows = #plan.expr<T>}, %off: tensor<5xi32>) attributes {plan.entry} {
  %w = plan.weight @q[0] : tensor<4x64x63xbf16>
  %y = moe.matmul %x, %w by %off : tensor<?x63xf32>, tensor<4x64x63xbf16>, tensor<5xi32> -> tensor<?x64xf32>
  return
}

// -----

// expected-error @below {{the pattern "l.1.e.[2-3].*" matches no weight that can be quantized}}
module {
func.func @step(%x: tensor<?x63xf32> {plan.input = "x", plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  return
}
}
