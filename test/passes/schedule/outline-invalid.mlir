// RUN: sluice-opt %s --split-input-file --verify-diagnostics --sluice-outline

// expected-error @below {{expected a function with the attribute plan.entry, found none}}
module {}

// -----

func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}) attributes {plan.entry} {
  // expected-error @below {{no kernel can be made of arith.mulf: expected an op of the model IR or arith.addf of tensors}}
  %y = arith.mulf %x, %x : tensor<?x8xf32>
  return
}

// -----

// A scalar sum is no kernel.
func.func @step(%x: f32) attributes {plan.entry} {
  // expected-error @below {{no kernel can be made of arith.addf}}
  %y = arith.addf %x, %x : f32
  return
}

// -----

func.func @step(%x: tensor<?x8xf32>) attributes {plan.entry} {
  // expected-error @below {{expected rows that follow from the plan.rows of the entry's arguments, this 'tensor<?x8xf32>' has none}}
  %y = arith.addf %x, %x : tensor<?x8xf32>
  return
}
