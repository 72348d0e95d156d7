#pragma once

#include "dialects/attn/AttnDialect.h"
#include "dialects/hc/HcDialect.h"
#include "dialects/moe/MoeDialect.h"
#include "dialects/scaled/ScaledDialect.h"
#include "passes/lower/Lowering.h"

namespace mlir::sluice::lower {

// One function an op: the stages of its tier-0 kernel, correct for every shape
// and for the forms that Forms.cpp gives it. Each is called twice (see
// Lowering). The op's own description is the definition; comments here say how.
void lower(scaled::LinearOp op, Lowering &k);
void lower(scaled::TakeOp op, Lowering &k);
void lower(scaled::RoundOp op, Lowering &k);
void lower(hc::ExpandOp op, Lowering &k);
void lower(hc::PreOp op, Lowering &k);
void lower(hc::PostOp op, Lowering &k);
void lower(hc::HeadOp op, Lowering &k);
void lower(hc::NormOp op, Lowering &k);
void lower(attn::RopeOp op, Lowering &k);
void lower(attn::CommitOp op, Lowering &k);
void lower(attn::CompressOp op, Lowering &k);
void lower(attn::SelectOp op, Lowering &k);
void lower(attn::AttendOp op, Lowering &k);
void lower(moe::RouteOp op, Lowering &k);
void lower(moe::GroupOp op, Lowering &k);
void lower(moe::MatmulOp op, Lowering &k);
void lower(moe::GluOp op, Lowering &k);
void lower(moe::CombineOp op, Lowering &k);
void lower(arith::AddFOp op, Lowering &k);

} // namespace mlir::sluice::lower
