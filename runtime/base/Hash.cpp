#include "runtime/base/Hash.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace sluice {

std::string Hash128::hex() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

Hash128 hashBytes(const void *data, size_t size) {
  XXH128_hash_t hash = XXH3_128bits(data, size);
  return {hash.high64, hash.low64};
}

struct Hasher::State {
  State() : xxh(XXH3_createState()) { XXH3_128bits_reset(xxh); }
  ~State() { XXH3_freeState(xxh); }
  State(const State &) = delete;
  State &operator=(const State &) = delete;

  XXH3_state_t *xxh;
};

Hasher::Hasher() : state(std::make_unique<State>()) {}
Hasher::Hasher(Hasher &&) noexcept = default;
Hasher &Hasher::operator=(Hasher &&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(const void *data, size_t size) {
  XXH3_128bits_update(state->xxh, data, size);
}

Hash128 Hasher::hash() const {
  XXH128_hash_t hash = XXH3_128bits_digest(state->xxh);
  return {hash.high64, hash.low64};
}

} // namespace sluice
