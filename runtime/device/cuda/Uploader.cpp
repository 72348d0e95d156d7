#include "runtime/device/cuda/Uploader.h"

#include <algorithm>
#include <cstring>

namespace sluice::cuda {

static constexpr size_t kHalfBytes = size_t(8) << 20;

Status Uploader::open() {
  if (stream != nullptr)
    return {};
  SLUICE_TRY(driver.check(driver.streamCreate(&stream, kStreamNonBlocking),
                          "cuStreamCreate"));
  for (Half &half : halves) {
    SLUICE_TRY(driver.check(driver.memHostAlloc(&half.bytes, kHalfBytes, 0),
                            "cuMemHostAlloc"));
    SLUICE_TRY(driver.check(driver.eventCreate(&half.free, kEventWithoutTime),
                            "cuEventCreate"));
  }
  return {};
}

Uploader::~Uploader() {
  for (Half &half : halves) {
    if (half.free)
      (void)driver.eventDestroy(half.free);
    if (half.bytes)
      (void)driver.memFreeHost(half.bytes);
  }
  if (stream)
    (void)driver.streamDestroy(stream);
}

Status Uploader::copy(Address to, std::span<const std::byte> from) {
  SLUICE_TRY(open());
  while (!from.empty()) {
    Half &half = halves[next];
    next = 1 - next;
    if (half.used)
      SLUICE_TRY(driver.check(driver.eventSynchronize(half.free),
                              "cuEventSynchronize"));
    size_t size = std::min(from.size(), kHalfBytes);
    std::memcpy(half.bytes, from.data(), size);
    SLUICE_TRY(
        driver.check(driver.memcpyHtoDAsync(to, half.bytes, size, stream),
                     "cuMemcpyHtoDAsync"));
    SLUICE_TRY(
        driver.check(driver.eventRecord(half.free, stream), "cuEventRecord"));
    half.used = true;
    to += size;
    from = from.subspan(size);
  }
  return {};
}

Status Uploader::finish() {
  if (stream == nullptr)
    return {};
  return driver.check(driver.streamSynchronize(stream), "cuStreamSynchronize");
}

} // namespace sluice::cuda
