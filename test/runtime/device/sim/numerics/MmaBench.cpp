// Nanoseconds and GFLOP/s of one matrix instruction, as lines of JSON. Not a
// test: a number to compare on a quiet machine.
#include "runtime/device/sim/numerics/Mma.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

using namespace sluice::sim;

namespace {

struct Registers {
  alignas(64) uint64_t words[16][32] = {};
};

void measure(const char *name, const MmaForm &form) {
  sluice::Result<Mma> mma = form.n == 8 ? Mma::mma(form) : Mma::wmma(form);
  if (!mma.ok()) {
    fmt::print("{}\n", mma.status().message());
    return;
  }
  static Registers a, b, c;
  std::vector<void *> pa, pb, pc;
  for (int i = 0; i < 16; ++i) {
    pa.push_back(a.words[i]);
    pb.push_back(b.words[i]);
    pc.push_back(c.words[i]);
  }
  constexpr int calls = 20000;
  double best = 1e30;
  for (int repeat = 0; repeat < 20; ++repeat) {
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i)
      mma->run(pa.data(), pb.data(), pc.data(), pc.data());
    std::chrono::duration<double, std::nano> time =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count() / calls);
  }
  fmt::print("{{\"bench\":\"sim-mma\",\"form\":\"{}\",\"ns\":{:.1f},"
             "\"gflops\":{:.1f}}}\n",
             name, best, static_cast<double>(mma->operations()) / best);
}

} // namespace

int main() {
  using enum NumberType;
  measure("m16n8k16.bf16.f32",
          {.m = 16, .n = 8, .k = 16, .a = Bf16, .b = Bf16, .c = F32, .d = F32});
  measure("m16n8k16.f16.f32",
          {.m = 16, .n = 8, .k = 16, .a = F16, .b = F16, .c = F32, .d = F32});
  measure("m16n8k16.f16.f16",
          {.m = 16, .n = 8, .k = 16, .a = F16, .b = F16, .c = F16, .d = F16});
  measure("m16n8k8.tf32.f32",
          {.m = 16, .n = 8, .k = 8, .a = Tf32, .b = Tf32, .c = F32, .d = F32});
  measure("m16n8k32.e4m3.f32",
          {.m = 16, .n = 8, .k = 32, .a = E4m3, .b = E4m3, .c = F32, .d = F32});
  measure("m16n8k32.s8.s32",
          {.m = 16, .n = 8, .k = 32, .a = S8, .b = S8, .c = S32, .d = S32});
  measure(
      "m16n16k16.bf16.f32",
      {.m = 16, .n = 16, .k = 16, .a = Bf16, .b = Bf16, .c = F32, .d = F32});
  measure("m16n8k16.f64",
          {.m = 16, .n = 8, .k = 16, .a = F64, .b = F64, .c = F64, .d = F64});
  measure("m16n8k16.bf16.f32.wide", {.m = 16,
                                     .n = 8,
                                     .k = 16,
                                     .a = Bf16,
                                     .b = Bf16,
                                     .c = F32,
                                     .d = F32,
                                     .mode = MmaMode::Wide});
  return 0;
}
