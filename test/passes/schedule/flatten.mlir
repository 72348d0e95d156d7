// RUN: sluice-opt %s --split-input-file --sluice-flatten=keep=hidden,load | FileCheck %s

// A weight or log named twice is one value; layers ascend whatever the order.
// CHECK:       plan.stack @a.w "a.{}.w" layers [2, 7] : tensor<8x8xf32>
// CHECK-NEXT:  plan.stack @norm "norm" layers [] : tensor<8xf32>
// CHECK-NEXT:  plan.stack @norm_2 "norm{}" layers [2] : tensor<8xf32>
// CHECK-NEXT:  plan.state @a.ring "a.{}.ring" layers [2, 7] : !plan.log<8xf32 keep 4>
// CHECK-LABEL: func.func @step
// CHECK:         %[[W7:.*]] = plan.weight @a.w[1]
// CHECK-NEXT:    %[[X1:.*]] = scaled.linear %{{.*}}, %[[W7]]
// CHECK-NEXT:    %[[X2:.*]] = scaled.linear %[[X1]], %[[W7]]
// CHECK-NEXT:    %[[W2:.*]] = plan.weight @a.w[0]
// CHECK-NEXT:    %[[X3:.*]] = scaled.linear %[[X2]], %[[W2]]
// CHECK-NEXT:    %[[R7:.*]] = plan.handle @a.ring[1]
// CHECK-NEXT:    attn.commit %[[X3]] to %[[R7]]
// CHECK-NEXT:    %[[R2:.*]] = plan.handle @a.ring[0]
// CHECK-NEXT:    attn.commit %[[X3]] to %[[R2]]
// The probe that is not kept goes, and what only it used.
// CHECK-NOT:     tensor<8xf32>
// CHECK:         plan.output "logits" %[[X3]] rows <T> : tensor<?x8xf32>
!h = tensor<?x8xf32>
!i = tensor<?xi32>
!win = !plan.log<8xf32 keep 4>
func.func @step(%x: !h {plan.input = "x", plan.rows = #plan.expr<T>}, %p: !i) -> !h attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : !i, !i, !i
  %root = plan.scope ""
  %s7 = plan.scope "a.{}." at 7
  %s2 = plan.scope "a.{}." at 2
  %again = plan.scope "a.{}." at 7
  %w7 = plan.param %s7 "w" : tensor<8x8xf32>
  %x1 = scaled.linear %x, %w7 : !h, tensor<8x8xf32> -> !h
  %same = plan.param %again "w" : tensor<8x8xf32>
  %x2 = scaled.linear %x1, %same : !h, tensor<8x8xf32> -> !h
  %w2 = plan.param %s2 "w" : tensor<8x8xf32>
  %x3 = scaled.linear %x2, %w2 : !h, tensor<8x8xf32> -> !h
  %r7 = plan.log %s7 "ring" : !win
  attn.commit %x3 to %r7 at %b : (!h) to !win
  %r2 = plan.log %s2 "ring" : !win
  attn.commit %x3 to %r2 at %b : (!h) to !win
  %n = plan.param %root "norm" : tensor<8xf32>
  %seen = hc.norm %x3 weight %n eps = 1.0e-6 : !h weight tensor<8xf32> -> !h
  %odd = plan.scope "norm{}" at 2
  %n2 = plan.param %odd "" : tensor<8xf32>
  %seen2 = hc.norm %seen weight %n2 eps = 1.0e-6 : !h weight tensor<8xf32> -> !h
  plan.probe %s2 "unseen.{}" %seen2 : !h
  plan.probe %s2 "hidden.{}" %x1 : !h
  plan.probe %s2 "load" %x2 : !h
  return %x3 : !h
}

// -----

// Kinds that call kinds; rows of outputs: assignments and a fixed number.
// CHECK-LABEL: func.func @rows
// CHECK-NOT:     call
// CHECK:         plan.output "hidden.rows" %{{.*}} rows <T * 2> : tensor<?xi32>
// CHECK-NEXT:    plan.output "hidden.offsets" %{{.*}} rows <5> : tensor<5xi32>
// CHECK-NEXT:    plan.output "load.place" %{{.*}} rows <T> : tensor<?x2xi32>
// CHECK:         plan.output "logits" %{{.*}} rows <L> : tensor<?x8xf32>
// CHECK-NOT:   func.func private
!h = tensor<?x8xf32>
!i = tensor<?xi32>
!k = tensor<?x2xi32>
func.func private @inner(%x: !h) -> (!h, !h) {
  %y = arith.addf %x, %x : !h
  return %y, %x : !h, !h
}
func.func private @outer(%x: !h, %s: !plan.scope) -> !h {
  %y:2 = call @inner(%x) : (!h) -> (!h, !h)
  %z:2 = call @inner(%y#0) : (!h) -> (!h, !h)
  return %z#0 : !h
}
func.func @rows(%x: !h {plan.input = "x", plan.rows = #plan.expr<T>},
                %e: !k {plan.input = "e", plan.rows = #plan.expr<T>},
                %l: !i {plan.input = "l", plan.rows = #plan.expr<L>}) -> !h attributes {plan.entry} {
  %root = plan.scope ""
  %y = call @outer(%x, %root) : (!h, !plan.scope) -> !h
  %row, %off, %place = moe.group %e experts = 4 : !k -> !i, tensor<5xi32>, !k
  plan.probe %root "hidden.rows" %row : !i
  plan.probe %root "hidden.offsets" %off : tensor<5xi32>
  plan.probe %root "load.place" %place : !k
  %z = scaled.take %y[%l] : !h, !i -> !h
  return %z : !h
}
