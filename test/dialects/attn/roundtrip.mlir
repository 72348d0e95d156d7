// RUN: sluice-opt %s --verify-roundtrip | FileCheck %s

!h = tensor<?x32xf32>
!q = tensor<?x128xf32>
!win = !plan.log<32xf32 keep 8>
!ent = !plan.log<32xf32 every 4>

// Every f32 frequency comes back, bit for bit (--verify-roundtrip).
#full = #attn.rope<tail [1.0, 0.1, 0.003125, 7.8125e-06]>
#yarn = #attn.rope<tail [1.0, 1.17549435e-38] times 1.1386294>

// CHECK-LABEL: func.func @rope
func.func @rope(%x: !q, %b: !plan.batch) {
  // CHECK: attn.rope %{{.*}} at %{{.*}} by <tail [1.00000000e+00, 1.00000001e-01, 3.12500005e-03, 7.81250037e-06]> : tensor<?x128xf32> -> tensor<?x128xf32>
  %y = attn.rope %x at %b by #full : !q -> !q
  // CHECK: attn.rope inverse %{{.*}} at %{{.*}} by <tail [1.00000000e+00, 1.17549435e-38] times 1.13862944e+00> heads = 4 :
  %z = attn.rope inverse %y at %b by #yarn heads = 4 : !q -> !q
  return
}

// CHECK-LABEL: func.func @state
func.func @state(%c: tensor<?x64xf32>, %k: !h, %bias: tensor<4x64xbf16>, %n: tensor<32xf32>, %b: !plan.batch,
                 %win: !win, %t: !plan.log<2x64xf32 keep 8>, %u: !plan.log<2x32xf32 keep 4>, %e: !ent) -> !ent {
  // CHECK: %[[E:.*]] = attn.compress %{{.*}}, %{{.*}} bias %{{.*}} norm %{{.*}} tail %{{.*}} into %{{.*}} at %{{.*}} by <tail [1.00000000e+00]> overlap eps =
  %e1 = attn.compress %c, %c bias %bias norm %n tail %t into %e at %b by <tail [1.0]> overlap eps = 1.0e-6
    : tensor<?x64xf32>, tensor<?x64xf32>, tensor<4x64xbf16>, tensor<32xf32>, !plan.log<2x64xf32 keep 8>, !ent, !plan.batch -> !ent
  // CHECK: attn.compress %{{.*}}, %{{.*}} norm %{{.*}} tail %{{.*}} into %[[E]] at %{{.*}} by <tail [1.00000000e+00]> eps =
  %e2 = attn.compress %k, %k norm %n tail %u into %e1 at %b by <tail [1.0]> eps = 1.0e-6
    : !h, !h, tensor<32xf32>, !plan.log<2x32xf32 keep 4>, !ent, !plan.batch -> !ent
  // CHECK: attn.compress %{{.*}} by <tail [1.00000000e+00]> rounding <f8E4M3FN group 16 of 30> eps =
  %e3 = attn.compress %k, %k norm %n tail %u into %e2 at %b by <tail [1.0]> rounding <f8E4M3FN group 16 of 30> eps = 1.0e-6
    : !h, !h, tensor<32xf32>, !plan.log<2x32xf32 keep 4>, !ent, !plan.batch -> !ent
  // CHECK: attn.commit %{{.*}} to %{{.*}} at %{{.*}} : (tensor<?x32xf32>) to <32xf32 keep 8>
  attn.commit %k to %win at %b : (!h) to !win
  // CHECK: attn.commit %{{.*}}, %{{.*}} to %{{.*}} at %{{.*}} : (tensor<?x64xf32>, tensor<?x64xf32>) to <2x64xf32 keep 8>
  attn.commit %c, %c to %t at %b : (tensor<?x64xf32>, tensor<?x64xf32>) to !plan.log<2x64xf32 keep 8>
  return %e2 : !ent
}

// CHECK-LABEL: func.func @read
func.func @read(%q: !q, %g: tensor<?x4xf32>, %k: !h, %s: tensor<4xf32>, %b: !plan.batch, %win: !win, %e: !ent) {
  // CHECK: attn.select %{{.*}}, %{{.*}} in %{{.*}} at %{{.*}} top = 3 scale = 2.500000e-01 : tensor<?x128xf32>, tensor<?x4xf32>, <32xf32 every 4> -> tensor<?x3xi32>
  %sel = attn.select %q, %g in %e at %b top = 3 scale = 0.25 : !q, tensor<?x4xf32>, !ent -> tensor<?x3xi32>
  // CHECK: attn.attend %{{.*}} at %{{.*}} over ring(%{{.*}}, %{{.*}}) heads = 4 scale
  %a = attn.attend %q at %b over ring(%win, %k) heads = 4 scale = 0.25 : !q, !plan.batch, !win, !h -> !q
  // CHECK: attn.attend %{{.*}} at %{{.*}} over ring(%{{.*}}, %{{.*}}) entries %{{.*}} heads = 4
  %c = attn.attend %q at %b over ring(%win, %k) entries %e heads = 4 scale = 0.25 : !q, !plan.batch, !win, !h, !ent -> !q
  // CHECK: over ring(%{{.*}}, %{{.*}}) entries %{{.*}} picked %{{.*}} sinks %{{.*}} heads = 4
  %d = attn.attend %q at %b over ring(%win, %k) entries %e picked %sel sinks %s heads = 4 scale = 0.25
    : !q, !plan.batch, !win, !h, !ent, tensor<?x3xi32>, tensor<4xf32> -> !q
  return
}
