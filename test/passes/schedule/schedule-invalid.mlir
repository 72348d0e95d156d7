// RUN: sluice-opt %s --split-input-file --verify-diagnostics --sluice-schedule

// expected-error @below {{expected a function with the attribute plan.entry, found none}}
module {}

// -----

func.func @step(%x: tensor<?x8xf32>) attributes {plan.entry} {
  // expected-error @below {{expected only launches, weights, handles, batches and outputs in the step: run sluice-outline first}}
  %y = hc.norm %x eps = 1.0 : tensor<?x8xf32> -> tensor<?x8xf32>
  return
}

// -----

// L1: two commits to one ring.
!h = tensor<?x8xf32>
!i = tensor<?xi32>
!r = !plan.log<8xf32 keep 4>
plan.state @r "{}.r" layers [0, 1] : !r
plan.kernel @commit(%x: !h, %r: !r, %b: !plan.batch) rows #plan.expr<T> {
  attn.commit %x to %r at %b : (!h) to !r
  plan.yield
}
func.func @step(%x: !h, %p: !i) attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : !i, !i, !i
  %r0 = plan.handle @r[0] : !r
  %r1 = plan.handle @r[0] : !r
  // expected-note @below {{the first is here}}
  plan.launch @commit(%x, %r0, %b) rows [] : (!h, !r, !plan.batch) -> ()
  // expected-error @below {{law L1: expected one commit a ring, this is the second}}
  plan.launch @commit(%x, %r1, %b) rows [] : (!h, !r, !plan.batch) -> ()
  return
}

// -----

// L2: the reader needs what the launch of the commit makes.
!h = tensor<?x8xf32>
!i = tensor<?xi32>
!r = !plan.log<8xf32 keep 4>
plan.state @r "r" layers [] : !r
plan.kernel @commit(%x: !h, %r: !r, %b: !plan.batch) rows #plan.expr<T> {
  attn.commit %x to %r at %b : (!h) to !r
  plan.yield %x : !h
}
plan.kernel @attend(%x: !h, %b: !plan.batch, %r: !r, %k: !h) rows #plan.expr<T> {
  %o = attn.attend %x at %b over ring(%r, %k) heads = 1 scale = 1.0 : !h, !plan.batch, !r, !h -> !h
  plan.yield %o : !h
}
func.func @step(%x: !h, %p: !i) attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : !i, !i, !i
  %r = plan.handle @r[0] : !r
  // expected-error @below {{law L2: no order of launches puts every commit after the readers of its ring; this launch waits for itself}}
  %y = plan.launch @commit(%x, %r, %b) rows [#plan.expr<T>] : (!h, !r, !plan.batch) -> !h
  %o = plan.launch @attend(%x, %b, %r, %y) rows [#plan.expr<T>] : (!h, !plan.batch, !r, !h) -> !h
  return
}

// -----

// A ring that is nobody's state.
!h = tensor<?x8xf32>
!i = tensor<?xi32>
!r = !plan.log<8xf32 keep 4>
plan.kernel @commit(%x: !h, %r: !r, %b: !plan.batch) rows #plan.expr<T> {
  attn.commit %x to %r at %b : (!h) to !r
  plan.yield
}
func.func @step(%x: !h, %p: !i, %r: !r) attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : !i, !i, !i
  // expected-error @below {{expected a log that goes back to a plan.handle through the kernels that wrote it}}
  plan.launch @commit(%x, %r, %b) rows [] : (!h, !r, !plan.batch) -> ()
  return
}

// -----

// A returned log that comes from nowhere.
!h = tensor<?x8xf32>
!e = !plan.log<8xf32>
plan.kernel @odd(%x: !h, %s: !plan.scope) rows #plan.expr<T> {
  %o = plan.log %s "b" : !e
  plan.yield %o : !e
}
func.func @step(%x: !h, %s: !plan.scope) attributes {plan.entry} {
  // expected-error @below {{expected a log that goes back to a plan.handle through the kernels that wrote it}}
  %o = plan.launch @odd(%x, %s) rows [#plan.expr<T>] : (!h, !plan.scope) -> !e
  return
}
