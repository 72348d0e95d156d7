// RUN: sluice-compile %root/test/golden/v4-released --stop-after=frontend | FileCheck %s

// Released names: FP8 with 128x128 blocks, MXFP4 experts in tensors of their
// own, BF16 norms; what is quantized shows in types only.

// CHECK: page_multiple = 128 : i64

// Both sites have names of their own here, hence two functions.
// CHECK-LABEL: func.func private @enter(%X: tensor<?x4x128xf32>, %layer: !plan.scope)
// CHECK:         plan.param %layer "hc_attn_fn" : tensor<24x512xf32>
// CHECK:         plan.param %layer "attn_norm.weight" : tensor<128xbf16>

// CHECK-LABEL: func.func private @latent(
// CHECK:         plan.param %attn "wq_a.weight" scale "wq_a.scale" : !scaled.tensor<96x128xf8E4M3FN, 128x128xf8E8M0FNU>

// CHECK-LABEL: func.func private @enter_2(
// CHECK:         plan.param %layer "hc_ffn_fn"

// CHECK-LABEL: func.func private @experts(
// CHECK:         %[[W1:.*]] = plan.param %ffn "experts.{e}.w1.weight" scale "experts.{e}.w1.scale" : !scaled.tensor<8x64x128xf4E2M1FN, 1x32xf8E8M0FNU>
// CHECK:         %[[W3:.*]] = plan.param %ffn "experts.{e}.w3.weight"
// CHECK:         %[[W2:.*]] = plan.param %ffn "experts.{e}.w2.weight" scale "experts.{e}.w2.scale" : !scaled.tensor<8x128x64xf4E2M1FN, 1x32xf8E8M0FNU>
// CHECK:         %[[S1:.*]] = plan.param %shared_experts "w1.weight" scale "w1.scale" : !scaled.tensor<64x128xf8E4M3FN, 128x128xf8E8M0FNU>
// CHECK:         %[[ROW:.*]], %[[OFF:.*]], %{{.*}} = moe.group %{{.*}} experts = 8
// CHECK:         %[[G:.*]] = moe.matmul %n[%[[ROW]]] fan = 2, %[[W1]] by %[[OFF]]
// CHECK:         %[[U:.*]] = moe.matmul %n[%[[ROW]]] fan = 2, %[[W3]] by %[[OFF]]
// CHECK:         %[[A:.*]] = moe.glu %[[G]], %[[U]] limit = 2.0
// CHECK:         moe.matmul %[[A]], %[[W2]] by %[[OFF]]
// CHECK:         scaled.linear %n, %[[S1]]

// CHECK-LABEL: func.func private @attn_csa(
// CHECK:         plan.param %{{.*}} "wkv.weight" : tensor<256x128xbf16>
// CHECK:         plan.param %{{.*}} "ape" : tensor<4x256xf32>
// CHECK:         %[[INDEXER:.*]] = plan.scope %attn "indexer."
// CHECK:         plan.param %[[INDEXER]] "wq_b.weight" scale "wq_b.scale" : !scaled.tensor<1024x96xf8E4M3FN, 128x128xf8E8M0FNU>

// CHECK-LABEL: func.func private @attn_hca(
// CHECK:         plan.log %layer "entries" : <128xf32 every 128>

// CHECK-LABEL: func.func @step(
// CHECK:         %[[ROOT:.*]] = plan.scope ""
// CHECK:         plan.param %[[ROOT]] "embed.weight" : tensor<257x128xbf16>
// CHECK:         plan.scope %[[ROOT]] "layers.{}." at 4
// CHECK:         plan.param %[[ROOT]] "head.weight" : tensor<257x128xbf16>
