// RUN: sluice-opt %s --sluice-fuse-indexer | FileCheck %s

// The rope whose only reader is the choice. Refused: queries that others read;
// queries that are no rope's.
// CHECK-LABEL: func.func @step
// CHECK:         plan.dispatch "index" -> (tensor<?x3xi32>) {
// CHECK-NEXT:      %[[Q:.*]] = attn.rope
// CHECK-NEXT:      attn.select %[[Q]]
// CHECK-NOT:     plan.dispatch
!q = tensor<?x8xf32>
!g = tensor<?x2xf32>
!s = tensor<?x3xi32>
!i = tensor<?xi32>
!k = !plan.log<4xf32 every 2>
#r = #attn.rope<tail [1.0, 0.5]>
plan.state @k "k" layers [] : !k
func.func @step(%x: !q {plan.rows = #plan.expr<T>}, %g: !g {plan.rows = #plan.expr<T>}, %p: !i {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : !i, !i, !i
  %k = plan.handle @k[0] : !k
  %q = attn.rope %x at %b by #r heads = 2 : !q -> !q
  %s = attn.select %q, %g in %k at %b top = 3 scale = 1.0 : !q, !g, !k -> !s
  %q2 = attn.rope inverse %x at %b by #r heads = 2 : !q -> !q
  %s2 = attn.select %q2, %g in %k at %b top = 3 scale = 1.0 : !q, !g, !k -> !s
  %s3 = attn.select %x, %g in %k at %b top = 3 scale = 1.0 : !q, !g, !k -> !s
  plan.output "logits" %q2 rows <T> : !q
  plan.output "a" %s rows <T> : !s
  plan.output "b" %s2 rows <T> : !s
  plan.output "c" %s3 rows <T> : !s
  return
}
