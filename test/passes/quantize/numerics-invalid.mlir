// RUN: sluice-opt %s --split-input-file --sluice-numerics=mode=native --verify-diagnostics
// RUN: not sluice-opt %s --sluice-numerics=mode=fast 2>&1 | FileCheck %s
// CHECK: expected the numeric mode exact, bf16 or native, got "fast"

!k = !plan.log<24xf32 every 4>
func.func @step(%q: tensor<?x48xf32> {plan.input = "q", plan.rows = #plan.expr<T>}, %g: tensor<?x2xf32>, %p: tensor<?xi32>) attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  %k = plan.handle @k[0] : !k
  // expected-error @below {{expected index queries of a power of two channels for native numerics, got 24}}
  %s = attn.select %q, %g in %k at %b top = 3 scale = 1.0 : tensor<?x48xf32>, tensor<?x2xf32>, !k -> tensor<?x3xi32>
  return
}
plan.state @k "k" layers [] : !k
