// RUN: sluice-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func.func @route
func.func @route(%l: tensor<?x8xf32>, %b: tensor<8xf32>, %h: tensor<8xbf16>, %t: tensor<97x2xi64>, %i: tensor<97x2xi32>,
                 %ids: tensor<?xi32>) {
  // CHECK: moe.route %{{.*}} scoring = none top_k = 8 scale = 1.000000e+00 : tensor<?x8xf32> -> tensor<?x8xf32>, tensor<?x8xi32>
  %w0, %e0 = moe.route %l scoring = none top_k = 8 scale = 1.0 : tensor<?x8xf32> -> tensor<?x8xf32>, tensor<?x8xi32>
  // CHECK: moe.route %{{.*}} bias %{{.*}} scoring = sqrtsoftplus top_k = 2
  %w1, %e1 = moe.route %l bias %b scoring = sqrtsoftplus top_k = 2 scale = 1.5
    : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  // CHECK: scoring = sigmoid top_k = 1
  %w2, %e2 = moe.route %l bias %h scoring = sigmoid top_k = 1 scale = 1.5
    : tensor<?x8xf32>, tensor<8xbf16> -> tensor<?x1xf32>, tensor<?x1xi32>
  // CHECK: moe.route %{{.*}} table %{{.*}}[%{{.*}}] scoring = softmax
  %w3, %e3 = moe.route %l table %t[%ids] scoring = softmax top_k = 2 scale = 1.5
    : tensor<?x8xf32>, tensor<97x2xi64>, tensor<?xi32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %w4, %e4 = moe.route %l table %i[%ids] scoring = softmax top_k = 2 scale = 1.5
    : tensor<?x8xf32>, tensor<97x2xi32>, tensor<?xi32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// CHECK-LABEL: func.func @experts
func.func @experts(%x: tensor<?x64xf32>, %e: tensor<?x2xi32>, %s: tensor<?x2xf32>, %w: tensor<8x32x64xbf16>,
                   %q: !scaled.tensor<8x64x32xf4E2M1FN, 1x32xf8E8M0FNU>) -> tensor<?x64xf32> {
  // CHECK: moe.group %{{.*}} experts = 8 : tensor<?x2xi32> -> tensor<?xi32>, tensor<9xi32>, tensor<?x2xi32>
  %row, %off, %place = moe.group %e experts = 8 : tensor<?x2xi32> -> tensor<?xi32>, tensor<9xi32>, tensor<?x2xi32>
  // CHECK: moe.matmul %{{.*}}[%{{.*}}] fan = 2, %{{.*}} by %{{.*}} : tensor<?x64xf32>, tensor<?xi32>, tensor<8x32x64xbf16>
  %g = moe.matmul %x[%row] fan = 2, %w by %off
    : tensor<?x64xf32>, tensor<?xi32>, tensor<8x32x64xbf16>, tensor<9xi32> -> tensor<?x32xf32>
  // CHECK: moe.glu %{{.*}}, %{{.*}} : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  %a = moe.glu %g, %g : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  // CHECK: moe.glu %{{.*}}, %{{.*}} limit = 7.000000e+00
  %b = moe.glu %g, %a limit = 7.0 : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  // CHECK: moe.glu %{{.*}}, %{{.*}} times %{{.*}}[%{{.*}}] limit = 7.000000e+00 : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x2xf32>, tensor<?xi32> -> tensor<?x32xbf16>
  %d = moe.glu %g, %a times %s[%row] limit = 7.0 : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x2xf32>, tensor<?xi32> -> tensor<?x32xbf16>
  // CHECK: moe.matmul %{{.*}}, %{{.*}} by %{{.*}} : tensor<?x32xf32>, !scaled.tensor<8x64x32xf4E2M1FN, 1x32xf8E8M0FNU>
  %y = moe.matmul %b, %q by %off
    : tensor<?x32xf32>, !scaled.tensor<8x64x32xf4E2M1FN, 1x32xf8E8M0FNU>, tensor<9xi32> -> tensor<?x64xf32>
  // CHECK: moe.combine %{{.*}}, %{{.*}} at %{{.*}} : tensor<?x64xf32>, tensor<?x2xf32>, tensor<?x2xi32> -> tensor<?x64xf32>
  %o = moe.combine %y, %s at %place : tensor<?x64xf32>, tensor<?x2xf32>, tensor<?x2xi32> -> tensor<?x64xf32>
  // CHECK: moe.combine %{{.*}} at %{{.*}} plus %{{.*}} : tensor<?x64xf32>, tensor<?x2xi32>, tensor<?x64xf32> -> tensor<?x64xbf16>
  %r = moe.combine %y at %place plus %o : tensor<?x64xf32>, tensor<?x2xi32>, tensor<?x64xf32> -> tensor<?x64xbf16>
  return %o : tensor<?x64xf32>
}
