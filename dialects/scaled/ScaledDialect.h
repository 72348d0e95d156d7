#pragma once

#include "dialects/plan/PlanDialect.h"
#include "dialects/scaled/ScaledTypes.h"

#include "dialects/scaled/ScaledDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/scaled/ScaledAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialects/scaled/ScaledOps.h.inc"
