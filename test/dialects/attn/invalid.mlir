// RUN: sluice-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expected at least one frequency}}
func.func private @no_frequency() attributes {rope = #attn.rope<tail []>}

// -----

func.func @rope_c1_heads(%x: tensor<?x32xf32>, %b: !plan.batch) {
  // expected-error @below {{expected heads to divide the 32 columns into heads of at least 2 channels, got 3 heads}}
  %y = attn.rope %x at %b by <tail [1.0]> heads = 3 : tensor<?x32xf32> -> tensor<?x32xf32>
  return
}

// -----

func.func @rope_c1_channels(%x: tensor<?x32xf32>, %b: !plan.batch) {
  // expected-error @below {{expected heads to divide the 32 columns into heads of at least 4 channels, got 16 heads}}
  %y = attn.rope %x at %b by <tail [1.0, 0.5]> heads = 16 : tensor<?x32xf32> -> tensor<?x32xf32>
  return
}

// -----

func.func @rope_c2_result(%x: tensor<?x32xf32>, %b: !plan.batch) {
  // expected-error @below {{expected a result of the shape of x, got 'tensor<?x16xf32>'}}
  %y = attn.rope %x at %b by <tail [1.0]> : tensor<?x32xf32> -> tensor<?x16xf32>
  return
}

// -----

func.func @commit_c1_paged(%x: tensor<?x8xf32>, %l: !plan.log<8xf32 every 4>, %b: !plan.batch) {
  // expected-error @below {{expected a ring, got '!plan.log<8xf32 every 4>'}}
  attn.commit %x to %l at %b : (tensor<?x8xf32>) to !plan.log<8xf32 every 4>
  return
}

// -----

func.func @commit_c2_number_of_parts(%x: tensor<?x8xf32>, %l: !plan.log<2x8xf32 keep 4>, %b: !plan.batch) {
  // expected-error @below {{expected 2 parts, as the rows of '!plan.log<2x8xf32 keep 4>' have, got 1}}
  attn.commit %x to %l at %b : (tensor<?x8xf32>) to !plan.log<2x8xf32 keep 4>
  return
}

// -----

func.func @commit_c2_columns(%x: tensor<?x8xf32>, %y: tensor<?x9xf32>, %l: !plan.log<2x8xf32 keep 4>, %b: !plan.batch) {
  // expected-error @below {{expected parts of 8 columns of 'f32', got 'tensor<?x9xf32>'}}
  attn.commit %x, %y to %l at %b : (tensor<?x8xf32>, tensor<?x9xf32>) to !plan.log<2x8xf32 keep 4>
  return
}

// -----

!t = !plan.log<2x8xf32 keep 4>
!e = !plan.log<8xf32 every 4>
func.func @compress_c1_columns(%x: tensor<?x8xf32>, %z: tensor<?x16xf32>, %n: tensor<8xf32>, %t: !t, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected c and z of 8 columns, got 'tensor<?x8xf32>' and 'tensor<?x16xf32>'}}
  %o = attn.compress %x, %z norm %n tail %t into %e at %b by <tail [1.0]> eps = 1.0
    : tensor<?x8xf32>, tensor<?x16xf32>, tensor<8xf32>, !t, !e, !plan.batch -> !e
  return
}

// -----

!t = !plan.log<2x16xf32 keep 8>
!e = !plan.log<8xf32 every 4>
func.func @compress_c1_overlap(%x: tensor<?x8xf32>, %n: tensor<8xf32>, %t: !t, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected c and z of 16 columns}}
  %o = attn.compress %x, %x norm %n tail %t into %e at %b by <tail [1.0]> overlap eps = 1.0
    : tensor<?x8xf32>, tensor<?x8xf32>, tensor<8xf32>, !t, !e, !plan.batch -> !e
  return
}

// -----

!t = !plan.log<2x8xf32 keep 8>
!e = !plan.log<8xf32 every 4>
func.func @compress_c2_keeps_too_many(%x: tensor<?x8xf32>, %n: tensor<8xf32>, %t: !t, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected a tail !plan.log<2x8xf32 keep 4>, got '!plan.log<2x8xf32 keep 8>'}}
  %o = attn.compress %x, %x norm %n tail %t into %e at %b by <tail [1.0]> eps = 1.0
    : tensor<?x8xf32>, tensor<?x8xf32>, tensor<8xf32>, !t, !e, !plan.batch -> !e
  return
}

// -----

!t = !plan.log<2x16xf32 keep 4>
!e = !plan.log<8xf32 every 4>
func.func @compress_c2_overlap_keeps_two_windows(%x: tensor<?x16xf32>, %n: tensor<8xf32>, %t: !t, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected a tail !plan.log<2x16xf32 keep 8>, got '!plan.log<2x16xf32 keep 4>'}}
  %o = attn.compress %x, %x norm %n tail %t into %e at %b by <tail [1.0]> overlap eps = 1.0
    : tensor<?x16xf32>, tensor<?x16xf32>, tensor<8xf32>, !t, !e, !plan.batch -> !e
  return
}

// -----

!t = !plan.log<8xf32 keep 4>
!e = !plan.log<8xf32 every 4>
func.func @compress_c2_one_part(%x: tensor<?x8xf32>, %n: tensor<8xf32>, %t: !t, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected a tail !plan.log<2x8xf32 keep 4>, got '!plan.log<8xf32 keep 4>'}}
  %o = attn.compress %x, %x norm %n tail %t into %e at %b by <tail [1.0]> eps = 1.0
    : tensor<?x8xf32>, tensor<?x8xf32>, tensor<8xf32>, !t, !e, !plan.batch -> !e
  return
}

// -----

!t = !plan.log<2x8xf32 keep 4>
!e = !plan.log<8xf32 every 4>
func.func @compress_c3_bias(%x: tensor<?x8xf32>, %a: tensor<8x8xf32>, %n: tensor<8xf32>, %t: !t, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected a bias of 4x8, got 'tensor<8x8xf32>'}}
  %o = attn.compress %x, %x bias %a norm %n tail %t into %e at %b by <tail [1.0]> eps = 1.0
    : tensor<?x8xf32>, tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>, !t, !e, !plan.batch -> !e
  return
}

// -----

!t = !plan.log<2x8xf32 keep 4>
!e = !plan.log<8xf32 every 4>
func.func @compress_c4_norm(%x: tensor<?x8xf32>, %n: tensor<4xf32>, %t: !t, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected a norm of 8 channels and a rope of at most as many, got 'tensor<4xf32>' and 2}}
  %o = attn.compress %x, %x norm %n tail %t into %e at %b by <tail [1.0]> eps = 1.0
    : tensor<?x8xf32>, tensor<?x8xf32>, tensor<4xf32>, !t, !e, !plan.batch -> !e
  return
}

// -----

!t = !plan.log<2x2xf32 keep 4>
!e = !plan.log<2xf32 every 4>
func.func @compress_c4_rope(%x: tensor<?x2xf32>, %n: tensor<2xf32>, %t: !t, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected a norm of 2 channels and a rope of at most as many, got 'tensor<2xf32>' and 4}}
  %o = attn.compress %x, %x norm %n tail %t into %e at %b by <tail [1.0, 0.5]> eps = 1.0
    : tensor<?x2xf32>, tensor<?x2xf32>, tensor<2xf32>, !t, !e, !plan.batch -> !e
  return
}

// -----

!t = !plan.log<2x8xf32 keep 1>
!e = !plan.log<8xf32 keep 4>
func.func @compress_c5_into_ring(%x: tensor<?x8xf32>, %n: tensor<8xf32>, %t: !t, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected `into` to be a paged log with rows of 8 numbers, got '!plan.log<8xf32 keep 4>'}}
  %o = attn.compress %x, %x norm %n tail %t into %e at %b by <tail [1.0]> eps = 1.0
    : tensor<?x8xf32>, tensor<?x8xf32>, tensor<8xf32>, !t, !e, !plan.batch -> !e
  return
}

// -----

!t = !plan.log<2x8xf32 keep 4>
!e = !plan.log<8xf32 every 4>
func.func @compress_result(%x: tensor<?x8xf32>, %n: tensor<8xf32>, %t: !t, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected a handle like `into`, got '!plan.log<8xf32 every 8>'}}
  %o = attn.compress %x, %x norm %n tail %t into %e at %b by <tail [1.0]> eps = 1.0
    : tensor<?x8xf32>, tensor<?x8xf32>, tensor<8xf32>, !t, !e, !plan.batch -> !plan.log<8xf32 every 8>
  return
}

// -----

func.func @select_c1_columns(%q: tensor<?x16xf32>, %g: tensor<?x4xf32>, %k: !plan.log<8xf32 every 4>, %b: !plan.batch) {
  // expected-error @below {{expected q of 32 columns, 4 heads of 8, got 'tensor<?x16xf32>'}}
  %s = attn.select %q, %g in %k at %b top = 3 scale = 1.0
    : tensor<?x16xf32>, tensor<?x4xf32>, !plan.log<8xf32 every 4> -> tensor<?x3xi32>
  return
}

// -----

func.func @select_c2_ring(%q: tensor<?x32xf32>, %g: tensor<?x4xf32>, %k: !plan.log<8xf32 keep 4>, %b: !plan.batch) {
  // expected-error @below {{expected the keys to be a paged log with rows of 8 numbers, got '!plan.log<8xf32 keep 4>'}}
  %s = attn.select %q, %g in %k at %b top = 3 scale = 1.0
    : tensor<?x32xf32>, tensor<?x4xf32>, !plan.log<8xf32 keep 4> -> tensor<?x3xi32>
  return
}

// -----

func.func @select_c3_result(%q: tensor<?x32xf32>, %g: tensor<?x4xf32>, %k: !plan.log<8xf32 every 4>, %b: !plan.batch) {
  // expected-error @below {{expected a result of 3 columns, got 'tensor<?x4xi32>'}}
  %s = attn.select %q, %g in %k at %b top = 3 scale = 1.0
    : tensor<?x32xf32>, tensor<?x4xf32>, !plan.log<8xf32 every 4> -> tensor<?x4xi32>
  return
}

// -----

!w = !plan.log<8xf32 keep 4>
func.func @attend_c1_columns(%q: tensor<?x24xf32>, %k: tensor<?x8xf32>, %w: !w, %b: !plan.batch) {
  // expected-error @below {{expected q and the result of 16 columns, 2 heads of 8, got 'tensor<?x24xf32>' and 'tensor<?x24xf32>'}}
  %o = attn.attend %q at %b over ring(%w, %k) heads = 2 scale = 1.0 : tensor<?x24xf32>, !plan.batch, !w, tensor<?x8xf32> -> tensor<?x24xf32>
  return
}

// -----

!w = !plan.log<8xf32 keep 4>
func.func @attend_c1_result(%q: tensor<?x16xf32>, %k: tensor<?x8xf32>, %w: !w, %b: !plan.batch) {
  // expected-error @below {{expected q and the result of 16 columns, 2 heads of 8, got 'tensor<?x16xf32>' and 'tensor<?x8xf32>'}}
  %o = attn.attend %q at %b over ring(%w, %k) heads = 2 scale = 1.0 : tensor<?x16xf32>, !plan.batch, !w, tensor<?x8xf32> -> tensor<?x8xf32>
  return
}

// -----

!w = !plan.log<8xf32>
func.func @attend_c2_paged_window(%q: tensor<?x16xf32>, %k: tensor<?x8xf32>, %w: !w, %b: !plan.batch) {
  // expected-error @below {{expected the window to be a ring with rows of 8 'f32', got '!plan.log<8xf32>'}}
  %o = attn.attend %q at %b over ring(%w, %k) heads = 2 scale = 1.0 : tensor<?x16xf32>, !plan.batch, !w, tensor<?x8xf32> -> tensor<?x16xf32>
  return
}

// -----

!w = !plan.log<4xf32 keep 4>
func.func @attend_c2_row(%q: tensor<?x16xf32>, %k: tensor<?x8xf32>, %w: !w, %b: !plan.batch) {
  // expected-error @below {{expected the window to be a ring with rows of 8 'f32', got '!plan.log<4xf32 keep 4>'}}
  %o = attn.attend %q at %b over ring(%w, %k) heads = 2 scale = 1.0 : tensor<?x16xf32>, !plan.batch, !w, tensor<?x8xf32> -> tensor<?x16xf32>
  return
}

// -----

!w = !plan.log<8xf32 keep 4>
!e = !plan.log<16xf32 every 4>
func.func @attend_c3_entries(%q: tensor<?x16xf32>, %k: tensor<?x8xf32>, %w: !w, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected the entries to be a paged log with rows of 8 'f32', got '!plan.log<16xf32 every 4>'}}
  %o = attn.attend %q at %b over ring(%w, %k) entries %e heads = 2 scale = 1.0 : tensor<?x16xf32>, !plan.batch, !w, tensor<?x8xf32>, !e -> tensor<?x16xf32>
  return
}

// -----

!w = !plan.log<8xf32 keep 4>
func.func @attend_c4_picked_from_nothing(%q: tensor<?x16xf32>, %k: tensor<?x8xf32>, %w: !w, %s: tensor<?x3xi32>, %b: !plan.batch) {
  // expected-error @below {{expected entries for `picked` to pick from}}
  %o = attn.attend %q at %b over ring(%w, %k) picked %s heads = 2 scale = 1.0 : tensor<?x16xf32>, !plan.batch, !w, tensor<?x8xf32>, tensor<?x3xi32> -> tensor<?x16xf32>
  return
}

// -----

!w = !plan.log<8xf32 keep 4>
func.func @attend_c5_sinks(%q: tensor<?x16xf32>, %k: tensor<?x8xf32>, %w: !w, %s: tensor<16xf32>, %b: !plan.batch) {
  // expected-error @below {{expected one sink a head, 2, got 'tensor<16xf32>'}}
  %o = attn.attend %q at %b over ring(%w, %k) sinks %s heads = 2 scale = 1.0 : tensor<?x16xf32>, !plan.batch, !w, tensor<?x8xf32>, tensor<16xf32> -> tensor<?x16xf32>
  return
}

// -----

!e = !plan.log<12xf32 every 4>
func.func @compress_c6_rounding(%c: tensor<?x12xf32>, %n: tensor<12xf32>, %t: !plan.log<2x12xf32 keep 4>, %e: !e, %b: !plan.batch) {
  // expected-error @below {{expected a rounding that fits 12 channels, got #scaled.rounding<f4E2M1FN group 4 hadamard>}}
  %r = attn.compress %c, %c norm %n tail %t into %e at %b by <tail [1.0]> rounding <f4E2M1FN group 4 hadamard> eps = 1.0e-6
    : tensor<?x12xf32>, tensor<?x12xf32>, tensor<12xf32>, !plan.log<2x12xf32 keep 4>, !e, !plan.batch -> !e
  return
}

// -----

!w = !plan.log<8xf32 keep 4>
func.func @attend_c2_types(%q: tensor<?x16xbf16>, %k: tensor<?x8xbf16>, %w: !w, %b: !plan.batch) {
  // expected-error @below {{expected the window to be a ring with rows of 8 'bf16', got '!plan.log<8xf32 keep 4>'}}
  %o = attn.attend %q at %b over ring(%w, %k) heads = 2 scale = 1.0 : tensor<?x16xbf16>, !plan.batch, !w, tensor<?x8xbf16> -> tensor<?x16xbf16>
  return
}
