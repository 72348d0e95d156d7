#include "test/runtime/device/sim/corpus/cases/Builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice::sim::corpus {
namespace {

std::vector<float> eighths(Random &random, uint32_t n) {
  std::vector<float> values(n);
  for (float &value : values)
    value = random.eighths();
  return values;
}

Case mbarrierPipeline(uint32_t n, uint32_t blocks) {
  Case example{.name = fmt::format("mbarrier_pipeline/{}", n),
               .file = "mbarrier_pipeline"};
  Random random(n);
  std::vector<float> values = eighths(random, n);
  std::vector<double> results;
  for (uint32_t i = 0; i < n; ++i) {
    uint32_t next = i % 128 == 127 ? i - 127 : i + 1;
    results.push_back(values[i] + 2 * (next < n ? values[next] : 0.0));
  }
  Pointer input = filled(example, "values", values);
  Pointer output = unwritten(example, "result", n * 4);
  example.launches = {{.kernel = "mbarrierPipeline",
                       .grid = {blocks},
                       .block = {160},
                       .arguments = {input, output, int32_t(n)}}};
  example.expectations = {{output.buffer, Element::F32, results}};
  return example;
}

Case namedBarriers(uint32_t n) {
  Case example{.name = fmt::format("named_barriers/{}", n),
               .file = "named_barriers"};
  Random random(n);
  std::vector<float> values = eighths(random, n);
  std::vector<double> results;
  for (uint32_t i = 0; i < n; ++i) {
    uint32_t mirror = i / 64 * 64 + 63 - i % 64;
    results.push_back(values[i] - 3 * (mirror < n ? values[mirror] : 0.0));
  }
  Pointer input = filled(example, "values", values);
  Pointer output = unwritten(example, "result", n * 4);
  example.launches = {{.kernel = "namedBarriers",
                       .block = {128},
                       .arguments = {input, output, int32_t(n)}}};
  example.expectations = {{output.buffer, Element::F32, results}};
  return example;
}

// Steps of one sequence, up to the first number above `limit`.
struct Sequence {
  int steps;
  bool complete;
};
Sequence collatzSequence(uint64_t x, uint64_t limit) {
  int steps = 0;
  for (; x != 1; ++steps) {
    if (x > limit)
      return {steps, false};
    x = x % 2 ? 3 * x + 1 : x / 2;
  }
  return {steps, true};
}

Case collatz(uint32_t n) {
  Case example{.name = fmt::format("collatz/{}", n), .file = "collatz"};
  const uint32_t stride = 37, limit = 20000;
  std::vector<double> totals, masks((n + 31) / 32);
  for (uint32_t i = 0; i < n; ++i) {
    int total = 0;
    for (uint32_t j = 1; j <= i % 5; ++j) {
      Sequence sequence = collatzSequence(i * stride + j, limit);
      if (j == 1 && !sequence.complete) {
        total = -1;
        break;
      }
      total += sequence.steps;
    }
    totals.push_back(static_cast<uint32_t>(total));
    if (total > 100)
      masks[i / 32] += 1u << i % 32;
  }
  Pointer steps = unwritten(example, "steps", n * 4);
  Pointer longWarps = unwritten(example, "longWarps", masks.size() * 4);
  example.launches = {{.kernel = "collatzSteps",
                       .grid = {blocksFor(n, 128)},
                       .block = {128},
                       .arguments = {steps, longWarps, int32_t(n),
                                     int32_t(stride), int32_t(limit)}}};
  example.expectations = {{steps.buffer, Element::U32, totals},
                          {longWarps.buffer, Element::U32, masks}};
  return example;
}

// How many tasks a range becomes, itself counted.
uint32_t countTasks(uint32_t length) {
  if (length <= 48)
    return 1;
  return 1 + countTasks(length / 3) + countTasks(length - length / 3);
}

Case workQueue(uint32_t n, uint32_t blocks) {
  Case example{.name = fmt::format("work_queue/{}", n), .file = "work_queue"};
  Random random(n);
  std::vector<uint32_t> values(n), results(n);
  std::vector<double> after;
  for (uint32_t i = 0; i < n; ++i) {
    values[i] = random.below(1000);
    results[i] = random.below(1000);
    uint32_t power = 1;
    for (uint32_t step = values[i] % 13; step > 0; --step)
      power = power * values[i] % 251;
    after.push_back(results[i] + power);
  }
  uint32_t slots = countTasks(n) + blocks;
  std::vector<uint32_t> tasks = {0, n}, ready(slots);
  tasks.resize(2 * slots);
  ready[0] = 1;
  Pointer input = filled(example, "values", values);
  Pointer output = filled(example, "result", results);
  Pointer queue = filled(example, "queue", std::vector<uint32_t>{0, 1, 1});
  Pointer tasksOf = filled(example, "tasks", tasks);
  Pointer readyOf = filled(example, "ready", ready);
  example.launches = {{.kernel = "workQueue",
                       .grid = {blocks},
                       .block = {32},
                       .arguments = {input, output, queue, tasksOf, readyOf}}};
  // The queue at the end: each block took one ticket too many.
  std::vector<double> counters = {double(slots), double(slots - blocks), 0};
  example.expectations = {{output.buffer, Element::U32, after},
                          {queue.buffer, Element::U32, counters}};
  return example;
}

Case stackMachine(uint32_t n) {
  enum : uint32_t {
    Push,
    Add,
    Multiply,
    Duplicate,
    Root,
    JumpIfLess,
    Drop,
    Halt
  };
  Case example{.name = fmt::format("stack_machine/{}", n),
               .file = "stack_machine"};
  const std::vector<uint32_t> code = {
      // 0: i * i + 7, then its root
      Duplicate, 0, Multiply, 0, Push, 7, Add, 0, Root, 0, Halt, 0,
      // 12: doubled and increased until it is not below 1000
      Duplicate, 0, Add, 0, Push, 1, Add, 0, JumpIfLess, 12, Halt, 0,
      // 24: i * (i + 5), with another number pushed and dropped
      Duplicate, 0, Push, 5, Add, 0, Push, 99, Drop, 0, Duplicate, 1, Multiply,
      0, Halt, 0};
  std::vector<int32_t> starts;
  std::vector<double> results;
  for (uint32_t i = 0; i < n; ++i) {
    uint32_t kind = i * 7 / 3 % 3;
    starts.push_back(12 * static_cast<int32_t>(kind));
    uint32_t x = i;
    if (kind == 0) {
      x = static_cast<uint32_t>(std::sqrt(double(x * x + 7)));
    } else if (kind == 1) {
      do
        x = 2 * x + 1;
      while (x < 1000);
    } else {
      x = x * (x + 5);
    }
    results.push_back(x);
  }
  Pointer program = filled(example, "code", code);
  Pointer entries = filled(example, "starts", starts);
  Pointer output = unwritten(example, "results", n * 4);
  example.launches = {{.kernel = "stackMachine",
                       .grid = {blocksFor(n, 64)},
                       .block = {64},
                       .arguments = {program, entries, output, int32_t(n)}}};
  example.expectations = {{output.buffer, Element::U32, results}};
  return example;
}

} // namespace

void addControlCases(std::vector<Case> &cases) {
  cases.push_back(mbarrierPipeline(1500, 2));
  cases.push_back(mbarrierPipeline(900, 1)); // ends in the middle of the ring
  cases.push_back(namedBarriers(435));       // seven chunks
  cases.push_back(namedBarriers(250));       // four
  cases.push_back(collatz(900));
  cases.push_back(workQueue(1000, 5));
  cases.push_back(stackMachine(150));
}

} // namespace sluice::sim::corpus
