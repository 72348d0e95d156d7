// RUN: sluice-opt %s --split-input-file --sluice-fuse-streams | FileCheck %s

// Post of one site, pre of the next and its norm; the streams go on to the next
// post. What stood between and needs them comes after.
// CHECK-LABEL: func.func @step
// CHECK:         %[[A:.*]]:4 = plan.dispatch "streams"
// CHECK-NEXT:      hc.expand
// CHECK-NEXT:      hc.pre
// CHECK-NEXT:      hc.norm
// CHECK-NEXT:      plan.yield
// CHECK-NOT:     arith.addf
// CHECK:         %[[B:.*]]:2 = plan.dispatch "streams" -> (tensor<?x2x8xf32>, tensor<?x8xf32>) {
// CHECK-NEXT:      %[[X:.*]] = hc.post %[[A]]#3, %[[A]]#0, %[[A]]#1, %[[A]]#2
// CHECK-NEXT:      %[[H:.*]] = hc.head %[[X]]
// CHECK-NEXT:      %[[N:.*]] = hc.norm %[[H]]
// CHECK-NEXT:      plan.yield %[[X]], %[[N]]
// CHECK:         arith.addf %[[B]]#0
!h = tensor<?x8xf32>
!X = tensor<?x2x8xf32>
!p = tensor<?x2xf32>
!c = tensor<?x2x2xf32>
plan.stack @fn "fn" layers [] : tensor<8x16xf32>
plan.stack @hf "hf" layers [] : tensor<2x16xf32>
plan.stack @b8 "b8" layers [] : tensor<8xf32>
plan.stack @b2 "b2" layers [] : tensor<2xf32>
plan.stack @m3 "m3" layers [] : tensor<3xf32>
plan.stack @m1 "m1" layers [] : tensor<1xf32>
func.func @step(%x: !h {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %fn = plan.weight @fn[0] : tensor<8x16xf32>
  %hf = plan.weight @hf[0] : tensor<2x16xf32>
  %b8 = plan.weight @b8[0] : tensor<8xf32>
  %b2 = plan.weight @b2[0] : tensor<2xf32>
  %m3 = plan.weight @m3[0] : tensor<3xf32>
  %m1 = plan.weight @m1[0] : tensor<1xf32>
  %X = hc.expand %x : !h -> !X
  %y, %po, %cm = hc.pre %X, %fn, %b8, %m3 iters = 20 eps = 1.0e-6 norm_eps = 1.0e-6
      : !X, tensor<8x16xf32>, tensor<8xf32>, tensor<3xf32> -> !h, !p, !c
  %n = hc.norm %y eps = 1.0 : !h -> !h
  %X1 = hc.post %n, %X, %po, %cm : !h, !X, !p, !c -> !X
  %other = hc.expand %x : !h -> !X
  %sum = arith.addf %X1, %other : !X
  %z = hc.head %X1, %hf, %b2, %m1 eps = 1.0e-6 norm_eps = 1.0e-6 : !X, tensor<2x16xf32>, tensor<2xf32>, tensor<1xf32> -> !h
  %m = hc.norm %z eps = 1.0 : !h -> !h
  plan.output "logits" %m rows <T> : !h
  plan.output "hidden" %sum rows <T> : !X
  return
}

// -----

// Streams that nothing of the step makes stay alone. A collapsed row that two
// ops read is yielded; its norm stays outside.
// CHECK-LABEL: func.func @step
// CHECK:         hc.head
// CHECK:         plan.dispatch "streams"
// CHECK-NEXT:      hc.expand
// CHECK-NEXT:      hc.head
// CHECK-NEXT:      plan.yield
// CHECK:         hc.norm
!h = tensor<?x8xf32>
!X = tensor<?x2x8xf32>
plan.stack @hf "hf" layers [] : tensor<2x16xf32>
plan.stack @b2 "b2" layers [] : tensor<2xf32>
plan.stack @m1 "m1" layers [] : tensor<1xf32>
func.func @step(%X: !X {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %hf = plan.weight @hf[0] : tensor<2x16xf32>
  %b2 = plan.weight @b2[0] : tensor<2xf32>
  %m1 = plan.weight @m1[0] : tensor<1xf32>
  %x = hc.head %X, %hf, %b2, %m1 eps = 1.0e-6 norm_eps = 1.0e-6 : !X, tensor<2x16xf32>, tensor<2xf32>, tensor<1xf32> -> !h
  %Y = hc.expand %x : !h -> !X
  %z = hc.head %Y, %hf, %b2, %m1 eps = 1.0e-6 norm_eps = 1.0e-6 : !X, tensor<2x16xf32>, tensor<2xf32>, tensor<1xf32> -> !h
  %m = hc.norm %z eps = 1.0 : !h -> !h
  plan.output "logits" %m rows <T> : !h
  plan.output "row" %z rows <T> : !h
  return
}
