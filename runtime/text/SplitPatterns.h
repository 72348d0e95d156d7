#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The regular expressions that cut text into pieces before BPE. Each is run
/// over each piece that the one before it left; what it matches becomes a piece
/// of its own, and so does what lies between two matches.
/// Immutable after compile(), so threads may share one.
class SplitPatterns {
public:
  /// Errors: BadInput for a pattern that PCRE2 refuses or that matches nothing.
  static Result<SplitPatterns>
  compile(const std::vector<std::string> &patterns);

  /// Splits texts one after another with the same working memory. Lives no
  /// longer than the patterns; one thread at a time.
  class Run {
  public:
    /// Appends to `ends` the end of each piece of `text`, which is valid UTF-8,
    /// in order; each plus `base`. Errors: Timeout when a pattern tries too
    /// long, BadInput when it matches nothing after all, OutOfMemory.
    Status split(std::string_view text, uint32_t base,
                 std::vector<uint32_t> &ends);
    Run(Run &&) noexcept;
    ~Run();

  private:
    friend class SplitPatterns;
    struct Work;
    explicit Run(std::unique_ptr<Work> work);
    std::unique_ptr<Work> work;
  };
  Result<Run> start() const;

  SplitPatterns(SplitPatterns &&) noexcept;
  SplitPatterns &operator=(SplitPatterns &&) noexcept;
  ~SplitPatterns();

private:
  struct Impl;
  explicit SplitPatterns(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace sluice
