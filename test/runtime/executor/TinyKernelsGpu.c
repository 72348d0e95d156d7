// The kernels of TinyModel for a GPU: an entry each, whose words are its
// parameters and whose scratch is the block's shared memory.
#include "TinyKernels.c"

extern __attribute__((address_space(3))) int sluice_shared[];

#define ENTRY(name, count)                                                     \
  struct name##Words {                                                         \
    u64 word[count];                                                           \
  };                                                                           \
  __attribute__((nvptx_kernel)) void name##Entry(struct name##Words words) {   \
    name(words.word, __nvvm_read_ptx_sreg_ctaid_x(),                           \
         __nvvm_read_ptx_sreg_ctaid_y(), __nvvm_read_ptx_sreg_ctaid_z(),       \
         (void *)sluice_shared);                                               \
  }
ENTRY(gather, 3)
ENTRY(append, 7)
ENTRY(group, 8)
ENTRY(mix, 18)
ENTRY(mixPartial, 19)
ENTRY(mixMerge, 19)
ENTRY(commit, 8)
ENTRY(head, 3)
