/* The interface from plain C11: opens a model, runs one step, reads logits. */

#include "runtime/include/sluice.h"

#include <string.h>

_Static_assert(SLUICE_OK == 0, "success is zero");

/* Logits of the last of `count` tokens to `logits`; a code. */
int sluice_test_run(const char *plan, const char *directory, const int32_t *ids,
                    size_t count, float *logits, size_t capacity,
                    sluice_error *error) {
  sluice_model *model = NULL;
  sluice_context *context = NULL;
  int32_t pos[16], slot[16], rows[2], last;
  sluice_step step;
  const float *found = NULL;
  size_t width = 0, i;
  int code = sluice_model_open(plan, directory, &model, error);
  if (code == SLUICE_OK)
    code = sluice_context_create(model, NULL, &context, error);
  for (i = 0; i < count; ++i) {
    pos[i] = (int32_t)i;
    slot[i] = 0;
  }
  rows[0] = 0;
  rows[1] = (int32_t)count;
  last = (int32_t)count - 1;
  memset(&step, 0, sizeof step);
  step.size = sizeof step;
  step.row_count = count;
  step.sequence_count = 1;
  step.logit_row_count = 1;
  step.ids = ids;
  step.pos = pos;
  step.slot = slot;
  step.rows = rows;
  step.logit_rows = &last;
  if (code == SLUICE_OK)
    code = sluice_context_step(context, &step, error);
  if (code == SLUICE_OK)
    code = sluice_context_logits(context, &found, &width, error);
  if (code == SLUICE_OK && width <= capacity)
    memcpy(logits, found, width * sizeof *logits);
  sluice_context_close(context);
  sluice_model_close(model);
  return code;
}
