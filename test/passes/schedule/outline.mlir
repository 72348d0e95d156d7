// RUN: sluice-opt %s --split-input-file --sluice-outline | FileCheck %s

// Equal in op, attributes, types and rows: one kernel. Another eps or other rows:
// another. A value passed twice is two arguments.
// CHECK-LABEL: plan.stack @w
// CHECK:       plan.kernel @linear_8x8_f32(%[[X:.*]]: tensor<?x8xf32>, %[[W:.*]]: tensor<8x8xf32>) rows #plan.expr<T> {
// CHECK-NEXT:    %[[Y:.*]] = scaled.linear %[[X]], %[[W]]
// CHECK-NEXT:    plan.yield %[[Y]] : tensor<?x8xf32>
// CHECK:       plan.kernel @addf_8(%[[A:.*]]: tensor<?x8xf32>, %[[B:.*]]: tensor<?x8xf32>) rows #plan.expr<T> {
// CHECK-NEXT:    arith.addf %[[A]], %[[B]]
// CHECK:       plan.kernel @norm_8(
// CHECK-NEXT:    eps = 9.99999997E-7
// CHECK:       plan.kernel @norm_8_2(
// CHECK-NEXT:    eps = 1.000000e+00
// CHECK:       plan.kernel @take_8(%{{.*}}: tensor<?x8xf32>, %{{.*}}: tensor<?xi32>) rows #plan.expr<L>
// CHECK:       plan.kernel @linear_8x8_f32_2({{.*}}) rows #plan.expr<L>
// CHECK-NOT:   plan.kernel
// CHECK:       func.func @step(%[[IN:[a-z0-9]+]]: tensor<?x8xf32>
// CHECK:         %[[W0:.*]] = plan.weight @w[0]
// CHECK:         %[[X1:.*]] = plan.launch @linear_8x8_f32(%[[IN]], %[[W0]]) rows [#plan.expr<T>]
// CHECK:         %[[W1:.*]] = plan.weight @w[1]
// CHECK:         %[[X2:.*]] = plan.launch @linear_8x8_f32(%[[X1]], %[[W1]])
// CHECK:         plan.launch @addf_8(%[[X1]], %[[X2]])
// CHECK:         plan.launch @addf_8(%[[X1]], %[[X1]])
// CHECK:         plan.launch @norm_8(
// CHECK:         plan.launch @norm_8(
// CHECK:         plan.launch @norm_8_2(
// CHECK:         plan.launch @take_8({{.*}}) rows [#plan.expr<L>]
// CHECK:         plan.launch @linear_8x8_f32_2({{.*}}) rows [#plan.expr<L>]
// CHECK-NEXT:    plan.output "logits"
!h = tensor<?x8xf32>
plan.stack @w "a.{}.w" layers [0, 1] : tensor<8x8xf32>
func.func @step(%x: !h {plan.input = "x", plan.rows = #plan.expr<T>},
                %l: tensor<?xi32> {plan.input = "l", plan.rows = #plan.expr<L>}) attributes {plan.entry} {
  %w0 = plan.weight @w[0] : tensor<8x8xf32>
  %x1 = scaled.linear %x, %w0 : !h, tensor<8x8xf32> -> !h
  %w1 = plan.weight @w[1] : tensor<8x8xf32>
  %x2 = scaled.linear %x1, %w1 : !h, tensor<8x8xf32> -> !h
  %x3 = arith.addf %x1, %x2 : !h
  %x4 = arith.addf %x1, %x1 : !h
  %n1 = hc.norm %x3 eps = 1.0e-6 : !h -> !h
  %n2 = hc.norm %n1 eps = 1.0e-6 : !h -> !h
  %n3 = hc.norm %n2 eps = 1.0 : !h -> !h
  %t = scaled.take %n3[%l] : !h, tensor<?xi32> -> !h
  %y = scaled.linear %t, %w1 : !h, tensor<8x8xf32> -> !h
  plan.output "logits" %y rows <L> : !h
  return
}

// -----

// Rows of each result; a kernel's rows are its first result's, or, if that is a
// log or there is none, its first tensor operand's.
// CHECK: plan.kernel @group_5({{.*}}) rows #plan.expr<T * 2>
// CHECK: plan.kernel @linear_7x64_f8E4M3FN(%{{.*}}: tensor<?x64xf32>, %{{.*}}: !scaled.tensor<7x64xf8E4M3FN, 128x128xf8E8M0FNU>) rows #plan.expr<T>
// CHECK: plan.kernel @compress_8({{.*}}) rows #plan.expr<T>
// CHECK: plan.yield %{{.*}} : !plan.log<8xf32 every 4>
// CHECK: plan.kernel @commit_8({{.*}}) rows #plan.expr<T>
// CHECK: plan.yield{{$}}
// CHECK: %[[G:.*]]:3 = plan.launch @group_5(%{{.*}}) rows [#plan.expr<T * 2>, #plan.expr<5>, #plan.expr<T>]
// CHECK: %[[E:.*]] = plan.launch @compress_8({{.*}}) rows [#plan.expr<T>]
// CHECK: plan.launch @commit_8({{.*}}) rows [] : {{.*}} -> ()
!h = tensor<?x8xf32>
!k = tensor<?x2xi32>
plan.stack @q "q" scale "s" layers [] : !scaled.tensor<7x64xf8E4M3FN, 128x128xf8E8M0FNU>
plan.stack @n "n" layers [] : tensor<8xf32>
plan.state @e "e" layers [] : !plan.log<8xf32 every 4>
plan.state @t "t" layers [] : !plan.log<2x8xf32 keep 4>
func.func @step(%x: !h {plan.input = "x", plan.rows = #plan.expr<T>},
                %v: tensor<?x64xf32> {plan.input = "v", plan.rows = #plan.expr<T>},
                %k: !k {plan.input = "k", plan.rows = #plan.expr<T>},
                %p: tensor<?xi32> {plan.input = "p", plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  %row, %off, %place = moe.group %k experts = 4 : !k -> tensor<?xi32>, tensor<5xi32>, !k
  %q = plan.weight @q[0] : !scaled.tensor<7x64xf8E4M3FN, 128x128xf8E8M0FNU>
  %y = scaled.linear %v, %q : tensor<?x64xf32>, !scaled.tensor<7x64xf8E4M3FN, 128x128xf8E8M0FNU> -> tensor<?x7xf32>
  %n = plan.weight @n[0] : tensor<8xf32>
  %e = plan.handle @e[0] : !plan.log<8xf32 every 4>
  %t = plan.handle @t[0] : !plan.log<2x8xf32 keep 4>
  %c = attn.compress %x, %x norm %n tail %t into %e at %b by <tail [1.0]> eps = 1.0e-6
    : !h, !h, tensor<8xf32>, !plan.log<2x8xf32 keep 4>, !plan.log<8xf32 every 4>, !plan.batch -> !plan.log<8xf32 every 4>
  attn.commit %x, %x to %t at %b : (!h, !h) to !plan.log<2x8xf32 keep 4>
  return
}
