#include "runtime/device/sim/SimDevice.h"

#include <gtest/gtest.h>
#include <numeric>

namespace sluice {
namespace {

/// y[i] = x[i] + k for i < n, through shared memory: thread t reads what its
/// neighbour wrote. `racy` has no barrier between the two.
constexpr const char *kernels = R"(
.version 8.0
.target sm_80
.address_size 64
.extern .shared .align 16 .b8 tile[];
.visible .entry shift(.param .u64 x, .param .u64 y, .param .u64 n, .param .u64 k)
{
  .reg .pred %p<2>;
  .reg .b32 %r<12>;
  .reg .b64 %rd<12>;
  ld.param.u64 %rd1, [x];
  ld.param.u64 %rd2, [y];
  ld.param.u32 %r1, [n];
  ld.param.u32 %r2, [k];
  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.s32 %r6, %r3, %r4, %r5;
  setp.ge.u32 %p1, %r6, %r1;
  mov.u32 %r9, 0;
  mul.wide.u32 %rd3, %r6, 4;
  add.s64 %rd4, %rd1, %rd3;
  @!%p1 ld.global.b32 %r9, [%rd4];
  shl.b32 %r7, %r5, 2;
  mov.u32 %r8, tile;
  add.s32 %r8, %r8, %r7;
  st.shared.b32 [%r8], %r9;
  BARRIER
  xor.b32 %r7, %r7, 252;
  mov.u32 %r8, tile;
  add.s32 %r8, %r8, %r7;
  ld.shared.b32 %r10, [%r8];
  add.s32 %r10, %r10, %r2;
  add.s64 %rd5, %rd2, %rd3;
  @!%p1 st.global.b32 [%rd5], %r10;
  ret;
}
)";
constexpr uint32_t threads = 64, blocks = 3, count = threads * blocks;

std::string source(bool barrier = true) {
  std::string text = kernels;
  text.replace(text.find("BARRIER"), 7, barrier ? "bar.sync 0;" : "");
  return text;
}

PlanView::Target gpu() {
  PlanView::Target target{};
  target.name = "sm_80";
  target.kind = fb::TargetKind::Cuda;
  return target;
}

std::span<const uint8_t> bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

struct SimDeviceTest : testing::Test {
  std::unique_ptr<Device> make(unsigned hostThreads = 1,
                               sim::Checks checks = sim::Checks::all()) {
    SimDeviceOptions options;
    options.launch.checks = checks;
    options.launch.threads = hostThreads;
    return createSimDevice(options);
  }

  /// Runs the kernel over 0, 1, ..; what it wrote.
  Result<std::vector<int32_t>> run(Device &device, const std::string &text,
                                   uint32_t n = count) {
    SLUICE_ASSIGN(auto stream, device.createStream());
    SLUICE_ASSIGN(auto module, device.load(gpu(), bytesOf(text), {}));
    SLUICE_ASSIGN(uint64_t entry, module->entry({0, 0, "shift"}));
    SLUICE_TRY(device.reserveScratch(threads * 4));
    std::vector<int32_t> x(count), y(count);
    std::iota(x.begin(), x.end(), 0);
    SLUICE_ASSIGN(DeviceSpan from, device.share(std::as_bytes(std::span(x))));
    SLUICE_ASSIGN(DeviceSpan to, device.allocate(count * 4));
    SLUICE_TRY(device.fill(*stream, to, 0xff));
    uint64_t args[] = {from.address, to.address, n, 1000};
    SLUICE_TRY(device.launch(
        *stream, {entry, {blocks, 1, 1}, threads, 4, threads * 4, args}));
    SLUICE_TRY(device.synchronize(*stream));
    SLUICE_TRY(device.download(*stream, y.data(), to, count * 4));
    device.free(to);
    return y;
  }
};

TEST_F(SimDeviceTest, runsAStageOnWordsAndScratch) {
  for (unsigned hostThreads : {1u, 2u}) {
    auto device = make(hostThreads, {});
    auto y = run(*device, source());
    ASSERT_TRUE(y.ok()) << y.status().message();
    for (uint32_t i = 0; i < count; ++i)
      EXPECT_EQ((*y)[i], int32_t(1000 + i / threads * threads +
                                 (threads - 1 - i % threads)));
    EXPECT_GT(device->overheadBytes(), 0u);
    EXPECT_EQ(device->name(), "sim");
  }
}

TEST_F(SimDeviceTest, leavesWhatTheKernelDoesNotWrite) {
  auto device = make();
  auto y = run(*device, source(), count - 5);
  ASSERT_TRUE(y.ok()) << y.status().message();
  for (uint32_t i = count - 5; i < count; ++i)
    EXPECT_EQ((*y)[i], -1);
}

TEST_F(SimDeviceTest, aFindingIsAnErrorOfTheLaunch) {
  auto device = make();
  auto y = run(*device, source(/*barrier=*/false));
  ASSERT_FALSE(y.ok());
  EXPECT_EQ(y.status().code(), StatusCode::DeviceError);
  EXPECT_NE(y.status().message().find("sm_80.ptx:"), std::string::npos);
  EXPECT_NE(y.status().message().find("race"), std::string::npos)
      << y.status().message();
}

TEST_F(SimDeviceTest, refusesWhatIsNotForIt) {
  auto device = make();
  PlanView::Target cpu{};
  cpu.name = "x86-64-v3";
  cpu.kind = fb::TargetKind::Cpu;
  EXPECT_EQ(device->supports(cpu).code(), StatusCode::Incompatible);
  EXPECT_EQ(device->load(cpu, {}, {}).status().code(),
            StatusCode::Incompatible);
  EXPECT_EQ(device->load(gpu(), bytesOf("nonsense"), {}).status().code(),
            StatusCode::BadInput);
  std::string text = source();
  auto module = device->load(gpu(), bytesOf(text), {});
  ASSERT_TRUE(module.ok());
  EXPECT_EQ((*module)->entry({0, 0, "other"}).status().code(),
            StatusCode::BadInput);
  EXPECT_EQ(device->reserveScratch(228 * 1024).code(),
            StatusCode::Incompatible);
}

TEST_F(SimDeviceTest, memoryIsLimitedAndItsOwn) {
  SimDeviceOptions options;
  options.memoryBytes = 1000;
  auto device = createSimDevice(options);
  auto stream = device->createStream();
  EXPECT_EQ(device->allocate(1001).status().code(), StatusCode::OutOfMemory);
  auto span = device->allocate(600);
  ASSERT_TRUE(span.ok());
  EXPECT_EQ(span->address % 256, 0u);
  EXPECT_EQ(device->hostView(*span), nullptr);
  EXPECT_EQ(device->allocate(600).status().code(), StatusCode::OutOfMemory);
  int32_t word = 7;
  EXPECT_EQ(device->upload(**stream, span->sub(0, 3), &word, 4).code(),
            StatusCode::InvalidArgument);
  EXPECT_EQ(device->download(**stream, &word, span->sub(0, 3), 4).code(),
            StatusCode::InvalidArgument);
  device->free(*span);
  EXPECT_TRUE(device->allocate(600).ok());
  EXPECT_EQ(device->allocate(0)->bytes, 0u);
}

} // namespace
} // namespace sluice
