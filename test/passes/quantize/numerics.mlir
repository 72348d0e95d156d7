// RUN: sluice-opt %S/../schedule/three-layers.mlir --sluice-flatten=keep=hidden > %t.flat
// RUN: sluice-opt %t.flat --sluice-numerics=mode=exact | grep -v "module attributes" > %t.exact
// RUN: grep -v "module attributes\|^module" %t.flat | diff - %t.exact
// RUN: sluice-opt %t.flat --sluice-numerics=mode=bf16 | FileCheck %s --check-prefixes=BOTH,BF16
// RUN: sluice-opt %t.flat --sluice-numerics=mode=native | FileCheck %s --check-prefixes=BOTH,NATIVE
// RUN: sluice-opt %t.flat --sluice-numerics=mode=native --sluice-outline --sluice-schedule --sluice-lower -o /dev/null

// BF16: plan.numerics = "bf16"
// NATIVE: plan.numerics = "native"

// Weights stay as they are stored; what is pooled later stays f32.
// BOTH-DAG: plan.stack @model.embed_tokens.weight {{.*}} : tensor<97x64xf32>
// BOTH-DAG: plan.state @model.layers.win {{.*}} : !plan.log<32xbf16 keep 8>
// BOTH-DAG: plan.state @model.layers.entries {{.*}} : !plan.log<32xbf16 every 4>
// BOTH-DAG: plan.state @model.layers.tail {{.*}} : !plan.log<2x64xf32 keep 8>
// BOTH-DAG: plan.state @model.layers.index {{.*}} : !plan.log<16xbf16 every 4>
// BOTH-DAG: plan.state @model.layers.index_tail {{.*}} : !plan.log<2x32xf32 keep 8>

// BOTH-LABEL: func.func @step
// BOTH: scaled.take {{.*}} -> tensor<?x64xbf16>
// BOTH: hc.expand {{.*}} -> tensor<?x4x64xbf16>
// BOTH: hc.pre {{.*}} -> tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x4x4xf32>
// BOTH: hc.norm {{.*}} -> tensor<?x64xbf16>
// F32 weights: no product has its input rounded.
// BOTH: scaled.linear {{.*}} -> tensor<?x32xbf16>
// BOTH: %[[KV:.*]] = attn.rope {{.*}} : tensor<?x32xbf16> -> tensor<?x32xbf16>
// NATIVE-NEXT: %[[ROW:.*]] = scaled.round %[[KV]] by <f8E4M3FN group 64 of 24>
// BF16: attn.commit %[[KV]] to
// NATIVE: attn.commit %[[ROW]] to
// BF16: attn.attend %{{.*}} over ring(%{{.*}}, %[[KV]])
// NATIVE: attn.attend %{{.*}} over ring(%{{.*}}, %[[ROW]])
// BOTH: hc.post {{.*}} -> tensor<?x4x64xbf16>
// BOTH: %[[L:.*]] = scaled.linear {{.*}} -> tensor<?x8xf32>
// BOTH: %[[W:.*]], %{{.*}} = moe.route %[[L]]
// BOTH: %[[R:.*]], %{{.*}}, %{{.*}} = moe.group
// BF16: moe.glu %{{.*}}, %{{.*}} limit
// NATIVE: moe.glu %{{.*}}, %{{.*}} times %[[W]][%[[R]]]
// The shared expert has no weight.
// BOTH: moe.glu %{{.*}}, %{{.*}} limit
// BF16: moe.combine %{{.*}}, %[[W]] at
// NATIVE: moe.combine %{{[^,]*}} at
// BOTH: arith.addf {{.*}} : tensor<?x64xbf16>
// Layer 1: CSA.
// BOTH: %[[C:.*]] = scaled.linear {{.*}} -> tensor<?x64xf32>
// BOTH: %[[Z:.*]] = scaled.linear {{.*}} -> tensor<?x64xf32>
// BF16: attn.compress %[[C]], %[[Z]] {{.*}} overlap eps {{.*}} -> <32xbf16 every 4>
// NATIVE: attn.compress %[[C]], %[[Z]] {{.*}} overlap rounding <f8E4M3FN group 64 of 24> eps {{.*}} -> <32xbf16 every 4>
// NATIVE: attn.compress {{.*}} overlap rounding <f4E2M1FN group 32 hadamard> eps {{.*}} -> <16xbf16 every 4>
// NATIVE: %[[IQ:.*]] = scaled.round %{{.*}} by <f4E2M1FN group 32 hadamard> heads = 8 : tensor<?x128xbf16>
// NATIVE: attn.select %[[IQ]], %{{.*}} : tensor<?x128xbf16>, tensor<?x8xbf16>
// The caller reads f32 logits.
// BOTH: plan.output "hidden.2" {{.*}} : tensor<?x4x64xbf16>
// BOTH: hc.head {{.*}} -> tensor<?x64xbf16>
// BOTH: scaled.linear {{.*}} -> tensor<?x97xf32>
