#include "passes/lower/State.h"

namespace mlir::sluice::lower {

Token token(Stage &s, Value batch, Val row) {
  Val positions = s.positions(batch);
  Token token;
  token.position = s.loadIndex(positions, row);
  token.slot = s.loadIndex(s.slots(batch), row);
  token.first = s.loadIndex(s.firsts(batch), row);
  token.firstPosition = s.loadIndex(positions, token.first);
  return token;
}

Val logRow(Stage &s, const Log &log, Val slot, Val row) {
  int64_t bytes = log.type.getRowBytes();
  if (log.type.isRing()) {
    int64_t keep = log.type.getKeep();
    return s.atBytes(log.pool, (slot * keep + row % keep) * bytes);
  }
  Val rowsPerPage = log.pageTokens / log.type.getEvery();
  Val entry = slot * log.pagesPerSlot + row / rowsPerPage;
  Val page = s.loadIndex(log.pages, entry);
  return s.atBytes(log.pool, (page * rowsPerPage + row % rowsPerPage) * bytes);
}

Val stepRowOr(Stage &s, const Token &token, Val position, Numbers rows,
              int64_t columns, Val earlier) {
  Val inStep = ge(position, token.firstPosition);
  // The address is formed in either case and used in one.
  Val row = token.first + (position - token.firstPosition);
  return select(inStep, s.at(rows, row * columns).base, earlier);
}

} // namespace mlir::sluice::lower
