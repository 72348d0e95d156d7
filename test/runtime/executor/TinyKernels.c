// The kernels of TinyModel: integer arithmetic that any test can redo, on every
// kind of argument. Compiled to a bare image: no constants in memory, no calls.
typedef unsigned int u32;
typedef unsigned long u64;
typedef int i32;

#define POINTER(type, word) ((type *)args[word])

// Row `row` of a slot of a paged log of int32 rows.
static inline i32 *pagedRow(u64 pool, u64 table, u64 slot, u64 row,
                            u64 rowsPerPage, u64 pagesPerSlot) {
  i32 page = ((i32 *)table)[slot * pagesPerSlot + row / rowsPerPage];
  return (i32 *)pool + (u64)page * rowsPerPage + row % rowsPerPage;
}

// ids, table of [vocabulary] int32, result [T]
void gather(const u64 *args, u32 x, u32 y, u32 z, void *scratch) {
  POINTER(i32, 2)[x] = POINTER(i32, 1)[POINTER(i32, 0)[x]];
}

// value [T], pos, slot, log (2), P, pages a slot
void append(const u64 *args, u32 x, u32 y, u32 z, void *scratch) {
  *pagedRow(args[3], args[4], POINTER(i32, 2)[x], POINTER(i32, 1)[x], args[5],
            args[6]) = POINTER(i32, 0)[x];
}

// pos, slot, log (2), log of every 4 tokens (2), P, pages a slot
void group(const u64 *args, u32 x, u32 y, u32 z, void *scratch) {
  u64 pos = POINTER(i32, 0)[x], slot = POINTER(i32, 1)[x];
  if ((pos + 1) % 4 != 0)
    return;
  i32 sum = 0;
  for (u64 i = pos - 3; i <= pos; ++i)
    sum += *pagedRow(args[2], args[3], slot, i, args[6], args[7]);
  *pagedRow(args[4], args[5], slot, pos / 4, args[6] / 4, args[7]) = sum;
}

// value, pos, slot, first, rows [S + 1], ring of 3 (2), S
void commit(const u64 *args, u32 x, u32 y, u32 z, void *scratch) {
  const i32 *rows = POINTER(i32, 4);
  u32 sequence = 0;
  while (sequence + 1 < args[7] && rows[sequence + 1] <= (i32)x)
    ++sequence;
  if (POINTER(i32, 3)[x] != rows[sequence] || args[6] != 0)
    __builtin_trap();
  if ((i32)x + 3 < rows[sequence + 1])
    return; // overwritten later in this step
  u64 pos = POINTER(i32, 1)[x], slot = POINTER(i32, 2)[x];
  ((i32 *)args[5])[slot * 3 + pos % 3] = POINTER(i32, 0)[x];
}

// The words of `mix`, and what both of its variants write at result[x].
enum {
  Value,
  Pos,
  Slot,
  First,
  Log,
  LogPages,
  Groups,
  GroupPages,
  Ring,
  RingPages,
  Tables,
  Slices,
  Rows,
  Sequences,
  Longest,
  P,
  PagesPerSlot,
  Result,
  Partial,
  Columns = 16
};

static inline void common(const u64 *args, u32 x, i32 all, i32 variant) {
  i32 *out = POINTER(i32, Result) + (u64)x * Columns;
  u64 pos = POINTER(i32, Pos)[x], slot = POINTER(i32, Slot)[x];
  u64 first = POINTER(i32, First)[x];
  i32 groups = 0, window = 0;
  for (u64 i = 0; (i + 1) * 4 <= pos + 1; ++i)
    groups += *pagedRow(args[Groups], args[GroupPages], slot, i, args[P] / 4,
                        args[PagesPerSlot]);
  u64 begin = pos - (x - first); // first position of the step
  for (u64 i = pos < 3 ? 0 : pos - 3; i <= pos; ++i)
    window += i < begin ? ((i32 *)args[Ring])[slot * 3 + i % 3]
                        : POINTER(i32, Value)[first + (i - begin)];
  out[0] = all;
  out[1] = groups;
  out[2] = window;
  out[3] = POINTER(i32, Value)[x];
  out[4] = pos;
  out[5] = slot;
  out[6] = first;
  out[7] = args[Rows];
  out[8] = args[Sequences];
  out[9] = args[Longest];
  out[10] = *POINTER(i32 *, Tables)[0] * 100 + *POINTER(i32 *, Tables)[1];
  out[11] = *POINTER(i32 *, Slices)[0] * 100 + *POINTER(i32 *, Slices)[1];
  out[12] = variant;
  out[13] = args[RingPages] == 0;
  out[14] = 0;
  out[15] = 0;
}

// One stage. Sums in its scratch, which holds whatever the last block left.
void mix(const u64 *args, u32 x, u32 y, u32 z, void *scratch) {
  volatile i32 *sum = scratch;
  *sum = 0;
  for (u64 i = 0; i <= (u64)POINTER(i32, Pos)[x]; ++i)
    *sum = *sum + *pagedRow(args[Log], args[LogPages], POINTER(i32, Slot)[x], i,
                            args[P], args[PagesPerSlot]);
  common(args, x, *sum, 1);
}

// Stage 1 of 2, blocks (4, T): the rows i with i mod 4 = x.
void mixPartial(const u64 *args, u32 x, u32 y, u32 z, void *scratch) {
  i32 sum = 0;
  for (u64 i = x; i <= (u64)POINTER(i32, Pos)[y]; i += 4)
    sum += *pagedRow(args[Log], args[LogPages], POINTER(i32, Slot)[y], i,
                     args[P], args[PagesPerSlot]);
  POINTER(i32, Partial)[(u64)y * 4 + x] = sum;
}

// Stage 2 of 2.
void mixMerge(const u64 *args, u32 x, u32 y, u32 z, void *scratch) {
  const i32 *partial = POINTER(i32, Partial) + (u64)x * 4;
  common(args, x, partial[0] + partial[1] + partial[2] + partial[3], 2);
}

// result of mix, logit_rows, logits [L, 16] F32
void head(const u64 *args, u32 x, u32 y, u32 z, void *scratch) {
  const i32 *row = POINTER(i32, 0) + (u64)POINTER(i32, 1)[x] * Columns;
  for (u32 i = 0; i < Columns; ++i)
    POINTER(float, 2)[(u64)x * Columns + i] = (float)row[i];
}
