// RUN: sluice-opt %s --sluice-numerics=mode=native | FileCheck %s

// One rounding serves all products that read x; a plain weight and a grouped
// product read x itself.
!x = tensor<?x128xf32>
!q = !scaled.tensor<128x128xf8E4M3FN, 128x128xf8E8M0FNU>
// CHECK-LABEL: func.func @step
func.func @step(%ids: tensor<?xi32> {plan.input = "ids", plan.rows = #plan.expr<T>}, %i: tensor<?xi32>) attributes {plan.entry} {
  %t = plan.weight @t[0] : tensor<9x128xbf16>
  %q = plan.weight @q[0] : !q
  %g = plan.weight @g[0] : !scaled.tensor<128x64xf8E4M3FN, 128x128xf8E8M0FNU>
  %p = plan.weight @p[0] : tensor<128x128xbf16>
  // CHECK: %[[X:.*]] = scaled.take
  %x = scaled.take %t[%ids] : tensor<9x128xbf16>, tensor<?xi32> -> !x
  // CHECK-NEXT: %[[R:.*]] = scaled.round %[[X]] by <f8E4M3FN group 128>
  // CHECK-NEXT: scaled.linear %[[R]],
  %a = scaled.linear %x, %q : !x, !q -> !x
  // CHECK-NEXT: scaled.linear %[[R]],
  %b = scaled.linear %x, %q : !x, !q -> !x
  // CHECK-NEXT: scaled.linear %[[X]],
  %c = scaled.linear %x, %p : !x, tensor<128x128xbf16> -> !x
  // CHECK-NEXT: scaled.linear %[[X]], %{{.*}} groups = 2
  %d = scaled.linear %x, %g groups = 2 : !x, !scaled.tensor<128x64xf8E4M3FN, 128x128xf8E8M0FNU> -> !x
  // CHECK-NOT: scaled.round
  return
}
plan.stack @t "t" layers [] : tensor<9x128xbf16>
plan.stack @q "q" scale "s" layers [] : !q
plan.stack @g "g" scale "s" layers [] : !scaled.tensor<128x64xf8E4M3FN, 128x128xf8E8M0FNU>
plan.stack @p "p" layers [] : tensor<128x128xbf16>
