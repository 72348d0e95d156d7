// RUN: sluice-opt %s --split-input-file --verify-diagnostics

func.func @route_c1_top_k(%l: tensor<?x4xf32>) {
  // expected-error @below {{top_k = 6 exceeds the 4 routed experts}}
  %w, %e = moe.route %l scoring = none top_k = 6 scale = 1.0 : tensor<?x4xf32> -> tensor<?x6xf32>, tensor<?x6xi32>
  return
}

// -----

// expected-note @below {{experts are dim 1 of these logits}}
func.func @route_c2_bias(%l: tensor<?x4xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{expected bias of 4 entries, one per expert, got 'tensor<3xf32>'}}
  %w, %e = moe.route %l bias %b scoring = none top_k = 2 scale = 1.0
    : tensor<?x4xf32>, tensor<3xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

func.func @route_c3_table_and_bias(%l: tensor<?x4xf32>, %b: tensor<4xf32>, %t: tensor<9x2xi64>, %i: tensor<?xi32>) {
  // expected-error @below {{expected a table with ids, or a bias, or neither}}
  %w, %e = moe.route %l bias %b table %t[%i] scoring = none top_k = 2 scale = 1.0
    : tensor<?x4xf32>, tensor<4xf32>, tensor<9x2xi64>, tensor<?xi32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

func.func @route_c3_table_without_ids(%l: tensor<?x4xf32>, %t: tensor<9x2xi64>) {
  // expected-error @below {{expected a table with ids, or a bias, or neither}}
  %w, %e = "moe.route"(%l, %t) {operandSegmentSizes = array<i32: 1, 0, 1, 0>, scoring = 0 : i32, top_k = 2 : i64, scale = 1.0 : f32}
    : (tensor<?x4xf32>, tensor<9x2xi64>) -> (tensor<?x2xf32>, tensor<?x2xi32>)
  return
}

// -----

func.func @route_c3_columns_of_table(%l: tensor<?x4xf32>, %t: tensor<9x3xi64>, %i: tensor<?xi32>) {
  // expected-error @below {{expected a table of 2 columns, got 'tensor<9x3xi64>'}}
  %w, %e = moe.route %l table %t[%i] scoring = none top_k = 2 scale = 1.0
    : tensor<?x4xf32>, tensor<9x3xi64>, tensor<?xi32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

func.func @route_c4_results(%l: tensor<?x4xf32>) {
  // expected-error @below {{expected results of 2 columns, got 'tensor<?x2xf32>' and 'tensor<?x3xi32>'}}
  %w, %e = moe.route %l scoring = none top_k = 2 scale = 1.0 : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x3xi32>
  return
}

// -----

func.func @route_no_expert_a_row(%l: tensor<?x4xf32>) {
  // expected-error @below {{attribute 'top_k' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %w, %e = moe.route %l scoring = none top_k = 0 scale = 1.0 : tensor<?x4xf32> -> tensor<?x0xf32>, tensor<?x0xi32>
  return
}

// -----

func.func @group_c1_offsets(%e: tensor<?x2xi32>) {
  // expected-error @below {{expected offsets of 9 entries and place like the experts, got 'tensor<8xi32>' and 'tensor<?x2xi32>'}}
  %r, %o, %p = moe.group %e experts = 8 : tensor<?x2xi32> -> tensor<?xi32>, tensor<8xi32>, tensor<?x2xi32>
  return
}

// -----

func.func @group_c1_place(%e: tensor<?x2xi32>) {
  // expected-error @below {{expected offsets of 9 entries and place like the experts, got 'tensor<9xi32>' and 'tensor<?x3xi32>'}}
  %r, %o, %p = moe.group %e experts = 8 : tensor<?x2xi32> -> tensor<?xi32>, tensor<9xi32>, tensor<?x3xi32>
  return
}

// -----

func.func @matmul_c1_two_dimensions(%x: tensor<?x64xf32>, %w: tensor<32x64xf32>, %o: tensor<9xi32>) {
  // expected-error @below {{expected x [.., C], a weight [E, O, C] and offsets [E + 1], got 'tensor<?x64xf32>', 'tensor<32x64xf32>' and 'tensor<9xi32>'}}
  %y = moe.matmul %x, %w by %o : tensor<?x64xf32>, tensor<32x64xf32>, tensor<9xi32> -> tensor<?x32xf32>
  return
}

// -----

func.func @matmul_c1_columns(%x: tensor<?x63xf32>, %w: tensor<8x32x64xf32>, %o: tensor<9xi32>) {
  // expected-error @below {{expected x [.., C], a weight [E, O, C] and offsets [E + 1]}}
  %y = moe.matmul %x, %w by %o : tensor<?x63xf32>, tensor<8x32x64xf32>, tensor<9xi32> -> tensor<?x32xf32>
  return
}

// -----

func.func @matmul_c1_offsets(%x: tensor<?x64xf32>, %w: tensor<8x32x64xf32>, %o: tensor<8xi32>) {
  // expected-error @below {{expected x [.., C], a weight [E, O, C] and offsets [E + 1]}}
  %y = moe.matmul %x, %w by %o : tensor<?x64xf32>, tensor<8x32x64xf32>, tensor<8xi32> -> tensor<?x32xf32>
  return
}

// -----

func.func @matmul_c2_result(%x: tensor<?x64xf32>, %w: tensor<8x32x64xf32>, %o: tensor<9xi32>) {
  // expected-error @below {{expected a result of 32 columns, got 'tensor<?x64xf32>'}}
  %y = moe.matmul %x, %w by %o : tensor<?x64xf32>, tensor<8x32x64xf32>, tensor<9xi32> -> tensor<?x64xf32>
  return
}

// -----

func.func @glu_c1_types(%g: tensor<?x4xf32>, %u: tensor<?x5xf32>) {
  // expected-error @below {{expected gate, up and result of one shape, got 'tensor<?x4xf32>', 'tensor<?x5xf32>' and 'tensor<?x4xf32>'}}
  %y = moe.glu %g, %u : tensor<?x4xf32>, tensor<?x5xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @combine_c1_place(%y: tensor<?x4xf32>, %w: tensor<?x2xf32>, %p: tensor<?x3xi32>) {
  // expected-error @below {{expected weights like place, got 'tensor<?x2xf32>' and 'tensor<?x3xi32>'}}
  %o = moe.combine %y, %w at %p : tensor<?x4xf32>, tensor<?x2xf32>, tensor<?x3xi32> -> tensor<?x4xf32>
  return
}

// -----

func.func @combine_c1_columns(%y: tensor<?x4xf32>, %w: tensor<?x2xf32>, %p: tensor<?x2xi32>) {
  // expected-error @below {{expected a result of 4 columns, got 'tensor<?x5xf32>'}}
  %o = moe.combine %y, %w at %p : tensor<?x4xf32>, tensor<?x2xf32>, tensor<?x2xi32> -> tensor<?x5xf32>
  return
}

// -----

func.func @glu_c2_row(%g: tensor<?x4xf32>, %w: tensor<?x2xf32>, %p: tensor<?xi32>) {
  // expected-error @below {{expected times with row, or neither}}
  %y = "moe.glu"(%g, %g, %w) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> : (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x2xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @combine_c1_plus(%y: tensor<?x4xf32>, %p: tensor<?x2xi32>, %z: tensor<?x5xf32>) {
  // expected-error @below {{expected a result of 4 columns, like 'tensor<?x5xf32>', got 'tensor<?x4xf32>'}}
  %o = moe.combine %y at %p plus %z : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x5xf32> -> tensor<?x4xf32>
  return
}
