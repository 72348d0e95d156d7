#include "tools/driver/Session.h"

#include "tools/driver/Interrupt.h"
#include "tools/driver/Progress.h"

#include <numeric>

namespace sluice {

Result<std::unique_ptr<Context>> openContext(std::shared_ptr<const Model> model,
                                             ContextOptions options) {
  Progress progress("load weights", model->weightBytes(), "bytes");
  options.loading = [&progress](uint64_t done) {
    progress.at(done);
    return !interrupted();
  };
  return Context::create(std::move(model), options);
}

Session::Session(std::unique_ptr<Context> made)
    : context(std::move(made)), positions(context->options().maxRows),
      slots(context->options().maxRows, 0),
      wantedRows(context->options().maxRows) {}

Result<Session> Session::create(std::shared_ptr<const Model> model,
                                const ContextOptions &options) {
  SLUICE_ASSIGN(std::unique_ptr<Context> context,
                openContext(std::move(model), options));
  return Session(std::move(context));
}

Status Session::step(std::span<const int32_t> ids, Logits wanted) {
  size_t rows = std::min(ids.size(), positions.size());
  std::iota(positions.begin(), positions.begin() + rows, int32_t(length()));
  const int32_t bounds[] = {0, int32_t(rows)};
  size_t count = wanted == Logits::All ? rows : wanted == Logits::Last ? 1 : 0;
  std::iota(wantedRows.begin(), wantedRows.begin() + count,
            int32_t(rows - count));
  StepInput input;
  input.ids = ids;
  input.pos = std::span(positions).first(rows);
  input.slot = std::span(slots).first(rows);
  input.rows = bounds;
  input.logitRows = std::span(wantedRows).first(count);
  return context->step(input);
}

} // namespace sluice
