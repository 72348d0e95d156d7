// A whole small model through flatten, outline and schedule: layer 0 a window
// and experts by hash, layer 1 CSA, layer 2 HCA, layers 1 and 2 experts by bias.
// RUN: sluice-opt %s --sluice-flatten=keep=hidden | FileCheck %s --check-prefix=FLAT
// RUN: sluice-opt %s --sluice-flatten=keep=hidden --sluice-outline | FileCheck %s --check-prefix=OUTLINE
// RUN: sluice-opt %s --sluice-pipeline="keep=hidden fuse=none stop-after=schedule" | FileCheck %s --check-prefix=SCHED
// RUN: sluice-opt %s --sluice-pipeline="fuse=all stop-after=schedule" | FileCheck %s --check-prefix=FUSED

// Kinds and scopes are gone; names are stacks, one for each type.
// FLAT-NOT: func.func private
// FLAT: plan.stack @model.embed_tokens.weight "model.embed_tokens.weight" layers [] : tensor<97x64xf32>
// FLAT: plan.stack @model.layers.self_attn.q_a_proj.weight "model.layers.{}.self_attn.q_a_proj.weight" layers [0, 1, 2] : tensor<32x64xf32>
// FLAT: plan.stack @model.layers.mlp.gate.tid2eid "model.layers.{}.mlp.gate.tid2eid" layers [0] : tensor<97x2xi64>
// FLAT: plan.stack @[[UP:.*_rows32]] "model.layers.{}.mlp.experts.gate_up_proj" layers [0, 1, 2] rows 32 to 64 of 64 : tensor<8x32x64xf32>
// FLAT: plan.stack @[[KV1:.*]] "model.layers.{}.self_attn.compressor.kv_proj.weight" layers [1] : tensor<64x64xf32>
// FLAT: plan.stack @[[KV2:.*]] "model.layers.{}.self_attn.compressor.kv_proj.weight" layers [2] : tensor<32x64xf32>
// FLAT: plan.state @[[WIN:.*]] "model.layers.{}.win" layers [0, 1, 2] : !plan.log<32xf32 keep 8>
// FLAT: func.func @step
// FLAT-NOT: call @
// FLAT-NOT: plan.scope
// FLAT-NOT: plan.probe
// FLAT: plan.weight @model.embed_tokens.weight[0]
// FLAT: plan.handle @[[WIN]][0]
// FLAT: plan.output "hidden.0" %{{.*}} rows <T> : tensor<?x4x64xf32>
// FLAT: plan.handle @[[WIN]][1]
// FLAT: plan.output "hidden.1"
// FLAT: plan.weight @[[KV2]][0]
// FLAT: plan.handle @[[WIN]][2]
// FLAT: plan.output "hidden.2"
// FLAT: plan.output "logits" %{{.*}} rows <L> : tensor<?x97xf32>
// FLAT-NEXT: return{{$}}

// The layers share kernels; rows tell tokens, assignments and logit rows apart.
// OUTLINE: plan.kernel @take_97x64_f32({{.*}}) rows #plan.expr<T>
// OUTLINE: plan.kernel @matmul_8x32x64_f32({{.*}}) rows #plan.expr<T * 2>
// OUTLINE-NOT: plan.kernel @matmul_8x32x64_f32_2
// OUTLINE: plan.kernel @take_4x64({{.*}}) rows #plan.expr<L>
// OUTLINE: plan.kernel @linear_97x64_f32({{.*}}) rows #plan.expr<L>
// OUTLINE: func.func @step
// OUTLINE-COUNT-6: plan.launch @matmul_8x32x64_f32(
// OUTLINE-NOT: plan.launch @matmul_8x32x64_f32(
// OUTLINE: plan.launch @linear_97x64_f32(

// Layer 0 commits before it attends in the text, and after it in the schedule.
// SCHED: plan.kernel @compress
// SCHED: plan.yield{{$}}
// SCHED: func.func @step
// SCHED: %[[WIN0:.*]] = plan.handle @model.layers.win[0]
// SCHED: plan.launch @attend_128({{.*}}, %[[WIN0]], %[[KV:[0-9]+]], {{.*}})
// SCHED-NEXT: plan.launch @commit_32(%[[KV]], %[[WIN0]],
// SCHED-NOT: plan.output
// SCHED: plan.launch @linear_97x64_f32
// SCHED-NEXT: plan.output "hidden.0"
// SCHED-NEXT: plan.output "hidden.1"
// SCHED-NEXT: plan.output "hidden.2"
// SCHED-NEXT: plan.output "logits"
// SCHED-NEXT: return

// Fused: twelve launches a layer with an indexer, eleven without, and the last
// addition, which the released model has in moe.combine.
// FUSED: func.func @step
// FUSED: plan.launch @take_97x64_f32
// FUSED-NEXT: plan.launch @streams_4x64(
// FUSED-NEXT: plan.launch @products_
// FUSED-NEXT: plan.launch @tails_
// FUSED-NEXT: plan.launch @linear_128x32_f32(
// FUSED-NEXT: plan.launch @attend_
// FUSED-NEXT: plan.launch @project_
// FUSED-NEXT: plan.launch @linear_64x32_f32(
// FUSED-NEXT: plan.launch @streams_
// FUSED-NEXT: plan.launch @products_8x64_f32(
// FUSED-NEXT: plan.launch @swiglu_
// FUSED-NEXT: plan.launch @linear_64x32_f32(
// FUSED-NEXT: plan.launch @combine_
// FUSED-NEXT: plan.launch @addf_64(
// FUSED-NEXT: plan.launch @streams_
// FUSED-NEXT: plan.launch @products_
// FUSED-NEXT: plan.launch @tails_
// FUSED-NEXT: plan.launch @products_128x32_f32(
// FUSED-NEXT: plan.launch @index_
// FUSED-NEXT: plan.launch @attend_
// FUSED-NEXT: plan.launch @project_
// FUSED-NEXT: plan.launch @linear_64x32_f32(
// FUSED-NEXT: plan.launch @streams_

!B = !plan.batch
!S = !plan.scope
!X = tensor<?x4x64xf32>
!i = tensor<?xi32>
!k = tensor<?x2xi32>
!kw = tensor<?x2xf32>
!h = tensor<?x64xf32>
!q = tensor<?x32xf32>
!qh = tensor<?x128xf32>
!e = tensor<?x8xf32>
!p = tensor<?x4xf32>
!c = tensor<?x4x4xf32>
!v32 = tensor<32xf32>
!v64 = tensor<64xf32>
!w32x64 = tensor<32x64xf32>
!w64x32 = tensor<64x32xf32>
!w64x64 = tensor<64x64xf32>
!w128x32 = tensor<128x32xf32>
!we = tensor<8x32x64xf32>
!win = !plan.log<32xf32 keep 8>
!t4 = !plan.log<2x64xf32 keep 8>
!t8 = !plan.log<2x32xf32 keep 8>
!tx = !plan.log<2x32xf32 keep 8>
!e4 = !plan.log<32xf32 every 4>
!ik = !plan.log<16xf32 every 4>
!e8 = !plan.log<32xf32 every 8>
#main = #attn.rope<tail [1.0, 0.1, 0.01, 0.001]>
#comp = #attn.rope<tail [1.0, 0.003125, 0.00015625, 7.8125e-06]>

module attributes {plan.model = {
  architecture = "deepseek_v4", vocabulary = 97 : i64, max_context = 256 : i64, page_multiple = 8 : i64, bos = 0 : i64, eos = 1 : i64,
  config = {hidden_size = "64", hc_mult = "4"}, identity = "0123456789abcdef0123456789abcdef"}} {

func.func private @enter(%X: !X, %hc: !S, %ln: !S) -> (!h, !p, !c) {
  %fn = plan.param %hc "fn" : tensor<24x256xf32>
  %ba = plan.param %hc "base" : tensor<24xf32>
  %mu = plan.param %hc "scale" : tensor<3xf32>
  %w = plan.param %ln "weight" : !v64
  %x, %po, %cm = hc.pre %X, %fn, %ba, %mu iters = 20 eps = 1.0e-6 norm_eps = 1.0e-6
    : !X, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32> -> !h, !p, !c
  %n = hc.norm %x weight %w eps = 1.0e-6 : !h weight !v64 -> !h
  return %n, %po, %cm : !h, !p, !c
}

func.func private @latent(%n: !h, %a: !S) -> (!q, !qh, !q) {
  %qa = plan.param %a "q_a_proj.weight" : !w32x64
  %qn = plan.param %a "q_a_norm.weight" : !v32
  %qb = plan.param %a "q_b_proj.weight" : !w128x32
  %kw = plan.param %a "kv_proj.weight" : !w32x64
  %kn = plan.param %a "kv_norm.weight" : !v32
  %q1 = scaled.linear %n, %qa : !h, !w32x64 -> !q
  %qr = hc.norm %q1 weight %qn eps = 1.0e-6 : !q weight !v32 -> !q
  %q2 = scaled.linear %qr, %qb : !q, !w128x32 -> !qh
  %q = hc.norm %q2 heads = 4 eps = 1.0e-6 : !qh -> !qh
  %k1 = scaled.linear %n, %kw : !h, !w32x64 -> !q
  %kv = hc.norm %k1 weight %kn eps = 1.0e-6 : !q weight !v32 -> !q
  return %qr, %q, %kv : !q, !qh, !q
}

func.func private @leave(%o: !qh, %X: !X, %po: !p, %cm: !c, %a: !S) -> !X {
  %oa = plan.param %a "o_a_proj.weight" : !w32x64
  %ob = plan.param %a "o_b_proj.weight" : !w64x32
  %y1 = scaled.linear %o, %oa groups = 2 : !qh, !w32x64 -> !q
  %y = scaled.linear %y1, %ob : !q, !w64x32 -> !h
  %X1 = hc.post %y, %X, %po, %cm : !h, !X, !p, !c -> !X
  return %X1 : !X
}

func.func private @attn_swa(%X: !X, %b: !B, %s: !S) -> !X {
  %hc = plan.scope %s "attn_hc."
  %ln = plan.scope %s "input_layernorm."
  %a = plan.scope %s "self_attn."
  %sk = plan.param %a "sinks" : tensor<4xf32>
  %win = plan.log %s "win" : !win
  %n, %po, %cm = call @enter(%X, %hc, %ln) : (!X, !S, !S) -> (!h, !p, !c)
  %qr, %q1, %k1 = call @latent(%n, %a) : (!h, !S) -> (!q, !qh, !q)
  %q = attn.rope %q1 at %b by #main heads = 4 : !qh -> !qh
  %kv = attn.rope %k1 at %b by #main : !q -> !q
  attn.commit %kv to %win at %b : (!q) to !win
  %o1 = attn.attend %q at %b over ring(%win, %kv) sinks %sk heads = 4 scale = 0.176776692
    : !qh, !B, !win, !q, tensor<4xf32> -> !qh
  %o = attn.rope inverse %o1 at %b by #main heads = 4 : !qh -> !qh
  %X1 = call @leave(%o, %X, %po, %cm, %a) : (!qh, !X, !p, !c, !S) -> !X
  return %X1 : !X
}

func.func private @attn_csa(%X: !X, %b: !B, %s: !S) -> !X {
  %hc = plan.scope %s "attn_hc."
  %ln = plan.scope %s "input_layernorm."
  %a = plan.scope %s "self_attn."
  %c = plan.scope %a "compressor."
  %x = plan.scope %c "indexer."
  %sk = plan.param %a "sinks" : tensor<4xf32>
  %cw = plan.param %c "kv_proj.weight" : !w64x64
  %cg = plan.param %c "gate_proj.weight" : !w64x64
  %cb = plan.param %c "position_bias" : tensor<4x64xf32>
  %cn = plan.param %c "kv_norm.weight" : !v32
  %xw = plan.param %x "kv_proj.weight" : !w32x64
  %xg = plan.param %x "gate_proj.weight" : !w32x64
  %xb = plan.param %x "position_bias" : tensor<4x32xf32>
  %xn = plan.param %x "kv_norm.weight" : tensor<16xf32>
  %xq = plan.param %x "q_b_proj.weight" : !w128x32
  %xp = plan.param %x "scorer.weights_proj.weight" : tensor<8x64xf32>
  %win = plan.log %s "win" : !win
  %ent0 = plan.log %s "entries" : !e4
  %ct = plan.log %s "tail" : !t4
  %ik0 = plan.log %s "index" : !ik
  %xt = plan.log %s "index_tail" : !tx
  %n, %po, %cm = call @enter(%X, %hc, %ln) : (!X, !S, !S) -> (!h, !p, !c)
  %qr, %q1, %k1 = call @latent(%n, %a) : (!h, !S) -> (!q, !qh, !q)
  %q = attn.rope %q1 at %b by #comp heads = 4 : !qh -> !qh
  %kv = attn.rope %k1 at %b by #comp : !q -> !q
  %c1 = scaled.linear %n, %cw : !h, !w64x64 -> !h
  %z1 = scaled.linear %n, %cg : !h, !w64x64 -> !h
  %ent = attn.compress %c1, %z1 bias %cb norm %cn tail %ct into %ent0 at %b by #comp overlap eps = 1.0e-6
    : !h, !h, tensor<4x64xf32>, !v32, !t4, !e4, !B -> !e4
  %c2 = scaled.linear %n, %xw : !h, !w32x64 -> !q
  %z2 = scaled.linear %n, %xg : !h, !w32x64 -> !q
  %ik = attn.compress %c2, %z2 bias %xb norm %xn tail %xt into %ik0 at %b by #comp overlap eps = 1.0e-6
    : !q, !q, tensor<4x32xf32>, tensor<16xf32>, !tx, !ik, !B -> !ik
  %j1 = scaled.linear %qr, %xq : !q, !w128x32 -> !qh
  %j = attn.rope %j1 at %b by #comp heads = 8 : !qh -> !qh
  %g = scaled.linear %n, %xp : !h, tensor<8x64xf32> -> !e
  %sel = attn.select %j, %g in %ik at %b top = 3 scale = 0.0883883461 : !qh, !e, !ik -> tensor<?x3xi32>
  %o1 = attn.attend %q at %b over ring(%win, %kv) entries %ent picked %sel sinks %sk heads = 4 scale = 0.176776692
    : !qh, !B, !win, !q, !e4, tensor<?x3xi32>, tensor<4xf32> -> !qh
  attn.commit %kv to %win at %b : (!q) to !win
  attn.commit %c1, %z1 to %ct at %b : (!h, !h) to !t4
  attn.commit %c2, %z2 to %xt at %b : (!q, !q) to !tx
  %o = attn.rope inverse %o1 at %b by #comp heads = 4 : !qh -> !qh
  %X1 = call @leave(%o, %X, %po, %cm, %a) : (!qh, !X, !p, !c, !S) -> !X
  return %X1 : !X
}

func.func private @attn_hca(%X: !X, %b: !B, %s: !S) -> !X {
  %hc = plan.scope %s "attn_hc."
  %ln = plan.scope %s "input_layernorm."
  %a = plan.scope %s "self_attn."
  %c = plan.scope %a "compressor."
  %sk = plan.param %a "sinks" : tensor<4xf32>
  %cw = plan.param %c "kv_proj.weight" : !w32x64
  %cg = plan.param %c "gate_proj.weight" : !w32x64
  %cb = plan.param %c "position_bias" : tensor<8x32xf32>
  %cn = plan.param %c "kv_norm.weight" : !v32
  %win = plan.log %s "win" : !win
  %ent0 = plan.log %s "entries" : !e8
  %ct = plan.log %s "tail" : !t8
  %n, %po, %cm = call @enter(%X, %hc, %ln) : (!X, !S, !S) -> (!h, !p, !c)
  %qr, %q1, %k1 = call @latent(%n, %a) : (!h, !S) -> (!q, !qh, !q)
  %q = attn.rope %q1 at %b by #comp heads = 4 : !qh -> !qh
  %kv = attn.rope %k1 at %b by #comp : !q -> !q
  %c1 = scaled.linear %n, %cw : !h, !w32x64 -> !q
  %z1 = scaled.linear %n, %cg : !h, !w32x64 -> !q
  %ent = attn.compress %c1, %z1 bias %cb norm %cn tail %ct into %ent0 at %b by #comp eps = 1.0e-6
    : !q, !q, tensor<8x32xf32>, !v32, !t8, !e8, !B -> !e8
  %o1 = attn.attend %q at %b over ring(%win, %kv) entries %ent sinks %sk heads = 4 scale = 0.176776692
    : !qh, !B, !win, !q, !e8, tensor<4xf32> -> !qh
  attn.commit %kv to %win at %b : (!q) to !win
  attn.commit %c1, %z1 to %ct at %b : (!q, !q) to !t8
  %o = attn.rope inverse %o1 at %b by #comp heads = 4 : !qh -> !qh
  %X1 = call @leave(%o, %X, %po, %cm, %a) : (!qh, !X, !p, !c, !S) -> !X
  return %X1 : !X
}

func.func private @experts(%n: !h, %w: !kw, %e: !k, %m: !S) -> !h {
  %r = plan.scope %m "experts."
  %d = plan.scope %m "shared_experts."
  %rd = plan.param %r "down_proj" rows 0 to 64 of 64 : tensor<8x64x32xf32>
  %rg = plan.param %r "gate_up_proj" rows 0 to 32 of 64 : !we
  %ru = plan.param %r "gate_up_proj" rows 32 to 64 of 64 : !we
  %dg = plan.param %d "gate_proj.weight" : !w32x64
  %du = plan.param %d "up_proj.weight" : !w32x64
  %dd = plan.param %d "down_proj.weight" : !w64x32
  %row, %off, %place = moe.group %e experts = 8 : !k -> !i, tensor<9xi32>, !k
  %g1 = moe.matmul %n[%row] fan = 2, %rg by %off : !h, !i, !we, tensor<9xi32> -> !q
  %u1 = moe.matmul %n[%row] fan = 2, %ru by %off : !h, !i, !we, tensor<9xi32> -> !q
  %a1 = moe.glu %g1, %u1 limit = 1.0 : !q, !q -> !q
  %y1 = moe.matmul %a1, %rd by %off : !q, tensor<8x64x32xf32>, tensor<9xi32> -> !h
  %g2 = scaled.linear %n, %dg : !h, !w32x64 -> !q
  %u2 = scaled.linear %n, %du : !h, !w32x64 -> !q
  %a2 = moe.glu %g2, %u2 limit = 1.0 : !q, !q -> !q
  %y2 = scaled.linear %a2, %dd : !q, !w64x32 -> !h
  %y3 = moe.combine %y1, %w at %place : !h, !kw, !k -> !h
  %y = arith.addf %y3, %y2 : !h
  return %y : !h
}

func.func private @ffn_hash(%X: !X, %ids: !i, %s: !S) -> !X {
  %hc = plan.scope %s "ffn_hc."
  %ln = plan.scope %s "post_attention_layernorm."
  %m = plan.scope %s "mlp."
  %wg = plan.param %m "gate.weight" : tensor<8x64xf32>
  %table = plan.param %m "gate.tid2eid" : tensor<97x2xi64>
  %n, %po, %cm = call @enter(%X, %hc, %ln) : (!X, !S, !S) -> (!h, !p, !c)
  %l = scaled.linear %n, %wg : !h, tensor<8x64xf32> -> !e
  %w, %e = moe.route %l table %table[%ids] scoring = sqrtsoftplus top_k = 2 scale = 1.5
    : !e, tensor<97x2xi64>, !i -> !kw, !k
  %y = call @experts(%n, %w, %e, %m) : (!h, !kw, !k, !S) -> !h
  %X1 = hc.post %y, %X, %po, %cm : !h, !X, !p, !c -> !X
  return %X1 : !X
}

func.func private @ffn_bias(%X: !X, %s: !S) -> !X {
  %hc = plan.scope %s "ffn_hc."
  %ln = plan.scope %s "post_attention_layernorm."
  %m = plan.scope %s "mlp."
  %wg = plan.param %m "gate.weight" : tensor<8x64xf32>
  %bias = plan.param %m "gate.e_score_correction_bias" : tensor<8xf32>
  %n, %po, %cm = call @enter(%X, %hc, %ln) : (!X, !S, !S) -> (!h, !p, !c)
  %l = scaled.linear %n, %wg : !h, tensor<8x64xf32> -> !e
  %w, %e = moe.route %l bias %bias scoring = sqrtsoftplus top_k = 2 scale = 1.5 : !e, tensor<8xf32> -> !kw, !k
  %y = call @experts(%n, %w, %e, %m) : (!h, !kw, !k, !S) -> !h
  %X1 = hc.post %y, %X, %po, %cm : !h, !X, !p, !c -> !X
  return %X1 : !X
}

func.func @step(%ids: !i {plan.input = "ids", plan.rows = #plan.expr<T>},
                %pos: !i {plan.input = "pos", plan.rows = #plan.expr<T>},
                %slot: !i {plan.input = "slot", plan.rows = #plan.expr<T>},
                %rows: !i {plan.input = "rows", plan.rows = #plan.expr<S + 1>},
                %logit_rows: !i {plan.input = "logit_rows", plan.rows = #plan.expr<L>}) -> tensor<?x97xf32>
    attributes {plan.entry} {
  %b = plan.batch %pos, %slot, %rows : !i, !i, !i
  %root = plan.scope ""
  %m = plan.scope "model."
  %hh = plan.scope %m "hc_head."
  %l0 = plan.scope %m "layers.{}." at 0
  %l1 = plan.scope %m "layers.{}." at 1
  %l2 = plan.scope %m "layers.{}." at 2
  %table = plan.param %m "embed_tokens.weight" : tensor<97x64xf32>
  %e = scaled.take %table[%ids] : tensor<97x64xf32>, !i -> !h
  %X0 = hc.expand %e : !h -> !X
  %A0 = call @attn_swa(%X0, %b, %l0) : (!X, !B, !S) -> !X
  %X1 = call @ffn_hash(%A0, %ids, %l0) : (!X, !i, !S) -> !X
  plan.probe %l0 "hidden.{}" %X1 : !X
  %A1 = call @attn_csa(%X1, %b, %l1) : (!X, !B, !S) -> !X
  %X2 = call @ffn_bias(%A1, %l1) : (!X, !S) -> !X
  plan.probe %l1 "hidden.{}" %X2 : !X
  %A2 = call @attn_hca(%X2, %b, %l2) : (!X, !B, !S) -> !X
  %X3 = call @ffn_bias(%A2, %l2) : (!X, !S) -> !X
  plan.probe %l2 "hidden.{}" %X3 : !X
  %Xr = scaled.take %X3[%logit_rows] : !X, !i -> !X
  %fn = plan.param %hh "hc_fn" : tensor<4x256xf32>
  %ba = plan.param %hh "hc_base" : tensor<4xf32>
  %mu = plan.param %hh "hc_scale" : tensor<1xf32>
  %h1 = hc.head %Xr, %fn, %ba, %mu eps = 1.0e-6 norm_eps = 1.0e-6 : !X, tensor<4x256xf32>, tensor<4xf32>, tensor<1xf32> -> !h
  %wn = plan.param %m "norm.weight" : !v64
  %h2 = hc.norm %h1 weight %wn eps = 1.0e-6 : !h weight !v64 -> !h
  %lm = plan.param %root "lm_head.weight" : tensor<97x64xf32>
  %y = scaled.linear %h2, %lm : !h, tensor<97x64xf32> -> tensor<?x97xf32>
  return %y : tensor<?x97xf32>
}
}
