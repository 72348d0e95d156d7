// A step allocates nothing: every allocation of the process is counted while
// steps run.

#include "test/runtime/executor/TinyModel.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <gtest/gtest.h>

namespace {

std::atomic<bool> counting = false;
std::atomic<size_t> allocations = 0;

void count() {
  if (counting.load(std::memory_order_relaxed))
    allocations.fetch_add(1, std::memory_order_relaxed);
}

} // namespace

// glibc's own names for what these stand in front of.
extern "C" {
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t number, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes) {
  count();
  return __libc_malloc(bytes);
}
void *calloc(size_t number, size_t bytes) {
  count();
  return __libc_calloc(number, bytes);
}
void *realloc(void *old, size_t bytes) {
  count();
  return __libc_realloc(old, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  count();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void **out, size_t alignment, size_t bytes) {
  count();
  *out = __libc_memalign(alignment, bytes);
  return *out ? 0 : ENOMEM;
}
}

using namespace sluice;

namespace {

class AllocationTest : public testing::TestWithParam<unsigned> {};

TEST_P(AllocationTest, StepsAllocateNothing) {
  TinyModel tiny;
  tiny.write();
  Result<std::shared_ptr<const Model>> model = tiny.open();
  ASSERT_TRUE(model.ok()) << model.status().message();
  ContextOptions options;
  options.maxRows = 8;
  options.slots = 2;
  options.maxContext = 64;
  options.pageTokens = 4; // so that steps take new pages
  options.threads = GetParam();
  Result<std::unique_ptr<Context>> context = Context::create(*model, options);
  ASSERT_TRUE(context.ok()) << context.status().message();
  TinySteps steps;
  for (int i = 0; i < 30; ++i) {
    StepInput input = i % 5 == 0 ? steps.make({{0, {1, 2, 3, 4}}, {1, {5}}})
                                 : steps.make({{0, {7}}});
    allocations = 0;
    counting = true;
    Status status = (*context)->step(input);
    Result<std::span<const float>> logits = (*context)->logits();
    counting = false;
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(std::vector<float>(logits->begin(), logits->end()),
              steps.expected(input.ids.size() <= 2));
    EXPECT_EQ(allocations, 0u) << "step " << i;
  }
}

TEST(AllocationTest, TheCounterCounts) {
  allocations = 0;
  counting = true;
  std::string *text = new std::string(100, 'x');
  counting = false;
  delete text;
  EXPECT_GE(allocations, 2u);
}

INSTANTIATE_TEST_SUITE_P(Threads, AllocationTest, testing::Values(1, 2, 3));

} // namespace
