#include "runtime/include/sluice.h"

#include "runtime/base/Quote.h"
#include "runtime/executor/Context.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>

using namespace sluice;

struct sluice_model {
  std::shared_ptr<const Model> model;
  std::string architecture;
};

struct sluice_context {
  std::unique_ptr<Context> context;
  std::string target;
};

namespace {

static_assert(SLUICE_OUTPUT_NOT_WRITTEN ==
              exitCode(StatusCode::OutputNotWritten));

void describe(sluice_error *error, std::string_view message) {
  if (!error)
    return;
  message = beginningOf(message, sizeof error->message - 1);
  std::memcpy(error->message, message.data(), message.size());
  error->message[message.size()] = 0;
}

/// Runs `body`, which returns a Status; no exception leaves.
template <typename Body> int guarded(sluice_error *error, Body body) {
  try {
    Status status = body();
    if (status.ok())
      return SLUICE_OK;
    describe(error, status.message());
    return exitCode(status.code());
  } catch (const std::bad_alloc &) {
    describe(error, "out of memory");
    return SLUICE_OUT_OF_MEMORY;
  } catch (const std::exception &exception) {
    describe(error, exception.what());
    return SLUICE_FAILED;
  }
}

template <typename T> Status needs(T *pointer, std::string_view what) {
  return pointer ? Status()
                 : invalidArgument(fmt::format("{} must not be null", what));
}

/// Whether `size` of a struct of the caller can be trusted.
template <typename T> Status checkSize(const T *in, std::string_view what) {
  constexpr size_t mostBytes = 4096;
  SLUICE_TRY(needs(in, what));
  if (in->size >= sizeof in->size && in->size <= mostBytes)
    return {};
  return invalidArgument(
      fmt::format("{}: expected size to be sizeof the struct ({}), got {}",
                  what, sizeof(T), in->size));
}

/// The caller's struct as this library knows it: what the caller does not know
/// is zero, and what this library does not know must be.
template <typename T> Result<T> readStruct(const T *in, std::string_view what) {
  SLUICE_TRY(checkSize(in, what));
  T out{};
  const char *bytes = reinterpret_cast<const char *>(in);
  for (size_t i = sizeof(T); i < in->size; ++i)
    if (bytes[i] != 0)
      return invalidArgument(fmt::format("{}: a field is set that this library "
                                         "does not know; use a newer sluice",
                                         what));
  std::memcpy(&out, in, std::min(in->size, sizeof(T)));
  return out;
}

/// Fills as much of the caller's struct as it knows; what this library does not
/// know becomes zero.
template <typename T>
Status writeStruct(T *out, const T &value, std::string_view what) {
  SLUICE_TRY(checkSize(out, what));
  size_t size = out->size;
  std::memset(out, 0, size);
  std::memcpy(out, &value, std::min(size, sizeof(T)));
  out->size = size;
  return {};
}

ContextOptions optionsFrom(const sluice_context_options &in) {
  ContextOptions out;
  if (in.max_rows != 0)
    out.maxRows = in.max_rows;
  if (in.slots != 0)
    out.slots = in.slots;
  out.maxSequences = in.max_sequences;
  out.maxLogitRows = in.max_logit_rows;
  out.maxContext = in.max_context;
  out.pageTokens = in.page_tokens;
  out.threads = in.threads;
  out.target = in.target ? in.target : "";
  out.memoryLimit = in.memory_limit;
  out.poison = in.poison != 0;
  return out;
}

/// `count` numbers at `data`, which may be null if there are none.
Result<std::span<const int32_t>> list(const int32_t *data, size_t count,
                                      std::string_view what) {
  if (count > 0)
    SLUICE_TRY(needs(data, what));
  return std::span(data, count);
}

} // namespace

const char *sluice_version(void) { return SLUICE_VERSION; }

int sluice_model_open(const char *plan_path, const char *model_directory,
                      sluice_model **model, sluice_error *error) {
  return guarded(error, [&]() -> Status {
    SLUICE_TRY(needs(plan_path, "plan_path"));
    SLUICE_TRY(needs(model, "model"));
    SLUICE_ASSIGN(
        std::shared_ptr<const Model> opened,
        Model::open(plan_path, model_directory ? model_directory : ""));
    std::string architecture(opened->plan().model.architecture);
    *model = new sluice_model{std::move(opened), std::move(architecture)};
    return {};
  });
}

int sluice_model_get_info(const sluice_model *model, sluice_model_info *info,
                          sluice_error *error) {
  return guarded(error, [&]() -> Status {
    SLUICE_TRY(needs(model, "model"));
    const PlanView::ModelInfo &facts = model->model->plan().model;
    sluice_model_info out{};
    out.architecture = model->architecture.c_str();
    out.max_context = facts.maxContext;
    out.page_multiple = facts.pageMultiple;
    out.weight_bytes = model->model->weightBytes();
    out.plan_bytes = model->model->file().bytes();
    out.vocabulary = facts.vocabulary;
    out.bos = facts.bos;
    out.eos = facts.eos;
    return writeStruct(info, out, "info");
  });
}

void sluice_model_close(sluice_model *model) { delete model; }

int sluice_context_create(const sluice_model *model,
                          const sluice_context_options *options,
                          sluice_context **context, sluice_error *error) {
  return guarded(error, [&]() -> Status {
    SLUICE_TRY(needs(model, "model"));
    SLUICE_TRY(needs(context, "context"));
    ContextOptions chosen;
    if (options) {
      SLUICE_ASSIGN(sluice_context_options given,
                    readStruct(options, "options"));
      chosen = optionsFrom(given);
    }
    SLUICE_ASSIGN(std::unique_ptr<Context> made,
                  Context::create(model->model, chosen));
    std::string target(made->target());
    *context = new sluice_context{std::move(made), std::move(target)};
    return {};
  });
}

int sluice_context_get_info(const sluice_context *context,
                            sluice_context_info *info, sluice_error *error) {
  return guarded(error, [&]() -> Status {
    SLUICE_TRY(needs(context, "context"));
    const MemoryBill &bill = context->context->bill();
    const ContextOptions &chosen = context->context->options();
    sluice_context_info out{};
    out.arena_bytes = bill.arena;
    out.state_bytes = bill.states;
    out.other_bytes = bill.total() - bill.arena - bill.states;
    out.total_bytes = bill.total();
    out.target = context->target.c_str();
    out.max_rows = chosen.maxRows;
    out.max_sequences = chosen.maxSequences;
    out.max_logit_rows = chosen.maxLogitRows;
    out.max_context = chosen.maxContext;
    out.slots = chosen.slots;
    out.page_tokens = chosen.pageTokens;
    out.threads = chosen.threads;
    out.poison = chosen.poison ? 1 : 0;
    return writeStruct(info, out, "info");
  });
}

void sluice_context_close(sluice_context *context) { delete context; }

int sluice_context_step(sluice_context *context, const sluice_step *step,
                        sluice_error *error) {
  return guarded(error, [&]() -> Status {
    SLUICE_TRY(needs(context, "context"));
    SLUICE_ASSIGN(sluice_step in, readStruct(step, "step"));
    StepInput input;
    SLUICE_ASSIGN(input.ids, list(in.ids, in.row_count, "step: ids"));
    SLUICE_ASSIGN(input.pos, list(in.pos, in.row_count, "step: pos"));
    SLUICE_ASSIGN(input.slot, list(in.slot, in.row_count, "step: slot"));
    if (in.sequence_count > in.row_count)
      return invalidArgument(
          fmt::format("step: {} sequences in {} rows; each has a row at least",
                      in.sequence_count, in.row_count));
    SLUICE_ASSIGN(input.rows,
                  list(in.rows, in.sequence_count + 1, "step: rows"));
    SLUICE_ASSIGN(input.logitRows,
                  list(in.logit_rows, in.logit_row_count, "step: logit_rows"));
    return context->context->step(input);
  });
}

int sluice_context_logits(sluice_context *context, const float **logits,
                          size_t *count, sluice_error *error) {
  return guarded(error, [&]() -> Status {
    SLUICE_TRY(needs(context, "context"));
    SLUICE_TRY(needs(logits, "logits"));
    SLUICE_ASSIGN(std::span<const float> found, context->context->logits());
    *logits = found.data();
    if (count)
      *count = found.size();
    return {};
  });
}

int sluice_context_get_output(sluice_context *context, const char *name,
                              sluice_output *output, sluice_error *error) {
  return guarded(error, [&]() -> Status {
    SLUICE_TRY(needs(context, "context"));
    SLUICE_TRY(needs(name, "name"));
    SLUICE_ASSIGN(OutputView found, context->context->output(name));
    sluice_output out{};
    out.data = found.bytes.data();
    out.bytes = found.bytes.size();
    out.dtype = dtypeName(found.dtype).data(); // of a literal
    out.rank = found.rank;
    std::copy(found.shape().begin(), found.shape().end(), out.shape);
    return writeStruct(output, out, "output");
  });
}

int sluice_context_kept(const sluice_context *context, uint32_t slot,
                        uint32_t *tokens, sluice_error *error) {
  return guarded(error, [&]() -> Status {
    SLUICE_TRY(needs(context, "context"));
    SLUICE_TRY(needs(tokens, "tokens"));
    uint32_t slots = context->context->options().slots;
    if (slot >= slots)
      return invalidArgument(fmt::format(
          "kept: expected a slot of 0 to {}, got {}", slots - 1, slot));
    *tokens = context->context->kept(slot);
    return {};
  });
}

int sluice_context_reset(sluice_context *context, uint32_t slot,
                         sluice_error *error) {
  return guarded(error, [&]() -> Status {
    SLUICE_TRY(needs(context, "context"));
    return context->context->reset(slot);
  });
}
