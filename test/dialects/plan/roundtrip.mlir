// RUN: sluice-opt %s --verify-roundtrip | FileCheck %s

// Expressions print with parentheses around all but the outermost; numbers fold.
// CHECK: func.func private @exprs() attributes
// CHECK-SAME: a = #plan.expr<(T ceildiv 16) * 2>
// CHECK-SAME: b = #plan.expr<(S + 1) max ((L min N) floordiv 3)>
// CHECK-SAME: c = #plan.expr<6>
// CHECK-SAME: d = #plan.expr<T>
// CHECK-SAME: e = #plan.expr<((maxT * maxS) + maxL) mod ((maxN + slots) * P)>
// CHECK-SAME: f = #plan.expr<-3>
func.func private @exprs() attributes {
  a = #plan.expr<(T ceildiv 16) * 2>, b = #plan.expr<(S + 1) max ((L min N) floordiv 3)>, c = #plan.expr<2 * 3>,
  d = #plan.expr<(T * 1) + 0>, e = #plan.expr<((maxT * maxS) + maxL) mod ((maxN + slots) * P)>, f = #plan.expr<-3>}

// CHECK: func.func private @types(!plan.log<8xf32>, !plan.log<2x8xbf16 keep 4>, !plan.log<8xi32 every 128>, !plan.batch, !plan.scope)
func.func private @types(!plan.log<8xf32>, !plan.log<2x8xbf16 keep 4 every 1>, !plan.log<8xi32 every 128>, !plan.batch, !plan.scope)

// CHECK-LABEL: func.func @names
func.func @names(%p: tensor<?xi32>, %r: tensor<?xi32>, %x: tensor<?x8xf32>) {
  // CHECK: plan.batch %{{.*}}, %{{.*}}, %{{.*}} : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  %b = plan.batch %p, %p, %r : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  // CHECK: %[[ROOT:.*]] = plan.scope ""
  %root = plan.scope ""
  // CHECK: %[[L:.*]] = plan.scope %[[ROOT]] "layers.{}." at 2
  %l = plan.scope %root "layers.{}." at 2
  // CHECK: plan.param %[[L]] "w" : tensor<8xf32>
  %w = plan.param %l "w" : tensor<8xf32>
  // CHECK: plan.param %[[L]] "q" scale "s" : !scaled.tensor<8x64xf8E4M3FN, 128x128xf8E8M0FNU>
  %q = plan.param %l "q" scale "s" : !scaled.tensor<8x64xf8E4M3FN, 128x128xf8E8M0FNU>
  // CHECK: plan.param %[[L]] "e.{e}.w" : tensor<4x8x8xf32>
  %e = plan.param %l "e.{e}.w" : tensor<4x8x8xf32>
  // CHECK: plan.param %[[L]] "g" rows 4 to 8 of 8 : tensor<4x4x8xbf16>
  %g = plan.param %l "g" rows 4 to 8 of 8 : tensor<4x4x8xbf16>
  // CHECK: plan.log %[[L]] "win" : <8xf32 keep 4>
  %win = plan.log %l "win" : !plan.log<8xf32 keep 4>
  // CHECK: plan.probe %[[L]] "hidden.{}" %{{.*}} : tensor<?x8xf32>
  plan.probe %l "hidden.{}" %x : tensor<?x8xf32>
  return
}

// CHECK: plan.stack @w "a.{}.w" layers [0, 7] : tensor<8x8xf32>
plan.stack @w "a.{}.w" layers [0, 7] : tensor<8x8xf32>
// CHECK: plan.stack @q "q" scale "s" layers [] : !scaled.tensor<8x64xf8E4M3FN, 128x128xf8E8M0FNU>
plan.stack @q "q" scale "s" layers [] : !scaled.tensor<8x64xf8E4M3FN, 128x128xf8E8M0FNU>
// CHECK: plan.stack @g "a.{}.g" layers [7] rows 0 to 4 of 8 : tensor<4x4x8xf32>
plan.stack @g "a.{}.g" layers [7] rows 0 to 4 of 8 : tensor<4x4x8xf32>
// CHECK: plan.state @ring "a.{}.ring" layers [0, 7] : !plan.log<8xf32 keep 4>
plan.state @ring "a.{}.ring" layers [0, 7] : !plan.log<8xf32 keep 4>

// CHECK: plan.kernel @linear(%[[X:.*]]: tensor<?x8xf32>, %[[W:.*]]: tensor<8x8xf32>) rows #plan.expr<T> attributes {sums = "lanes16", values = [#plan.expr<T>]} {
// CHECK-NEXT: %[[Y:.*]] = scaled.linear %[[X]], %[[W]]
// CHECK-NEXT: plan.yield %[[Y]] : tensor<?x8xf32>
plan.kernel @linear(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) rows #plan.expr<T> attributes {sums = "lanes16", values = [#plan.expr<T>]} {
  %y = scaled.linear %x, %w : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
  plan.yield %y : tensor<?x8xf32>
}
// CHECK: plan.kernel @commit(
// CHECK: plan.yield{{$}}
plan.kernel @commit(%x: tensor<?x8xf32>, %r: !plan.log<8xf32 keep 4>, %b: !plan.batch) rows #plan.expr<T> {
  attn.commit %x to %r at %b : (tensor<?x8xf32>) to !plan.log<8xf32 keep 4>
  plan.yield
}

// CHECK: plan.variant @linear on "x86-64-v4" guard <T> from 0 to 8 buffers [#plan.expr<T * 32>] {
// CHECK-NEXT: plan.stage @linear_v4 grid [#plan.expr<8>, #plan.expr<1>, #plan.expr<1>] scratch <0>
plan.variant @linear on "x86-64-v4" guard <T> from 0 to 8 buffers [#plan.expr<T * 32>] {
  plan.stage @linear_v4 grid [#plan.expr<8>, #plan.expr<1>, #plan.expr<1>] scratch <0>
}
// CHECK: plan.variant @linear on "x86-64-v3" buffers [] {
plan.variant @linear on "x86-64-v3" buffers [] {
  plan.stage @linear_v3 grid [#plan.expr<T ceildiv 4>, #plan.expr<1>, #plan.expr<1>] scratch <0>
}

// CHECK-LABEL: func.func @step
func.func @step(%p: tensor<?xi32>, %x: tensor<?x8xf32>) {
  %b = plan.batch %p, %p, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  // CHECK: %[[W1:.*]] = plan.weight @w[1] : tensor<8x8xf32>
  %w = plan.weight @w[1] : tensor<8x8xf32>
  // CHECK: plan.weight @q[0] : !scaled.tensor
  %q = plan.weight @q[0] : !scaled.tensor<8x64xf8E4M3FN, 128x128xf8E8M0FNU>
  // CHECK: %[[R:.*]] = plan.handle @ring[1] : <8xf32 keep 4>
  %r = plan.handle @ring[1] : !plan.log<8xf32 keep 4>
  // CHECK: %[[O:.*]] = plan.launch @linear(%{{.*}}, %[[W1]]) rows [#plan.expr<T>] : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %y = plan.launch @linear(%x, %w) rows [#plan.expr<T>] : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  // CHECK: plan.launch @commit(%[[O]], %[[R]], %{{.*}}) rows [] :
  plan.launch @commit(%y, %r, %b) rows [] : (tensor<?x8xf32>, !plan.log<8xf32 keep 4>, !plan.batch) -> ()
  // CHECK: plan.output "logits" %[[O]] rows <T> : tensor<?x8xf32>
  plan.output "logits" %y rows <T> : tensor<?x8xf32>
  return
}
