// RUN: sluice-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func.func @streams
func.func @streams(%x: tensor<?x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>, %mul: tensor<3xf32>,
                   %hf: tensor<4x256xbf16>, %hb: tensor<4xbf16>, %hm: tensor<1xbf16>) -> tensor<?x64xf32> {
  // CHECK: %[[X:.*]] = hc.expand %{{.*}} : tensor<?x64xf32> -> tensor<?x4x64xf32>
  %X = hc.expand %x : tensor<?x64xf32> -> tensor<?x4x64xf32>
  // CHECK: %[[Y:.*]], %[[POST:.*]], %[[COMB:.*]] = hc.pre %[[X]], %{{.*}}, %{{.*}}, %{{.*}} iters = 20 eps = 9.99999997E-7 norm_eps = 9.99999997E-7
  %y, %post, %comb = hc.pre %X, %fn, %base, %mul iters = 20 eps = 1.0e-6 norm_eps = 1.0e-6
    : tensor<?x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>
    -> tensor<?x64xf32>, tensor<?x4xf32>, tensor<?x4x4xf32>
  // CHECK: hc.post %[[Y]], %[[X]], %[[POST]], %[[COMB]] :
  %Z = hc.post %y, %X, %post, %comb
    : tensor<?x64xf32>, tensor<?x4x64xf32>, tensor<?x4xf32>, tensor<?x4x4xf32> -> tensor<?x4x64xf32>
  // CHECK: hc.head %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} eps = {{.*}} norm_eps = {{.*}} : tensor<?x4x64xf32>, tensor<4x256xbf16>, tensor<4xbf16>, tensor<1xbf16> -> tensor<?x64xf32>
  %h = hc.head %Z, %hf, %hb, %hm eps = 1.0e-6 norm_eps = 1.0e-6
    : tensor<?x4x64xf32>, tensor<4x256xbf16>, tensor<4xbf16>, tensor<1xbf16> -> tensor<?x64xf32>
  return %h : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @norm
func.func @norm(%x: tensor<?x64xf32>, %w: tensor<64xf32>, %v: tensor<16xbf16>) {
  // CHECK: hc.norm %{{.*}} eps = {{[^ ]*}} : tensor<?x64xf32> -> tensor<?x64xf32>
  %a = hc.norm %x eps = 1.0e-6 : tensor<?x64xf32> -> tensor<?x64xf32>
  // CHECK: hc.norm %{{.*}} weight %{{.*}} eps = {{[^ ]*}} : tensor<?x64xf32> weight tensor<64xf32> -> tensor<?x64xf32>
  %b = hc.norm %x weight %w eps = 1.0e-6 : tensor<?x64xf32> weight tensor<64xf32> -> tensor<?x64xf32>
  // CHECK: hc.norm %{{.*}} weight %{{.*}} heads = 4 eps
  %c = hc.norm %x weight %v heads = 4 eps = 1.0e-6 : tensor<?x64xf32> weight tensor<16xbf16> -> tensor<?x64xf32>
  return
}
