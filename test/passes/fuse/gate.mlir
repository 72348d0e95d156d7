// RUN: sluice-opt %s --split-input-file --sluice-fuse-gate | FileCheck %s

// Product, choice by bias, and grouping. What others use of them is yielded.
// CHECK-LABEL: func.func @step
// CHECK:         %[[D:.*]]:4 = plan.dispatch "gate" -> (tensor<?x2xf32>, tensor<?xi32>, tensor<9xi32>, tensor<?x2xi32>) {
// CHECK-NEXT:      %[[L:.*]] = scaled.linear
// CHECK-NEXT:      %[[W:.*]], %[[E:.*]] = moe.route %[[L]] bias
// CHECK-NEXT:      %[[ROW:.*]], %[[OFF:.*]], %[[PLACE:.*]] = moe.group %[[E]]
// CHECK-NEXT:      plan.yield %[[W]], %[[ROW]], %[[OFF]], %[[PLACE]]
// CHECK:         moe.combine %{{.*}}, %[[D]]#0 at %[[D]]#3
!h = tensor<?x64xf32>
!l = tensor<?x8xf32>
!k = tensor<?x2xi32>
!kw = tensor<?x2xf32>
!i = tensor<?xi32>
plan.stack @w "w" layers [] : tensor<8x64xf32>
plan.stack @b "b" layers [] : tensor<8xf32>
plan.stack @e "e" layers [] : tensor<8x64x64xf32>
func.func @step(%x: !h {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %w = plan.weight @w[0] : tensor<8x64xf32>
  %b = plan.weight @b[0] : tensor<8xf32>
  %m = plan.weight @e[0] : tensor<8x64x64xf32>
  %l = scaled.linear %x, %w : !h, tensor<8x64xf32> -> !l
  %kw, %e = moe.route %l bias %b scoring = sigmoid top_k = 2 scale = 1.0 : !l, tensor<8xf32> -> !kw, !k
  %row, %off, %place = moe.group %e experts = 8 : !k -> !i, tensor<9xi32>, !k
  %y = moe.matmul %x[%row] fan = 2, %m by %off : !h, !i, tensor<8x64x64xf32>, tensor<9xi32> -> !h
  %o = moe.combine %y, %kw at %place : !h, !kw, !k -> !h
  plan.output "logits" %o rows <T> : !h
  return
}

// -----

// Refused: logits that others read.
// CHECK-LABEL: func.func @step
// CHECK-NOT:     plan.dispatch
!h = tensor<?x64xf32>
!l = tensor<?x8xf32>
!k = tensor<?x2xi32>
!kw = tensor<?x2xf32>
plan.stack @w "w" layers [] : tensor<8x64xf32>
func.func @step(%x: !h {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %w = plan.weight @w[0] : tensor<8x64xf32>
  %l = scaled.linear %x, %w : !h, tensor<8x64xf32> -> !l
  %kw, %e = moe.route %l scoring = sigmoid top_k = 2 scale = 1.0 : !l -> !kw, !k
  plan.output "logits" %l rows <T> : !l
  plan.output "weights" %kw rows <T> : !kw
  return
}

// -----

// Refused: logits that no product makes.
// CHECK-LABEL: func.func @step
// CHECK-NOT:     plan.dispatch
!l = tensor<?x8xf32>
!k = tensor<?x2xi32>
!kw = tensor<?x2xf32>
func.func @step(%x: !l {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %l = hc.norm %x eps = 1.0 : !l -> !l
  %kw, %e = moe.route %l scoring = sigmoid top_k = 2 scale = 1.0 : !l -> !kw, !k
  plan.output "weights" %kw rows <T> : !kw
  return
}
