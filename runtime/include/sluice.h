/* The C interface of sluice: open a plan with its model, make a context, run
 * steps, read logits, close.
 *
 *   sluice_model *model;
 *   sluice_context *context;
 *   sluice_error error;
 *   if (sluice_model_open("tiny.plan", NULL, &model, &error) != SLUICE_OK)
 *     fail(error.message);
 *
 * Results. Every function that can fail returns SLUICE_OK or a code, and then
 * writes a sentence to `error` unless that is null. Results are written only on
 * success. A null handle, a null result, or a struct size that makes no sense
 * is SLUICE_INVALID_ARGUMENT. Nothing aborts, and no C++ exception comes out.
 *
 * Structs begin with `size`, which the caller sets to sizeof the struct, so
 * that a newer library can be used by older programs and the reverse. Set all
 * bytes to zero first: zero means "default", and what an older library does not
 * know must be zero.
 *
 * Ownership. A handle lives until its close function. A context keeps its model
 * alive: close them in any order. Pointers the library returns belong to the
 * handle they came from; pointers the caller passes are not kept.
 *
 * Threads. A model is constant: any number of threads may use it. A context is
 * used by one thread at a time; different contexts are independent. A step uses
 * the calling thread and `threads` - 1 more, which the context owns.
 *
 * Strings are UTF-8 and end with a zero byte. Numbers are in the host's order.
 */
#ifndef SLUICE_H
#define SLUICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SLUICE_API __attribute__((visibility("default")))

/* Also the exit codes of the tools. */
enum {
  SLUICE_OK = 0,
  SLUICE_FAILED = 1,
  SLUICE_INVALID_ARGUMENT = 2, /* the caller asked for something impossible */
  SLUICE_BAD_INPUT = 3,        /* a file is damaged or not what it claims */
  SLUICE_INCOMPATIBLE = 4,     /* plan, model, host do not fit together */
  SLUICE_OUT_OF_MEMORY = 5,
  SLUICE_DEVICE_ERROR = 6, /* the context is lost: close it */
  SLUICE_TIMEOUT = 7,
  SLUICE_OUTPUT_NOT_WRITTEN = 8
};

/* What went wrong: expected, found, where, what to do. Cut if it is longer. */
typedef struct sluice_error {
  char message[1024];
} sluice_error;

typedef struct sluice_model sluice_model;
typedef struct sluice_context sluice_context;

/* "0.1.0". */
SLUICE_API const char *sluice_version(void);

/* ---- Models ---- */

typedef struct sluice_model_info {
  size_t size;
  const char *architecture; /* good until the model is closed */
  uint64_t max_context;     /* tokens a sequence may hold */
  uint64_t page_multiple;   /* page_tokens is a multiple of this */
  uint64_t weight_bytes;    /* of the checkpoint, mapped */
  uint64_t plan_bytes;
  uint32_t vocabulary; /* tokens; the width of the logits */
  int32_t bos, eos;    /* token ids; -1: none */
} sluice_model_info;

/* Maps a plan and the checkpoint it was compiled from, and checks that they
 * belong together. `model_directory` may be null: then the environment's
 * SLUICE_MODEL, or else the file PLAN_PATH.model, says where the checkpoint is.
 * The files must not be changed in place while the model is open. */
SLUICE_API int sluice_model_open(const char *plan_path,
                                 const char *model_directory,
                                 sluice_model **model, sluice_error *error);
SLUICE_API int sluice_model_get_info(const sluice_model *model,
                                     sluice_model_info *info,
                                     sluice_error *error);
/* Null is fine. */
SLUICE_API void sluice_model_close(sluice_model *model);

/* ---- Contexts ---- */

/* What a context can hold; 0 or null chooses the default. */
typedef struct sluice_context_options {
  size_t size;
  uint64_t memory_limit;   /* bytes the context may allocate; 0: no limit */
  const char *target;      /* of the plan, by name; null: the environment's
                              SLUICE_CPU_TARGET, or else the best that fits */
  uint32_t max_rows;       /* tokens of one step; 512 */
  uint32_t max_sequences;  /* of one step; slots, at most max_rows */
  uint32_t max_logit_rows; /* of one step; max_rows */
  uint32_t max_context;    /* tokens of a sequence; the model's, at most 4096 */
  uint32_t slots;          /* sequences kept at a time; 1 */
  uint32_t page_tokens;    /* tokens of a page of state; 64, or the next
                             multiple of what the model compresses */
  uint32_t threads;        /* the processors this process may use */
  uint32_t poison;         /* 1: fill fresh memory with NaN, for tests */
} sluice_context_options;

/* The choices made, and the bytes a context allocated. */
typedef struct sluice_context_info {
  size_t size;
  uint64_t arena_bytes, state_bytes, other_bytes, total_bytes;
  const char *target; /* good until the context is closed */
  uint32_t max_rows, max_sequences, max_logit_rows, max_context;
  uint32_t slots, page_tokens, threads, poison;
} sluice_context_info;

/* Allocates everything the largest step needs; sluice_context_step allocates
 * nothing. `options` may be null. SLUICE_OUT_OF_MEMORY also if the context
 * would exceed memory_limit, before anything large is allocated. */
SLUICE_API int sluice_context_create(const sluice_model *model,
                                     const sluice_context_options *options,
                                     sluice_context **context,
                                     sluice_error *error);
SLUICE_API int sluice_context_get_info(const sluice_context *context,
                                       sluice_context_info *info,
                                       sluice_error *error);
/* Null is fine. */
SLUICE_API void sluice_context_close(sluice_context *context);

/* One ragged batch: row_count tokens of sequence_count sequences. Rows of a
 * sequence lie side by side and continue where its slot stands: the first
 * position is what sluice_context_kept says, the others follow one by one. */
typedef struct sluice_step {
  size_t size;
  size_t row_count, sequence_count, logit_row_count;
  const int32_t *ids;        /* [row_count] tokens */
  const int32_t *pos;        /* [row_count] positions in their sequences */
  const int32_t *slot;       /* [row_count] 0 to slots - 1, one a sequence */
  const int32_t *rows;       /* [sequence_count + 1] where each sequence begins:
                                0, ascending, row_count */
  const int32_t *logit_rows; /* [logit_row_count] rows whose logits are wanted;
                                may be null if there are none */
} sluice_step;

/* Runs one step to its end. It happens as a whole or, after any failure but
 * SLUICE_DEVICE_ERROR, not at all. */
SLUICE_API int sluice_context_step(sluice_context *context,
                                   const sluice_step *step,
                                   sluice_error *error);

/* The logits of the last step: logit_row_count rows of `vocabulary` floats.
 * `count` (may be null) is the number of floats. Good until the next step. */
SLUICE_API int sluice_context_logits(sluice_context *context,
                                     const float **logits, size_t *count,
                                     sluice_error *error);

typedef struct sluice_output {
  size_t size;
  const void *data; /* row-major, good until the next step */
  size_t bytes;
  const char *dtype; /* "F32", "BF16", "I32", .. */
  size_t rank;
  int64_t shape[8]; /* the first `rank` count */
} sluice_output;

/* Any output of the last step: "logits", and what the plan was compiled to
 * keep, such as "hidden.3". */
SLUICE_API int sluice_context_get_output(sluice_context *context,
                                         const char *name,
                                         sluice_output *output,
                                         sluice_error *error);

/* Tokens that `slot` has kept: the position its next token must have. */
SLUICE_API int sluice_context_kept(const sluice_context *context, uint32_t slot,
                                   uint32_t *tokens, sluice_error *error);
/* Forgets what `slot` has kept. */
SLUICE_API int sluice_context_reset(sluice_context *context, uint32_t slot,
                                    sluice_error *error);

#ifdef __cplusplus
}
#endif

#endif
