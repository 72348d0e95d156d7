// RUN: sluice-opt %s --split-input-file --sluice-fuse-row-tails | FileCheck %s

// Attention with its norm and ropes; what follows from the products of x; the
// commit beside the product of what attention made.
// CHECK-LABEL: func.func @step
// CHECK:         %[[T:.*]]:2 = plan.dispatch "tails" -> (tensor<?x8xf32>, tensor<?x4xf32>) {
// CHECK-NEXT:      hc.norm
// CHECK-NEXT:      %[[K:.*]] = hc.norm
// CHECK-NEXT:      attn.rope %[[K]]
// CHECK:         %[[O:.*]] = plan.dispatch "attend" -> (tensor<?x8xf32>) {
// CHECK-NEXT:      %[[N:.*]] = hc.norm
// CHECK-NEXT:      %[[Q:.*]] = attn.rope %[[N]]
// CHECK-NEXT:      %[[A:.*]] = attn.attend %[[Q]] at %{{.*}} over ring(%{{.*}}, %[[T]]#1)
// CHECK-NEXT:      attn.rope inverse %[[A]]
// CHECK:         plan.dispatch "project" -> (tensor<?x8xf32>) {
// CHECK-NEXT:      attn.commit %[[T]]#1
// CHECK-NEXT:      scaled.linear %[[O]]
!h = tensor<?x8xf32>
!k = tensor<?x4xf32>
!i = tensor<?xi32>
!r = !plan.log<4xf32 keep 4>
#r = #attn.rope<tail [1.0, 0.5]>
plan.state @r "r" layers [] : !r
plan.stack @w "w" layers [] : tensor<8x8xf32>
plan.stack @v "v" layers [] : tensor<4x8xf32>
func.func @step(%x: !h {plan.rows = #plan.expr<T>}, %p: !i {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : !i, !i, !i
  %r = plan.handle @r[0] : !r
  %w = plan.weight @w[0] : tensor<8x8xf32>
  %v = plan.weight @v[0] : tensor<4x8xf32>
  %a = scaled.linear %x, %w : !h, tensor<8x8xf32> -> !h
  %qr = hc.norm %a eps = 1.0 : !h -> !h
  %c = scaled.linear %x, %v : !h, tensor<4x8xf32> -> !k
  %kn = hc.norm %c eps = 1.0 : !k -> !k
  %kv = attn.rope %kn at %b by #r : !k -> !k
  %q0 = scaled.linear %qr, %w : !h, tensor<8x8xf32> -> !h
  %q1 = hc.norm %q0 heads = 2 eps = 1.0 : !h -> !h
  %q = attn.rope %q1 at %b by #r heads = 2 : !h -> !h
  %o1 = attn.attend %q at %b over ring(%r, %kv) heads = 2 scale = 1.0 : !h, !plan.batch, !r, !k -> !h
  attn.commit %kv to %r at %b : (!k) to !r
  %o = attn.rope inverse %o1 at %b by #r heads = 2 : !h -> !h
  %y = scaled.linear %o, %w : !h, tensor<8x8xf32> -> !h
  plan.output "logits" %y rows <T> : !h
  return
}

// -----

// Refused: queries that others read, a rope of other heads, a rounding between;
// the commit waits for a product of what attention made.
// CHECK-LABEL: func.func @step
// CHECK-NOT:     plan.dispatch "attend"
// CHECK-NOT:     plan.dispatch "project"
!h = tensor<?x8xf32>
!i = tensor<?xi32>
!r = !plan.log<4xf32 keep 4>
!k = tensor<?x4xf32>
#r = #attn.rope<tail [1.0, 0.5]>
#f = #attn.rope<tail [1.0]>
plan.state @r "r" layers [] : !r
plan.stack @w "w" layers [] : tensor<8x8xf32>
func.func @step(%x: !h {plan.rows = #plan.expr<T>}, %kv: !k {plan.rows = #plan.expr<T>}, %p: !i {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : !i, !i, !i
  %r = plan.handle @r[0] : !r
  %w = plan.weight @w[0] : tensor<8x8xf32>
  %q = attn.rope %x at %b by #r heads = 2 : !h -> !h
  attn.commit %kv to %r at %b : (!k) to !r
  %o1 = attn.attend %q at %b over ring(%r, %kv) heads = 2 scale = 1.0 : !h, !plan.batch, !r, !k -> !h
  %o = attn.rope inverse %o1 at %b by #f heads = 4 : !h -> !h
  %y = scaled.linear %x, %w : !h, tensor<8x8xf32> -> !h
  plan.output "logits" %o rows <T> : !h
  plan.output "q" %q rows <T> : !h
  plan.output "y" %y rows <T> : !h
  return
}
