// RUN: sluice-opt %s --split-input-file --verify-diagnostics

func.func @expand_c1_channels(%x: tensor<?x8xf32>) {
  // expected-error @below {{expected streams [rows, n, channels] of 'tensor<?x8xf32>', got 'tensor<?x4x9xf32>'}}
  %X = hc.expand %x : tensor<?x8xf32> -> tensor<?x4x9xf32>
  return
}

// -----

func.func @expand_c1_unknown_streams(%x: tensor<?x8xf32>) {
  // expected-error @below {{expected streams [rows, n, channels] of 'tensor<?x8xf32>', got 'tensor<?x?x8xf32>'}}
  %X = hc.expand %x : tensor<?x8xf32> -> tensor<?x?x8xf32>
  return
}

// -----

func.func @pre_c1_fn(%X: tensor<?x2x8xf32>, %f: tensor<8x15xf32>, %b: tensor<8xf32>, %m: tensor<3xf32>) {
  // expected-error @below {{expected fn of shape 'tensor<8x16xf32>', got 'tensor<8x15xf32>'}}
  %x, %p, %c = hc.pre %X, %f, %b, %m iters = 2 eps = 1.0 norm_eps = 1.0
    : tensor<?x2x8xf32>, tensor<8x15xf32>, tensor<8xf32>, tensor<3xf32> -> tensor<?x8xf32>, tensor<?x2xf32>, tensor<?x2x2xf32>
  return
}

// -----

func.func @pre_c1_base(%X: tensor<?x2x8xf32>, %f: tensor<8x16xf32>, %b: tensor<9xf32>, %m: tensor<3xf32>) {
  // expected-error @below {{expected base of shape 'tensor<8xf32>', got 'tensor<9xf32>'}}
  %x, %p, %c = hc.pre %X, %f, %b, %m iters = 2 eps = 1.0 norm_eps = 1.0
    : tensor<?x2x8xf32>, tensor<8x16xf32>, tensor<9xf32>, tensor<3xf32> -> tensor<?x8xf32>, tensor<?x2xf32>, tensor<?x2x2xf32>
  return
}

// -----

func.func @pre_c1_mul(%X: tensor<?x2x8xf32>, %f: tensor<8x16xf32>, %b: tensor<8xf32>, %m: tensor<1xf32>) {
  // expected-error @below {{expected mul of shape 'tensor<3xf32>', got 'tensor<1xf32>'}}
  %x, %p, %c = hc.pre %X, %f, %b, %m iters = 2 eps = 1.0 norm_eps = 1.0
    : tensor<?x2x8xf32>, tensor<8x16xf32>, tensor<8xf32>, tensor<1xf32> -> tensor<?x8xf32>, tensor<?x2xf32>, tensor<?x2x2xf32>
  return
}

// -----

func.func @pre_c2_x(%X: tensor<?x2x8xf32>, %f: tensor<8x16xf32>, %b: tensor<8xf32>, %m: tensor<3xf32>) {
  // expected-error @below {{expected x of shape 'tensor<?x8xf32>', got 'tensor<?x16xf32>'}}
  %x, %p, %c = hc.pre %X, %f, %b, %m iters = 2 eps = 1.0 norm_eps = 1.0
    : tensor<?x2x8xf32>, tensor<8x16xf32>, tensor<8xf32>, tensor<3xf32> -> tensor<?x16xf32>, tensor<?x2xf32>, tensor<?x2x2xf32>
  return
}

// -----

func.func @pre_c2_post(%X: tensor<?x2x8xf32>, %f: tensor<8x16xf32>, %b: tensor<8xf32>, %m: tensor<3xf32>) {
  // expected-error @below {{expected post of shape 'tensor<?x2xf32>', got 'tensor<?x4xf32>'}}
  %x, %p, %c = hc.pre %X, %f, %b, %m iters = 2 eps = 1.0 norm_eps = 1.0
    : tensor<?x2x8xf32>, tensor<8x16xf32>, tensor<8xf32>, tensor<3xf32> -> tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x2x2xf32>
  return
}

// -----

func.func @pre_c2_comb(%X: tensor<?x2x8xf32>, %f: tensor<8x16xf32>, %b: tensor<8xf32>, %m: tensor<3xf32>) {
  // expected-error @below {{expected comb of shape 'tensor<?x2x2xf32>', got 'tensor<?x2x4xf32>'}}
  %x, %p, %c = hc.pre %X, %f, %b, %m iters = 2 eps = 1.0 norm_eps = 1.0
    : tensor<?x2x8xf32>, tensor<8x16xf32>, tensor<8xf32>, tensor<3xf32> -> tensor<?x8xf32>, tensor<?x2xf32>, tensor<?x2x4xf32>
  return
}

// -----

func.func @pre_without_iterations(%X: tensor<?x2x8xf32>, %f: tensor<8x16xf32>, %b: tensor<8xf32>, %m: tensor<3xf32>) {
  // expected-error @below {{attribute 'iters' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %x, %p, %c = hc.pre %X, %f, %b, %m iters = 0 eps = 1.0 norm_eps = 1.0
    : tensor<?x2x8xf32>, tensor<8x16xf32>, tensor<8xf32>, tensor<3xf32> -> tensor<?x8xf32>, tensor<?x2xf32>, tensor<?x2x2xf32>
  return
}

// -----

func.func @post_c1_y(%y: tensor<?x9xf32>, %X: tensor<?x2x8xf32>, %p: tensor<?x2xf32>, %c: tensor<?x2x2xf32>) {
  // expected-error @below {{expected y of shape 'tensor<?x8xf32>', got 'tensor<?x9xf32>'}}
  %Z = hc.post %y, %X, %p, %c : tensor<?x9xf32>, tensor<?x2x8xf32>, tensor<?x2xf32>, tensor<?x2x2xf32> -> tensor<?x2x8xf32>
  return
}

// -----

func.func @post_c1_post(%y: tensor<?x8xf32>, %X: tensor<?x2x8xf32>, %p: tensor<?x3xf32>, %c: tensor<?x2x2xf32>) {
  // expected-error @below {{expected post of shape 'tensor<?x2xf32>', got 'tensor<?x3xf32>'}}
  %Z = hc.post %y, %X, %p, %c : tensor<?x8xf32>, tensor<?x2x8xf32>, tensor<?x3xf32>, tensor<?x2x2xf32> -> tensor<?x2x8xf32>
  return
}

// -----

func.func @post_c1_comb(%y: tensor<?x8xf32>, %X: tensor<?x2x8xf32>, %p: tensor<?x2xf32>, %c: tensor<?x3x2xf32>) {
  // expected-error @below {{expected comb of shape 'tensor<?x2x2xf32>', got 'tensor<?x3x2xf32>'}}
  %Z = hc.post %y, %X, %p, %c : tensor<?x8xf32>, tensor<?x2x8xf32>, tensor<?x2xf32>, tensor<?x3x2xf32> -> tensor<?x2x8xf32>
  return
}

// -----

func.func @post_c1_result(%y: tensor<?x8xf32>, %X: tensor<?x2x8xf32>, %p: tensor<?x2xf32>, %c: tensor<?x2x2xf32>) {
  // expected-error @below {{expected the result of shape 'tensor<?x2x8xf32>', got 'tensor<?x2x9xf32>'}}
  %Z = hc.post %y, %X, %p, %c : tensor<?x8xf32>, tensor<?x2x8xf32>, tensor<?x2xf32>, tensor<?x2x2xf32> -> tensor<?x2x9xf32>
  return
}

// -----

func.func @head_c1_fn(%X: tensor<?x2x8xf32>, %f: tensor<3x16xf32>, %b: tensor<2xf32>, %m: tensor<1xf32>) {
  // expected-error @below {{expected fn of shape 'tensor<2x16xf32>', got 'tensor<3x16xf32>'}}
  %x = hc.head %X, %f, %b, %m eps = 1.0 norm_eps = 1.0
    : tensor<?x2x8xf32>, tensor<3x16xf32>, tensor<2xf32>, tensor<1xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @head_c1_base(%X: tensor<?x2x8xf32>, %f: tensor<2x16xf32>, %b: tensor<3xf32>, %m: tensor<1xf32>) {
  // expected-error @below {{expected base of shape 'tensor<2xf32>', got 'tensor<3xf32>'}}
  %x = hc.head %X, %f, %b, %m eps = 1.0 norm_eps = 1.0
    : tensor<?x2x8xf32>, tensor<2x16xf32>, tensor<3xf32>, tensor<1xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @head_c1_mul(%X: tensor<?x2x8xf32>, %f: tensor<2x16xf32>, %b: tensor<2xf32>, %m: tensor<3xf32>) {
  // expected-error @below {{expected mul of shape 'tensor<1xf32>', got 'tensor<3xf32>'}}
  %x = hc.head %X, %f, %b, %m eps = 1.0 norm_eps = 1.0
    : tensor<?x2x8xf32>, tensor<2x16xf32>, tensor<2xf32>, tensor<3xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @head_c2_result(%X: tensor<?x2x8xf32>, %f: tensor<2x16xf32>, %b: tensor<2xf32>, %m: tensor<1xf32>) {
  // expected-error @below {{expected x of shape 'tensor<?x8xf32>', got 'tensor<?x7xf32>'}}
  %x = hc.head %X, %f, %b, %m eps = 1.0 norm_eps = 1.0
    : tensor<?x2x8xf32>, tensor<2x16xf32>, tensor<2xf32>, tensor<1xf32> -> tensor<?x7xf32>
  return
}

// -----

func.func @norm_c1_heads(%x: tensor<?x8xf32>) {
  // expected-error @below {{expected heads to divide the 8 columns of x, got 3}}
  %y = hc.norm %x heads = 3 eps = 1.0 : tensor<?x8xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @norm_c2_weight(%x: tensor<?x8xf32>, %w: tensor<8xf32>) {
  // expected-error @below {{expected weight of shape 'tensor<4xf32>', got 'tensor<8xf32>'}}
  %y = hc.norm %x weight %w heads = 2 eps = 1.0 : tensor<?x8xf32> weight tensor<8xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @norm_c3_result(%x: tensor<?x8xf32>) {
  // expected-error @below {{expected the result of shape 'tensor<?x8xf32>', got 'tensor<?x4xf32>'}}
  %y = hc.norm %x eps = 1.0 : tensor<?x8xf32> -> tensor<?x4xf32>
  return
}
