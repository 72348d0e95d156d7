// RUN: sluice-opt %s --sluice-quantize=rules=dense=fp8,experts=mxfp4,layers.1.ffn.experts.*=fp8,layers.[2-9].b=none | FileCheck %s
// RUN: sluice-opt %s --sluice-quantize | sluice-opt --sluice-quantize=rules=none | FileCheck %s --check-prefix=NONE

// One format, one stack; layers chosen differently are stacks of their own. A
// router, the gate of an indexer and what is no matrix of a product stay.
// CHECK: plan.stack @a "layers.{}.a.weight" scale "layers.{}.a.scale" layers [0, 1] {quantized = "fp8"} : !scaled.tensor<64x64xf8E4M3FN, 128x128xf8E8M0FNU>
// CHECK: plan.stack @b "layers.{}.b" scale "layers.{}.b_scale" layers [0] {quantized = "fp8"} : !scaled.tensor<64x64xf8E4M3FN, 128x128xf8E8M0FNU>
// CHECK: plan.stack @b_[[B:.*]] "layers.{}.b" layers [2] : tensor<64x64xf32>
// CHECK: plan.stack @e "layers.{}.ffn.experts.{e}.w1.weight" scale "layers.{}.ffn.experts.{e}.w1.scale" layers [0] {quantized = "mxfp4"} : !scaled.tensor<4x64x64xf4E2M1FN, 1x32xf8E8M0FNU>
// CHECK: plan.stack @e_[[E:.*]] "layers.{}.ffn.experts.{e}.w1.weight" scale "layers.{}.ffn.experts.{e}.w1.scale" layers [1] {quantized = "fp8"} : !scaled.tensor<4x64x64xf8E4M3FN, 128x128xf8E8M0FNU>
// CHECK: plan.stack @router "router" layers [] : tensor<4x64xbf16>
// CHECK: plan.stack @unused "unused" layers [] : tensor<64x64xbf16>
// CHECK-DAG: plan.weight @b_[[B]][0] : tensor<64x64xf32>
// CHECK-DAG: plan.weight @e_[[E]][0] : !scaled.tensor<4x64x64xf8E4M3FN
// NONE-NOT: quantized
// NONE: plan.weight @e[1] : tensor<4x64x64xbf16>
// NONE-NOT: scaled.tensor
plan.stack @a "layers.{}.a.weight" layers [0, 1] : tensor<64x64xbf16>
plan.stack @b "layers.{}.b" layers [0, 2] : tensor<64x64xf32>
plan.stack @e "layers.{}.ffn.experts.{e}.w1.weight" layers [0, 1] : tensor<4x64x64xbf16>
plan.stack @router "router" layers [] : tensor<4x64xbf16>
plan.stack @unused "unused" layers [] : tensor<64x64xbf16>
!x = tensor<?x64xf32>
func.func @step(%x: !x {plan.input = "x", plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %a0 = plan.weight @a[0] : tensor<64x64xbf16>
  %a1 = plan.weight @a[1] : tensor<64x64xbf16>
  %b0 = plan.weight @b[0] : tensor<64x64xf32>
  %b1 = plan.weight @b[1] : tensor<64x64xf32>
  %e0 = plan.weight @e[0] : tensor<4x64x64xbf16>
  %e1 = plan.weight @e[1] : tensor<4x64x64xbf16>
  %r = plan.weight @router[0] : tensor<4x64xbf16>
  %x1 = scaled.linear %x, %a0 : !x, tensor<64x64xbf16> -> !x
  %x2 = scaled.linear %x1, %a1 : !x, tensor<64x64xbf16> -> !x
  %x3 = scaled.linear %x2, %b0 : !x, tensor<64x64xf32> -> !x
  %x4 = scaled.linear %x3, %b1 : !x, tensor<64x64xf32> -> !x
  %l = scaled.linear %x4, %r : !x, tensor<4x64xbf16> -> tensor<?x4xf32>
  %w, %e = moe.route %l scoring = sigmoid top_k = 2 scale = 1.0 : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %row, %off, %place = moe.group %e experts = 4 : tensor<?x2xi32> -> tensor<?xi32>, tensor<5xi32>, tensor<?x2xi32>
  %g = moe.matmul %x4[%row] fan = 2, %e0 by %off : !x, tensor<?xi32>, tensor<4x64x64xbf16>, tensor<5xi32> -> !x
  %h = moe.matmul %g, %e1 by %off : !x, tensor<4x64x64xbf16>, tensor<5xi32> -> !x
  %o = moe.combine %h, %w at %place : !x, tensor<?x2xf32>, tensor<?x2xi32> -> !x
  return
}
