// RUN: sluice-opt %s --split-input-file --sluice-schedule | FileCheck %s

// A commit comes after the last reader of its ring and no later; a reader of
// another layer's ring holds nothing back. Outputs come last.
// CHECK-LABEL: func.func @step
// CHECK:         %[[R0:.*]] = plan.handle @r[0]
// CHECK:         %[[R1:.*]] = plan.handle @r[1]
// CHECK:         %[[AGAIN:.*]] = plan.handle @r[0]
// CHECK-NOT:     plan.output
// CHECK:         plan.launch @commit(%arg0, %[[R1]],
// CHECK-NEXT:    %[[O0:.*]] = plan.launch @attend(%arg0, %{{.*}}, %[[R0]],
// CHECK-NEXT:    %[[O1:.*]] = plan.launch @attend(%[[O0]], %{{.*}}, %[[AGAIN]],
// CHECK-NEXT:    plan.launch @commit(%arg0, %[[R0]],
// CHECK-NEXT:    %[[O2:.*]] = plan.launch @norm(%[[O1]])
// CHECK-NEXT:    plan.output "early" %[[O0]]
// CHECK-NEXT:    plan.output "logits" %[[O2]]
// CHECK-NEXT:    return
!h = tensor<?x8xf32>
!i = tensor<?xi32>
!r = !plan.log<8xf32 keep 4>
plan.state @r "{}.r" layers [0, 1] : !r
plan.kernel @commit(%x: !h, %r: !r, %b: !plan.batch) rows #plan.expr<T> {
  attn.commit %x to %r at %b : (!h) to !r
  plan.yield
}
plan.kernel @attend(%x: !h, %b: !plan.batch, %r: !r, %k: !h) rows #plan.expr<T> {
  %o = attn.attend %x at %b over ring(%r, %k) heads = 1 scale = 1.0 : !h, !plan.batch, !r, !h -> !h
  plan.yield %o : !h
}
plan.kernel @norm(%x: !h) rows #plan.expr<T> {
  %o = hc.norm %x eps = 1.0 : !h -> !h
  plan.yield %o : !h
}
func.func @step(%x: !h {plan.rows = #plan.expr<T>}, %p: !i {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : !i, !i, !i
  %r0 = plan.handle @r[0] : !r
  plan.launch @commit(%x, %r0, %b) rows [] : (!h, !r, !plan.batch) -> ()
  %r1 = plan.handle @r[1] : !r
  plan.launch @commit(%x, %r1, %b) rows [] : (!h, !r, !plan.batch) -> ()
  %o0 = plan.launch @attend(%x, %b, %r0, %x) rows [#plan.expr<T>] : (!h, !plan.batch, !r, !h) -> !h
  plan.output "early" %o0 rows <T> : !h
  %again = plan.handle @r[0] : !r
  %o1 = plan.launch @attend(%o0, %b, %again, %x) rows [#plan.expr<T>] : (!h, !plan.batch, !r, !h) -> !h
  %o2 = plan.launch @norm(%o1) rows [#plan.expr<T>] : (!h) -> !h
  plan.output "logits" %o2 rows <T> : !h
  return
}

// -----

// Logs stop being results: the kernel yields none, readers take the handle, and
// still come after the writer.
// CHECK-LABEL: plan.kernel @compress
// CHECK:         %{{.*}} = attn.compress
// CHECK-NEXT:    plan.yield{{$}}
// CHECK-LABEL: func.func @step
// CHECK:         %[[E:.*]] = plan.handle @e[0]
// CHECK:         plan.launch @compress({{.*}}) rows [] : {{.*}} -> ()
// CHECK-NEXT:    plan.launch @commit2(
// CHECK-NEXT:    %[[S:.*]] = plan.launch @select(%arg0, %arg1, %[[E]], %{{.*}})
!h = tensor<?x8xf32>
!i = tensor<?xi32>
!c = tensor<?x1xf32>
plan.state @e "e" layers [] : !plan.log<8xf32 every 4>
plan.state @t "t" layers [] : !plan.log<2x8xf32 keep 4>
plan.kernel @compress(%x: !h, %n: tensor<8xf32>, %t: !plan.log<2x8xf32 keep 4>, %e: !plan.log<8xf32 every 4>, %b: !plan.batch) rows #plan.expr<T> {
  %c = attn.compress %x, %x norm %n tail %t into %e at %b by <tail [1.0]> eps = 1.0e-6
    : !h, !h, tensor<8xf32>, !plan.log<2x8xf32 keep 4>, !plan.log<8xf32 every 4>, !plan.batch -> !plan.log<8xf32 every 4>
  plan.yield %c : !plan.log<8xf32 every 4>
}
plan.kernel @commit2(%x: !h, %t: !plan.log<2x8xf32 keep 4>, %b: !plan.batch) rows #plan.expr<T> {
  attn.commit %x, %x to %t at %b : (!h, !h) to !plan.log<2x8xf32 keep 4>
  plan.yield
}
plan.kernel @select(%q: !h, %g: !c, %e: !plan.log<8xf32 every 4>, %b: !plan.batch) rows #plan.expr<T> {
  %s = attn.select %q, %g in %e at %b top = 3 scale = 1.0 : !h, !c, !plan.log<8xf32 every 4> -> tensor<?x3xi32>
  plan.yield %s : tensor<?x3xi32>
}
func.func @step(%x: !h {plan.rows = #plan.expr<T>}, %g: !c {plan.rows = #plan.expr<T>}, %p: !i {plan.rows = #plan.expr<T>}, %n: tensor<8xf32>) attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : !i, !i, !i
  %e = plan.handle @e[0] : !plan.log<8xf32 every 4>
  %t = plan.handle @t[0] : !plan.log<2x8xf32 keep 4>
  plan.launch @commit2(%x, %t, %b) rows [] : (!h, !plan.log<2x8xf32 keep 4>, !plan.batch) -> ()
  %w = plan.launch @compress(%x, %n, %t, %e, %b) rows [#plan.expr<T>]
    : (!h, tensor<8xf32>, !plan.log<2x8xf32 keep 4>, !plan.log<8xf32 every 4>, !plan.batch) -> !plan.log<8xf32 every 4>
  %s = plan.launch @select(%x, %g, %w, %b) rows [#plan.expr<T>] : (!h, !c, !plan.log<8xf32 every 4>, !plan.batch) -> tensor<?x3xi32>
  plan.output "sel" %s rows <T> : tensor<?x3xi32>
  return
}
