#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

/// 128 bits of XXH3: finds damage and tells models apart. It is no signature,
/// whoever means harm can collide it.
struct Hash128 {
  uint64_t high = 0, low = 0;

  /// 32 lower-case hex digits, `high` first.
  std::string hex() const;
  friend bool operator==(const Hash128 &, const Hash128 &) = default;
};

Hash128 hashBytes(const void *data, size_t size);

/// The same hash over pieces: how the bytes were cut does not matter.
class Hasher {
public:
  Hasher();
  Hasher(Hasher &&) noexcept;
  Hasher &operator=(Hasher &&) noexcept;
  ~Hasher();

  void update(const void *data, size_t size);
  void update(std::string_view text) { update(text.data(), text.size()); }
  /// The hash of everything so far; more may follow.
  Hash128 hash() const;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace sluice
