#pragma once

#include "dialects/plan/PlanDialect.h"
#include "dialects/scaled/ScaledTypes.h"

#include "dialects/hc/HcDialect.h.inc"
#define GET_OP_CLASSES
#include "dialects/hc/HcOps.h.inc"
