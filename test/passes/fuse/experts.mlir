// RUN: sluice-opt %s --split-input-file --sluice-fuse-experts | FileCheck %s

// Both products of a SwiGLU, routed and shared; both down products with the sum.
// CHECK-LABEL: func.func @step
// CHECK:         %[[A:.*]] = plan.dispatch "swiglu" -> (tensor<?x32xf32>) {
// CHECK-NEXT:      moe.matmul
// CHECK-NEXT:      moe.matmul
// CHECK-NEXT:      moe.glu
// CHECK:         %[[S:.*]] = plan.dispatch "swiglu" -> (tensor<?x32xf32>) {
// CHECK-NEXT:      scaled.linear
// CHECK-NEXT:      scaled.linear
// CHECK-NEXT:      moe.glu
// CHECK:         plan.dispatch "combine" -> (tensor<?x64xf32>) {
// CHECK-NEXT:      %[[Y:.*]] = moe.matmul %[[A]]
// CHECK-NEXT:      %[[P:.*]] = scaled.linear %[[S]]
// CHECK-NEXT:      moe.combine %[[Y]], %{{.*}} at %{{.*}} plus %[[P]]
!h = tensor<?x64xf32>
!g = tensor<?x32xf32>
!k = tensor<?x2xi32>
!kw = tensor<?x2xf32>
!i = tensor<?xi32>
!in = tensor<8x32x64xf32>
!out = tensor<8x64x32xf32>
plan.stack @e "e.{}" layers [0, 1] : !in
plan.stack @d "d" layers [] : !out
plan.stack @s "s.{}" layers [0, 1] : tensor<32x64xf32>
plan.stack @t "t" layers [] : tensor<64x32xf32>
func.func @step(%x: !h {plan.rows = #plan.expr<T>}, %row: !i {plan.rows = #plan.expr<T * 2>}, %off: tensor<9xi32>,
                %kw: !kw {plan.rows = #plan.expr<T>}, %place: !k {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %w1 = plan.weight @e[0] : !in
  %w3 = plan.weight @e[1] : !in
  %w2 = plan.weight @d[0] : !out
  %s1 = plan.weight @s[0] : tensor<32x64xf32>
  %s3 = plan.weight @s[1] : tensor<32x64xf32>
  %s2 = plan.weight @t[0] : tensor<64x32xf32>
  %g = moe.matmul %x[%row] fan = 2, %w1 by %off : !h, !i, !in, tensor<9xi32> -> !g
  %u = moe.matmul %x[%row] fan = 2, %w3 by %off : !h, !i, !in, tensor<9xi32> -> !g
  %a = moe.glu %g, %u limit = 1.0 : !g, !g -> !g
  %y = moe.matmul %a, %w2 by %off : !g, !out, tensor<9xi32> -> !h
  %sg = scaled.linear %x, %s1 : !h, tensor<32x64xf32> -> !g
  %su = scaled.linear %x, %s3 : !h, tensor<32x64xf32> -> !g
  %sa = moe.glu %sg, %su limit = 1.0 : !g, !g -> !g
  %sy = scaled.linear %sa, %s2 : !g, tensor<64x32xf32> -> !h
  %o = moe.combine %y, %kw at %place plus %sy : !h, !kw, !k, !h -> !h
  plan.output "logits" %o rows <T> : !h
  return
}

// -----

// Refused: products of two shapes; a product that others read.
// CHECK-LABEL: func.func @step
// CHECK-NOT:     plan.dispatch
!h = tensor<?x64xf32>
!g = tensor<?x32xf32>
plan.stack @s "s" layers [] : tensor<32x64xf32>
plan.stack @t "t" layers [] : tensor<32x64xbf16>
func.func @step(%x: !h {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %s = plan.weight @s[0] : tensor<32x64xf32>
  %t = plan.weight @t[0] : tensor<32x64xbf16>
  %g = scaled.linear %x, %s : !h, tensor<32x64xf32> -> !g
  %u = scaled.linear %x, %t : !h, tensor<32x64xbf16> -> !g
  %a = moe.glu %g, %u : !g, !g -> !g
  %v = scaled.linear %x, %s : !h, tensor<32x64xf32> -> !g
  %w = scaled.linear %x, %s : !h, tensor<32x64xf32> -> !g
  %b = moe.glu %v, %w : !g, !g -> !g
  plan.output "logits" %a rows <T> : !g
  plan.output "b" %b rows <T> : !g
  plan.output "gate" %v rows <T> : !g
  return
}
