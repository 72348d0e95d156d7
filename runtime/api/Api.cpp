#include "runtime/include/sluice.h"

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

/// Writes `message` to `error`, cut between two characters if it is too long.
void describe(sluice_error *error, std::string_view message) {
  if (!error)
    return;
  size_t length = std::min(message.size(), sizeof error->message - 1);
  auto continues = [&](size_t at) {
    return (static_cast<unsigned char>(message[at]) & 0xc0) == 0x80;
  };
  while (length > 0 && length < message.size() && continues(length))
    --length;
  std::memcpy(error->message, message.data(), length);
  error->message[length] = 0;
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

Status needs(const void *pointer, std::string_view what) {
  return pointer ? Status()
                 : invalidArgument(fmt::format("{} must not be null", what));
}

/// The caller's struct as this library knows it: what the caller does not know
/// is zero, and what we do not know must be.
template <typename T> Result<T> readStruct(const T *in, std::string_view what) {
  constexpr size_t mostBytes = 4096;
  T out{};
  SLUICE_TRY(needs(in, what));
  size_t size = in->size;
  if (size < sizeof in->size || size > mostBytes)
    return invalidArgument(fmt::format("{}: expected size to be sizeof the "
                                       "struct ({}), got {}",
                                       what, sizeof(T), size));
  const char *bytes = reinterpret_cast<const char *>(in);
  for (size_t i = sizeof(T); i < size; ++i)
    if (bytes[i] != 0)
      return invalidArgument(fmt::format("{}: a field is set that this library "
                                         "does not know; use a newer sluice",
                                         what));
  std::memcpy(&out, in, std::min(size, sizeof(T)));
  return out;
}

/// Fills as much of the caller's struct as it knows; the rest becomes zero.
template <typename T>
Status writeStruct(T *out, const T &value, std::string_view what) {
  SLUICE_ASSIGN([[maybe_unused]] T sized, readSize(out, what));
  size_t size = sized.size;
  T filled = value;
  filled.size = size;
  std::memset(out, 0, size);
  std::memcpy(out, &filled, std::min(size, sizeof(T)));
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

Result<std::span<const int32_t>> list(const int32_t *data, size_t count,
                                      std::string_view what) {
  if (count > 0)
    SLUICE_TRY(needs(data, what));
  return std::span(data, count);
}

} // namespace

const char *sluice_version(void) { return SLUICE_VERSION; }
