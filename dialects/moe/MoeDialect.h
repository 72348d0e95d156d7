#pragma once

#include "dialects/plan/PlanDialect.h"
#include "dialects/scaled/ScaledTypes.h"

#include "dialects/moe/MoeDialect.h.inc"
#include "dialects/moe/MoeEnums.h.inc"
#define GET_OP_CLASSES
#include "dialects/moe/MoeOps.h.inc"
