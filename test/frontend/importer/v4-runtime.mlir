// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=frontend | FileCheck %s
// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=frontend | FileCheck %s --check-prefix=NO

// Module names, F32, experts in one tensor with gate and up stacked. One
// function for each kind of block, `step` last.

// NO-NOT: linalg.
// NO-NOT: dense<

// CHECK: module attributes {plan.model = {architecture = "deepseek_v4"
// CHECK-SAME: page_multiple = 8 : i64

// CHECK-LABEL: func.func private @enter(%X: tensor<?x4x64xf32>, %attn_hc: !plan.scope, %layer: !plan.scope)
// CHECK:         plan.param %attn_hc "fn" : tensor<24x256xf32>
// CHECK:         plan.param %layer "input_layernorm.weight" : tensor<64xf32>
// CHECK:         hc.pre %X, %{{.*}} iters = 20
// CHECK:         hc.norm

// CHECK-LABEL: func.func private @latent(
// CHECK:         %[[QR:.*]] = hc.norm %{{.*}} weight %q_a_norm
// CHECK:         %[[Q:.*]] = scaled.linear %[[QR]], %q_b_proj : tensor<?x32xf32>, tensor<128x32xf32> -> tensor<?x128xf32>
// CHECK:         hc.norm %[[Q]] heads = 4
// CHECK:         return %[[QR]]

// CHECK-LABEL: func.func private @leave(
// CHECK:         scaled.linear %o, %o_a_proj groups = 2 : tensor<?x128xf32>, tensor<32x64xf32> -> tensor<?x32xf32>
// CHECK:         hc.post

// CHECK-LABEL: func.func private @attn_swa(%X: tensor<?x4x64xf32>, %b: !plan.batch, %layer: !plan.scope)
// CHECK:         %[[WIN:.*]] = plan.log %layer "win" : <32xf32 keep 8>
// CHECK:         %[[KV:.*]] = attn.rope %{{.*}} at %b by <tail [1.000{{[0-9]*}}e+00, 1.000{{[0-9]*}}e-01, 9.999{{[0-9]*}}e-03, 1.000{{[0-9]*}}e-03]> : tensor<?x32xf32>
// CHECK:         %[[O:.*]] = attn.attend %{{.*}} at %b over ring(%[[WIN]], %[[KV]]) sinks %sinks heads = 4 scale = 0.176776692
// CHECK-NEXT:    attn.commit %[[KV]] to %[[WIN]] at %b
// CHECK-NEXT:    attn.rope inverse %[[O]]

// CHECK-LABEL: func.func private @experts(
// CHECK:         plan.param %experts "gate_up_proj" rows 0 to 32 of 64 : tensor<8x32x64xf32>
// CHECK:         plan.param %experts "gate_up_proj" rows 32 to 64 of 64 : tensor<8x32x64xf32>
// CHECK:         plan.param %experts "down_proj" rows 0 to 64 of 64 : tensor<8x64x32xf32>
// CHECK:         plan.probe %layer "experts.x.{}" %n
// CHECK:         plan.probe %layer "experts.chosen.{}"
// CHECK:         plan.probe %layer "experts.row.{}"
// CHECK:         plan.probe %layer "experts.inside.{}" %a
// CHECK:         %[[SHARED:.*]] = scaled.linear %{{.*}}, %down_proj_
// CHECK-NEXT:    moe.combine %{{.*}}, %{{.*}} at %place plus %[[SHARED]]

// CHECK-LABEL: func.func private @ffn_hash(%X: tensor<?x4x64xf32>, %ids: tensor<?xi32>, %layer: !plan.scope)
// CHECK:         moe.route %{{.*}} table %tid2eid[%ids] scoring = sqrtsoftplus top_k = 2 scale = 1.5

// CHECK-LABEL: func.func private @attn_csa(
// CHECK:         %[[ENTRIES:.*]] = plan.log %layer "entries" : <32xf32 every 4>
// CHECK:         %[[TAIL:.*]] = plan.log %layer "tail" : <2x64xf32 keep 8>
// CHECK:         %[[NEW:.*]] = attn.compress %[[C:.*]], %[[Z:.*]] bias %position_bias norm %kv_norm tail %[[TAIL]] into %[[ENTRIES]] at %b
// CHECK-SAME:      overlap
// CHECK:         %[[KEYS:.*]] = attn.compress {{.*}} overlap
// CHECK:         %[[SEL:.*]] = attn.select %{{.*}}, %{{.*}} in %[[KEYS]] at %b top = 3 scale = 0.088388
// CHECK:         attn.attend %{{.*}} entries %[[NEW]] picked %[[SEL]]
// CHECK:         attn.commit %[[C]], %[[Z]] to %[[TAIL]]

// CHECK-LABEL: func.func private @ffn_bias(
// CHECK:         moe.route %{{.*}} bias %e_score_correction_bias

// CHECK-LABEL: func.func private @attn_hca(
// CHECK:         plan.log %layer "entries" : <32xf32 every 8>
// CHECK:         plan.log %layer "tail" : <2x32xf32 keep 8>
// CHECK:         %[[NEW:.*]] = attn.compress
// CHECK-NOT:     overlap
// CHECK:         attn.attend %{{.*}} entries %[[NEW]] sinks

// CHECK-NOT:   func.func private
// CHECK-LABEL: func.func @step(%ids: tensor<?xi32> {plan.input = "ids", plan.rows = #plan.expr<T>}
// CHECK-SAME:    %rows: tensor<?xi32> {plan.input = "rows", plan.rows = #plan.expr<S + 1>}
// CHECK-SAME:    %logit_rows: tensor<?xi32> {plan.input = "logit_rows", plan.rows = #plan.expr<L>}) -> tensor<?x97xf32> attributes {plan.entry}
// CHECK:         %[[E:.*]] = scaled.take %embed_tokens[%ids]
// CHECK:         %[[X:.*]] = hc.expand %[[E]]
// CHECK:         %[[L0:.*]] = plan.scope %model "layers.{}." at 0
// CHECK:         %[[A:.*]] = call @attn_swa(%[[X]], %b, %[[L0]])
// CHECK:         %[[F:.*]] = call @ffn_hash(%[[A]], %ids, %[[L0]])
// CHECK:         plan.probe %[[L0]] "hidden.{}" %[[F]]
// CHECK:         call @attn_csa(%[[F]]
// CHECK:         call @attn_hca
// CHECK:         call @attn_csa
// CHECK:         %[[LAST:.*]] = call @ffn_bias
// CHECK:         %[[WANTED:.*]] = scaled.take %[[LAST]][%logit_rows]
// CHECK:         %[[H:.*]] = hc.head %[[WANTED]]
// CHECK:         %[[N:.*]] = hc.norm %[[H]] weight %norm
// CHECK:         %[[LOGITS:.*]] = scaled.linear %[[N]], %lm_head
// CHECK:         return %[[LOGITS]]
