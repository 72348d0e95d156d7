// Each thread interprets a program of its own: jumps through a table, a stack
// in local memory, a call that is not inlined, lanes at different places.
enum Opcode { Push, Add, Multiply, Duplicate, Root, JumpIfLess, Drop, Halt };
constexpr int kDepth = 8;

// The largest integer whose square is not above x. x < 2^32.
static __device__ __noinline__ unsigned integerRoot(unsigned x) {
  unsigned root = 0;
  for (unsigned bit = 1u << 15; bit > 0; bit /= 2)
    if ((root + bit) * (root + bit) <= x)
      root += bit;
  return root;
}

// Thread i starts at code[starts[i]] with i on the stack; results[i] is what
// lies on top when it halts. An instruction is an opcode and a word.
extern "C" __global__ void stackMachine(const unsigned *code, const int *starts,
                                        unsigned *results, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  unsigned stack[kDepth];
  int top = 0; // index of the topmost
  stack[0] = i;
  for (int pc = starts[i];; pc += 2) {
    unsigned word = code[pc + 1];
    switch (code[pc]) {
    case Push:
      stack[++top] = word;
      break;
    case Add:
      --top;
      stack[top] += stack[top + 1];
      break;
    case Multiply:
      --top;
      stack[top] *= stack[top + 1];
      break;
    case Duplicate: // of the element `word` below the top
      stack[top + 1] = stack[top - word];
      ++top;
      break;
    case Root:
      stack[top] = integerRoot(stack[top]);
      break;
    case JumpIfLess: // than 1000: to code[word]
      if (stack[top] < 1000)
        pc = word - 2;
      break;
    case Drop:
      --top;
      break;
    default:
      results[i] = stack[top];
      return;
    }
  }
}
