// The host as a device: what code it refuses, its memory, its streams.

#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/cpu/ThreadPool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sched.h>
#include <xmmintrin.h>

using namespace sluice;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

namespace {

std::unique_ptr<Device>
create(unsigned threads = 2,
       const CpuRegisters &registers = CpuRegisters::read()) {
  Result<std::unique_ptr<Device>> device = createCpuDevice(threads, registers);
  EXPECT_TRUE(device.ok()) << device.status().message();
  return *std::move(device);
}

PlanView::Target target(std::vector<std::string_view> features) {
  return {"some", fb::TargetKind::Cpu, std::move(features), 1, 0, true};
}

struct CpuDeviceTest : testing::Test {
  std::unique_ptr<Device> device = create();
  std::unique_ptr<Stream> stream = *device->createStream();

  DeviceSpan allocate(uint64_t bytes) {
    Result<DeviceSpan> span = device->allocate(bytes);
    EXPECT_TRUE(span.ok()) << span.status().message();
    return *span;
  }
  void launch(BlockFunction function, uint32_t blocks, const uint64_t *args) {
    Status status = device->launch(
        *stream,
        {reinterpret_cast<uint64_t>(function), {blocks, 1, 1}, 1, 1, 0, args});
    EXPECT_TRUE(status.ok()) << status.message();
  }
};

constexpr unsigned usualControl = 0x1f80;   // round to nearest, denormals kept
constexpr unsigned unusualControl = 0xff80; // flush to zero, round to zero

/// Writes each block's floating-point control word to args[0].
void readControl(const uint64_t *args, uint32_t x, uint32_t, uint32_t, void *) {
  reinterpret_cast<unsigned *>(args[0])[x] = _mm_getcsr();
}

} // namespace

TEST_F(CpuDeviceTest, CodeForAnotherProcessorIsRefused) {
  const std::vector<uint8_t> image = {0xc3}; // ret
  CpuRegisters noAvx512 = CpuRegisters::read();
  noAvx512.leaf7Ebx &= ~(1u << 16);
  CpuRegisters notSaved = CpuRegisters::read();
  notSaved.leaf7Ebx |= 1u << 16;
  notSaved.xcr0 = 0x7;
  for (const CpuRegisters &registers : {CpuRegisters(), noAvx512, notSaved}) {
    auto other = create(1, registers);
    EXPECT_TRUE(other->supports(target({})).ok());
    Status status = other->supports(target({"avx512f"}));
    EXPECT_EQ(status.code(), StatusCode::Incompatible);
    EXPECT_THAT(status.message(),
                AllOf(HasSubstr("\"some\""), HasSubstr("needs avx512f")));
    EXPECT_EQ(other->load(target({"avx512f"}), image, {}).status().code(),
              StatusCode::Incompatible)
        << "nothing can get around supports";
    EXPECT_TRUE(other->load(target({}), image, {}).ok());
  }
  // The last of many is looked at as well.
  CpuRegisters v3 = {};
  v3.leaf1Ecx = ~0u;
  v3.xcr0 = ~uint64_t(0);
  EXPECT_TRUE(create(1, v3)->supports(target({"avx", "fma"})).ok());
  EXPECT_THAT(create(1, v3)->supports(target({"avx", "fma", "avx2"})).message(),
              HasSubstr("needs avx2"));
}

TEST_F(CpuDeviceTest, CodeForADeviceOfAnotherKindIsRefused) {
  PlanView::Target gpu = {"sm_90a", fb::TargetKind::Cuda, {}, 1, 0, true};
  EXPECT_EQ(device->supports(gpu).code(), StatusCode::Incompatible);
  EXPECT_THAT(device->supports(gpu).message(), HasSubstr("\"sm_90a\""));
  EXPECT_FALSE(device->load(gpu, std::vector<uint8_t>{0xc3}, {}).ok());
}

TEST_F(CpuDeviceTest, FeaturesOfTheFutureAreRefused) {
  Status status = device->supports(target({"feature-of-2040"}));
  EXPECT_EQ(status.code(), StatusCode::Incompatible);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("\"feature-of-2040\""),
                                      HasSubstr("use a newer sluice")));
}

TEST_F(CpuDeviceTest, EntriesLieInsideTheImage) {
  std::vector<uint8_t> image(100, 0xc3);
  auto module = device->load(target({}), image, {});
  ASSERT_TRUE(module.ok()) << module.status().message();
  Result<uint64_t> begin = (*module)->entry({0, 0, {}});
  Result<uint64_t> end = (*module)->entry({0, 99, {}});
  ASSERT_TRUE(begin.ok() && end.ok());
  EXPECT_EQ(*end - *begin, 99u);
  for (uint64_t offset : {uint64_t(100), uint64_t(4095), ~uint64_t(0)}) {
    Result<uint64_t> outside = (*module)->entry({0, offset, {}});
    ASSERT_FALSE(outside.ok());
    EXPECT_EQ(outside.status().code(), StatusCode::BadInput);
    EXPECT_THAT(outside.status().message(), HasSubstr("outside the image"));
  }
  EXPECT_FALSE(device->load(target({}), {}, {}).ok());
}

TEST_F(CpuDeviceTest, MemoryIsAlignedAndZero) {
  for (uint64_t bytes : {1, 255, 4096, 1000000}) {
    DeviceSpan span = allocate(bytes);
    EXPECT_EQ(span.bytes, bytes);
    EXPECT_EQ(span.address % 256, 0u);
    const std::byte *data = device->hostView(span);
    EXPECT_EQ(std::count(data, data + bytes, std::byte(0)), int64_t(bytes));
    device->free(span);
  }
  DeviceSpan none = allocate(0);
  EXPECT_EQ(none.bytes, 0u);
  device->free(none);
  Result<DeviceSpan> huge = device->allocate(uint64_t(1) << 60);
  ASSERT_FALSE(huge.ok());
  EXPECT_EQ(huge.status().code(), StatusCode::OutOfMemory);
  EXPECT_THAT(huge.status().message(), HasSubstr("1152921504606846976 bytes"));
}

TEST_F(CpuDeviceTest, WeightsAreUsedWhereTheyLie) {
  const std::vector<std::byte> bytes(10, std::byte(3));
  Result<DeviceSpan> span = device->share(bytes);
  ASSERT_TRUE(span.ok());
  EXPECT_EQ(device->hostView(*span), bytes.data());
  EXPECT_EQ(span->bytes, bytes.size());
}

TEST_F(CpuDeviceTest, CopiesStayInTheirSpans) {
  DeviceSpan span = allocate(16);
  const char text[] = "0123456789abcde";
  ASSERT_TRUE(device->upload(*stream, span, text, 16).ok());
  ASSERT_TRUE(device->fill(*stream, span.sub(4, 3), 'x').ok());
  char back[16] = {};
  ASSERT_TRUE(device->download(*stream, back, span, 16).ok());
  EXPECT_STREQ(back, "0123xxx789abcde");
  ASSERT_TRUE(device->download(*stream, back, span.sub(10, 6), 6).ok());
  EXPECT_STREQ(back, "abcde");
  EXPECT_EQ(device->upload(*stream, span.sub(8, 4), text, 5).code(),
            StatusCode::InvalidArgument);
  EXPECT_EQ(device->download(*stream, back, span.sub(8, 4), 5).code(),
            StatusCode::InvalidArgument);
  EXPECT_TRUE(device->upload(*stream, {}, nullptr, 0).ok());
  EXPECT_TRUE(device->download(*stream, nullptr, {}, 0).ok());
  EXPECT_TRUE(device->fill(*stream, {}, 1).ok());
}

// What one stream wrote before an event is there for whoever waited for it.
TEST_F(CpuDeviceTest, StreamsAndEventsOrderWork) {
  auto other = *device->createStream();
  auto event = *device->createEvent();
  DeviceSpan numbers = allocate(8 * sizeof(uint64_t));
  BlockFunction add = [](const uint64_t *args, uint32_t x, uint32_t, uint32_t,
                         void *) {
    reinterpret_cast<uint64_t *>(args[0])[x] += x + 1;
  };
  const uint64_t args[] = {numbers.address};
  const uint64_t start[8] = {10, 20, 30, 40, 50, 60, 70, 80};
  ASSERT_TRUE(device->upload(*stream, numbers, start, sizeof start).ok());
  launch(add, 8, args);
  launch(add, 4, args);
  ASSERT_TRUE(device->record(*stream, *event).ok());
  ASSERT_TRUE(device->wait(*other, *event).ok());
  uint64_t found[8] = {};
  ASSERT_TRUE(device->download(*other, found, numbers, sizeof found).ok());
  ASSERT_TRUE(device->synchronize(*event).ok());
  ASSERT_TRUE(device->synchronize(*other).ok());
  EXPECT_THAT(found, testing::ElementsAre(12, 24, 36, 48, 55, 66, 77, 88));
}

// Bits must not depend on how the caller computes, nor on who made the threads.
TEST_F(CpuDeviceTest, FloatingPointIsAsUsualOnEveryThread) {
  _mm_setcsr(unusualControl);
  auto other = create(4);
  auto stream = *other->createStream();
  unsigned control[8] = {};
  const uint64_t args[] = {reinterpret_cast<uint64_t>(control)};
  Status status = other->launch(
      *stream,
      {reinterpret_cast<uint64_t>(&readControl), {8, 1, 1}, 1, 1, 0, args});
  unsigned after = _mm_getcsr();
  _mm_setcsr(usualControl);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(after, unusualControl) << "the caller's is given back";
  EXPECT_THAT(control, Each(usualControl));
}

TEST_F(CpuDeviceTest, OverheadIsScratchAndCode) {
  EXPECT_EQ(device->overheadBytes(), 0u);
  ASSERT_TRUE(device->reserveScratch(1000).ok());
  EXPECT_EQ(device->overheadBytes(), 2000u);
  auto module = device->load(target({}), std::vector<uint8_t>{0xc3}, {});
  ASSERT_TRUE(module.ok());
  EXPECT_EQ(device->overheadBytes(), 2000u + 4096u);
  EXPECT_EQ(device->reserveScratch(uint64_t(1) << 60).code(),
            StatusCode::OutOfMemory);
}

TEST(CpuDeviceThreads, OnlyProcessorsThisProcessMayUse) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(availableThreads(), static_cast<unsigned>(CPU_COUNT(&before)));
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(availableThreads(), 1u);
  sched_setaffinity(0, sizeof before, &before);
  EXPECT_EQ(createCpuDevice(0).status().code(), StatusCode::InvalidArgument);
}
