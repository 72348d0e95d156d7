#pragma once

#include "dialects/plan/PlanDialect.h"
#include "dialects/scaled/ScaledDialect.h"

#include "dialects/attn/AttnDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/attn/AttnAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialects/attn/AttnOps.h.inc"
