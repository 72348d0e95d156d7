// RUN: sluice-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func.func @types
// CHECK-SAME: !scaled.tensor<576x512xf8E4M3FN, 128x128xf8E8M0FNU>, %{{.*}}: !scaled.tensor<8x32x64xf4E2M1FN, 1x32xf8E8M0FNU>, %{{.*}}: !scaled.tensor<7x64xf8E4M3FN, 128x128xf32>
func.func private @types_used(!scaled.tensor<1x2xf4E2M1FN, 1x16xf32>)
func.func @types(%a: !scaled.tensor<576x512xf8E4M3FN, 128x128xf8E8M0FNU>, %b: !scaled.tensor<8x32x64xf4E2M1FN, 1x32xf8E8M0FNU>,
                 %c: !scaled.tensor<7x64xf8E4M3FN, 128x128xf32>) {
  return
}

// CHECK-LABEL: func.func @linear
func.func @linear(%x: tensor<?x128xf32>, %w: tensor<32x128xf32>, %h: tensor<32x64xbf16>,
                  %q: !scaled.tensor<40x128xf8E4M3FN, 128x128xf8E8M0FNU>) {
  // CHECK: scaled.linear %{{.*}}, %{{.*}} : tensor<?x128xf32>, tensor<32x128xf32> -> tensor<?x32xf32>
  %a = scaled.linear %x, %w : tensor<?x128xf32>, tensor<32x128xf32> -> tensor<?x32xf32>
  // CHECK: scaled.linear %{{.*}}, %{{.*}} groups = 2 : tensor<?x128xf32>, tensor<32x64xbf16> -> tensor<?x32xf32>
  %b = scaled.linear %x, %h groups = 2 : tensor<?x128xf32>, tensor<32x64xbf16> -> tensor<?x32xf32>
  // CHECK: scaled.linear %{{.*}}, %{{.*}} : tensor<?x128xf32>, !scaled.tensor<40x128xf8E4M3FN, 128x128xf8E8M0FNU> -> tensor<?x40xf32>
  %c = scaled.linear %x, %q : tensor<?x128xf32>, !scaled.tensor<40x128xf8E4M3FN, 128x128xf8E8M0FNU> -> tensor<?x40xf32>
  return
}

// CHECK-LABEL: func.func @take
func.func @take(%t: tensor<97x64xbf16>, %X: tensor<?x4x64xf32>, %q: !scaled.tensor<97x64xf8E4M3FN, 128x128xf32>, %i: tensor<?xi32>) {
  // CHECK: scaled.take %{{.*}}[%{{.*}}] : tensor<97x64xbf16>, tensor<?xi32> -> tensor<?x64xf32>
  %a = scaled.take %t[%i] : tensor<97x64xbf16>, tensor<?xi32> -> tensor<?x64xf32>
  // CHECK: scaled.take %{{.*}}[%{{.*}}] : tensor<?x4x64xf32>, tensor<?xi32> -> tensor<?x4x64xf32>
  %b = scaled.take %X[%i] : tensor<?x4x64xf32>, tensor<?xi32> -> tensor<?x4x64xf32>
  // CHECK: scaled.take %{{.*}}[%{{.*}}] : !scaled.tensor<97x64xf8E4M3FN, 128x128xf32>, tensor<?xi32> -> tensor<?x64xf32>
  %c = scaled.take %q[%i] : !scaled.tensor<97x64xf8E4M3FN, 128x128xf32>, tensor<?xi32> -> tensor<?x64xf32>
  return
}

// CHECK-LABEL: func.func @round
func.func @round(%x: tensor<?x512xbf16>, %y: tensor<?x512xf32>) {
  // CHECK: scaled.round %{{.*}} by <f8E4M3FN group 64 of 448> : tensor<?x512xbf16> -> tensor<?x512xbf16>
  %a = scaled.round %x by <f8E4M3FN group 64 of 448> : tensor<?x512xbf16> -> tensor<?x512xbf16>
  // CHECK: scaled.round %{{.*}} by <f4E2M1FN group 32 hadamard> heads = 4 : tensor<?x512xf32> -> tensor<?x512xbf16>
  %b = scaled.round %y by <f4E2M1FN group 32 hadamard> heads = 4 : tensor<?x512xf32> -> tensor<?x512xbf16>
  return
}
