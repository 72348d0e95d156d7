// RUN: sluice-opt %s --split-input-file --sluice-fuse-shared-input | FileCheck %s
// RUN: sluice-opt %s --split-input-file --sluice-fuse-gate --sluice-fuse-shared-input | FileCheck %s --check-prefix=GATED

// All products of one value, at the place of the last; one of another value stays,
// and what needs the first comes after.
// CHECK-LABEL: func.func @step
// CHECK-NOT:     hc.norm
// CHECK:         %[[D:.*]]:2 = plan.dispatch "products" -> (tensor<?x8xf32>, tensor<?x16xf32>) {
// CHECK-NEXT:      scaled.linear %arg0
// CHECK-NEXT:      scaled.linear %arg0
// CHECK:         hc.norm %[[D]]#0
// CHECK:         scaled.linear
// CHECK:         moe.route
// With the gate fused before, its product shares the dispatch, and so does what
// follows from it.
// GATED-LABEL: func.func @step
// GATED:         plan.dispatch "products"
// GATED-DAG:       moe.route
// GATED-DAG:       scaled.linear %arg0, %{{.*}} : tensor<?x8xf32>, tensor<16x8xf32>
// GATED:           plan.yield
!h = tensor<?x8xf32>
!g = tensor<?x16xf32>
!kw = tensor<?x2xf32>
!k = tensor<?x2xi32>
plan.stack @a "a" layers [] : tensor<8x8xf32>
plan.stack @b "b" layers [] : tensor<16x8xf32>
func.func @step(%x: !h {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %a = plan.weight @a[0] : tensor<8x8xf32>
  %b = plan.weight @b[0] : tensor<16x8xf32>
  %l = scaled.linear %x, %a : !h, tensor<8x8xf32> -> !h
  %n = hc.norm %l eps = 1.0 : !h -> !h
  %g = scaled.linear %x, %b : !h, tensor<16x8xf32> -> !g
  %m = scaled.linear %n, %a : !h, tensor<8x8xf32> -> !h
  %kw, %e = moe.route %m scoring = sigmoid top_k = 2 scale = 1.0 : !h -> !kw, !k
  plan.output "logits" %g rows <T> : !g
  plan.output "weights" %kw rows <T> : !kw
  return
}

// -----

// Refused: the second has a dispatch to itself that needs what another op makes
// of the first. A dispatch that begins with another op is no product.
// CHECK-LABEL: func.func @step
// CHECK-COUNT-2: plan.dispatch "kept"
// CHECK-NOT:     plan.dispatch "products"
!h = tensor<?x8xf32>
plan.stack @a "a" layers [] : tensor<8x8xf32>
func.func @step(%x: !h {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %a = plan.weight @a[0] : tensor<8x8xf32>
  %l = scaled.linear %x, %a : !h, tensor<8x8xf32> -> !h
  %n = hc.norm %l eps = 1.0 : !h -> !h
  %m = plan.dispatch "kept" -> (!h) {
    %p = scaled.linear %x, %a : !h, tensor<8x8xf32> -> !h
    %s = arith.addf %p, %n : !h
    plan.yield %s : !h
  }
  %o = plan.dispatch "kept" -> (!h) {
    %p = hc.norm %x eps = 1.0 : !h -> !h
    %s = scaled.linear %p, %a : !h, tensor<8x8xf32> -> !h
    plan.yield %s : !h
  }
  plan.output "logits" %m rows <T> : !h
  plan.output "other" %o rows <T> : !h
  return
}
