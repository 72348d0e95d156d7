#pragma once

#include "passes/lower/Stage.h"

namespace mlir::sluice::lower {

/// A row of the step as the batch describes it: i64 all.
struct Token {
  Val position;
  Val slot;
  Val first;         // row at which its sequence begins in this step
  Val firstPosition; // position of that row: the tokens the slot has kept
};
Token token(Stage &stage, Value batch, Val row);

/// Address of row `row` (absolute) of a slot's log. Page, ring place and row
/// format are known here only.
Val logRow(Stage &stage, const Log &log, Val slot, Val row);

/// Address of the row that position `position` of the token's sequence left:
/// of this step's rows (`columns` wide, at `rows`) where it belongs to the
/// step, else `earlier`.
Val stepRowOr(Stage &stage, const Token &token, Val position, Numbers rows,
              int64_t columns, Val earlier);

} // namespace mlir::sluice::lower
