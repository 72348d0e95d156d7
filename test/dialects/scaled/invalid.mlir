// RUN: sluice-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expected two or three static dimensions}}
func.func private @one_dimension(!scaled.tensor<64xf8E4M3FN, 128x128xf8E8M0FNU>)

// -----

// expected-error @below {{expected two or three static dimensions}}
func.func private @empty(!scaled.tensor<0x64xf8E4M3FN, 128x128xf8E8M0FNU>)

// -----

// expected-error @below {{expected static shape}}
func.func private @dynamic(!scaled.tensor<?x64xf8E4M3FN, 128x128xf8E8M0FNU>)

// -----

// expected-error @below {{expected elements of f8E4M3FN or f4E2M1FN, got 'f8E5M2'}}
func.func private @elements(!scaled.tensor<8x64xf8E5M2, 128x128xf8E8M0FNU>)

// -----

// expected-error @below {{expected scales of f8E8M0FNU or f32, got 'bf16'}}
func.func private @scales(!scaled.tensor<8x64xf8E4M3FN, 128x128xbf16>)

// -----

// expected-error @below {{expected blocks of at least one row and a multiple of 16 columns, got 1x24}}
func.func private @block(!scaled.tensor<8x64xf8E4M3FN, 1x24xf32>)

// -----

// expected-error @below {{expected a block of two dimensions, got 1}}
func.func private @block_dimensions(!scaled.tensor<8x64xf8E4M3FN, 32xf32>)

// -----

// expected-error @below {{expected an even number of f4E2M1FN columns, got 63}}
func.func private @odd_fp4(!scaled.tensor<8x63xf4E2M1FN, 1x32xf32>)

// -----

func.func @linear_weight_of_three(%x: tensor<?x64xf32>, %w: tensor<2x8x64xf32>) {
  // expected-error @below {{expected a weight [outputs, inputs], got 'tensor<2x8x64xf32>'}}
  %y = scaled.linear %x, %w : tensor<?x64xf32>, tensor<2x8x64xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @linear_c1_columns(%x: tensor<?x64xf32>, %w: tensor<8x64xf32>) {
  // expected-error @below {{expected x of 128 columns, 2 groups of 64, got 'tensor<?x64xf32>'}}
  %y = scaled.linear %x, %w groups = 2 : tensor<?x64xf32>, tensor<8x64xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @linear_c2_groups(%x: tensor<?x192xf32>, %w: tensor<8x64xf32>) {
  // expected-error @below {{expected groups to divide the 8 rows of the weight, got 3}}
  %y = scaled.linear %x, %w groups = 3 : tensor<?x192xf32>, tensor<8x64xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @linear_c3_result(%x: tensor<?x64xf32>, %w: !scaled.tensor<8x64xf8E4M3FN, 128x128xf32>) {
  // expected-error @below {{expected a result of the rows of x and 8 columns, got 'tensor<?x64xf32>'}}
  %y = scaled.linear %x, %w : tensor<?x64xf32>, !scaled.tensor<8x64xf8E4M3FN, 128x128xf32> -> tensor<?x64xf32>
  return
}

// -----

func.func @linear_weight_type(%x: tensor<?x64xf32>, %w: tensor<8x64xf16>) {
  // expected-error @below {{operand #1 must be a weight, but got 'tensor<8x64xf16>'}}
  %y = scaled.linear %x, %w : tensor<?x64xf32>, tensor<8x64xf16> -> tensor<?x8xf32>
  return
}

// -----

func.func @take_c1_columns(%t: tensor<9x8xf32>, %i: tensor<?xi32>) {
  // expected-error @below {{expected a result like the table with one row an index, got 'tensor<?x9xf32>' from 'tensor<9x8xf32>'}}
  %y = scaled.take %t[%i] : tensor<9x8xf32>, tensor<?xi32> -> tensor<?x9xf32>
  return
}

// -----

func.func @take_c1_rows(%t: tensor<9x8xf32>, %i: tensor<3xi32>) {
  // expected-error @below {{expected a result like the table with one row an index, got 'tensor<9x8xf32>' from 'tensor<9x8xf32>'}}
  %y = scaled.take %t[%i] : tensor<9x8xf32>, tensor<3xi32> -> tensor<9x8xf32>
  return
}

// -----

func.func @round_c1_heads(%x: tensor<?x10xbf16>) {
  // expected-error @below {{expected heads to divide the 10 columns of x, got 3}}
  %y = scaled.round %x by <f8E4M3FN group 4> heads = 3 : tensor<?x10xbf16> -> tensor<?x10xbf16>
  return
}

// -----

func.func @round_c2_channels(%x: tensor<?x8xbf16>) {
  // expected-error @below {{expected a rounding that fits heads of 4 channels, got #scaled.rounding<f8E4M3FN group 4 of 6>}}
  %y = scaled.round %x by <f8E4M3FN group 4 of 6> heads = 2 : tensor<?x8xbf16> -> tensor<?x8xbf16>
  return
}

// -----

func.func @round_c2_hadamard(%x: tensor<?x12xbf16>) {
  // expected-error @below {{expected a rounding that fits heads of 12 channels, got #scaled.rounding<f4E2M1FN group 4 hadamard>}}
  %y = scaled.round %x by <f4E2M1FN group 4 hadamard> : tensor<?x12xbf16> -> tensor<?x12xbf16>
  return
}

// -----

func.func @round_c3_shape(%x: tensor<?x12xbf16>) {
  // expected-error @below {{expected a result of the shape of x, got 'tensor<?x8xbf16>'}}
  %y = scaled.round %x by <f8E4M3FN group 4> : tensor<?x12xbf16> -> tensor<?x8xbf16>
  return
}

// -----

// expected-error @below {{expected f8E4M3FN or f4E2M1FN, got 'bf16'}}
func.func private @rounding_type() attributes {r = #scaled.rounding<bf16 group 4>}

// -----

// expected-error @below {{expected groups of at least one channel}}
func.func private @rounding_group() attributes {r = #scaled.rounding<f8E4M3FN group 0>}
