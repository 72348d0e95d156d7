#include "runtime/text/SplitPatterns.h"

#include "runtime/base/Quote.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <fmt/format.h>

namespace sluice {
namespace {

constexpr uint32_t matchLimit = 10'000'000; // steps of one match
constexpr uint32_t heapLimitKib = 64 << 10; // of one match without JIT
constexpr size_t jitStackBytes = 1 << 20;

template <auto Free> struct Freer {
  template <typename T> void operator()(T *p) const { Free(p); }
};
using Code = std::unique_ptr<pcre2_code, Freer<pcre2_code_free>>;
using CompileContext =
    std::unique_ptr<pcre2_compile_context, Freer<pcre2_compile_context_free>>;
using MatchContext =
    std::unique_ptr<pcre2_match_context, Freer<pcre2_match_context_free>>;
using MatchData =
    std::unique_ptr<pcre2_match_data, Freer<pcre2_match_data_free>>;
using JitStack = std::unique_ptr<pcre2_jit_stack, Freer<pcre2_jit_stack_free>>;

std::string errorText(int error) {
  char buffer[256] = "";
  pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR *>(buffer),
                          sizeof buffer);
  return buffer;
}

PCRE2_SPTR units(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

Result<Code> compileOne(const std::string &pattern) {
  CompileContext context(pcre2_compile_context_create(nullptr));
  if (!context)
    return outOfMemory("no memory for a split pattern");
  pcre2_set_parens_nest_limit(context.get(), 32);
  int error = 0;
  size_t at = 0;
  // PCRE2 10.42 takes \P{L}+ before \P{N} for possessive, though one character
  // can be both; without that shortcut nothing gets slower here.
  Code code(pcre2_compile(units(pattern), pattern.size(),
                          PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C |
                              PCRE2_NO_AUTO_CAPTURE | PCRE2_NO_AUTO_POSSESS,
                          &error, &at, context.get()));
  if (!code)
    return badInput(fmt::format("split pattern {}: {} (at byte {})",
                                inQuotes(pattern), errorText(error), at));
  uint32_t matchesEmpty = 0;
  pcre2_pattern_info(code.get(), PCRE2_INFO_MATCHEMPTY, &matchesEmpty);
  if (matchesEmpty)
    return badInput(
        fmt::format("split pattern {} can match nothing, so it cannot split",
                    inQuotes(pattern)));
  // Where JIT is impossible (no writable and executable memory) the
  // interpreter does the same, slower.
  pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
  return code;
}

} // namespace

struct SplitPatterns::Impl {
  std::vector<std::string> patterns; // for messages
  std::vector<Code> codes;
};

SplitPatterns::SplitPatterns(std::unique_ptr<Impl> impl)
    : impl(std::move(impl)) {}
SplitPatterns::SplitPatterns(SplitPatterns &&) noexcept = default;
SplitPatterns &SplitPatterns::operator=(SplitPatterns &&) noexcept = default;
SplitPatterns::~SplitPatterns() = default;

Result<SplitPatterns>
SplitPatterns::compile(const std::vector<std::string> &patterns) {
  auto impl = std::make_unique<Impl>();
  for (const std::string &pattern : patterns) {
    SLUICE_ASSIGN(Code code, compileOne(pattern));
    impl->codes.push_back(std::move(code));
    impl->patterns.push_back(pattern);
  }
  return SplitPatterns(std::move(impl));
}

struct SplitPatterns::Run::Work {
  explicit Work(const Impl &patterns) : patterns(patterns) {}
  const Impl &patterns;
  MatchContext context{pcre2_match_context_create(nullptr)};
  MatchData match{pcre2_match_data_create(1, nullptr)};
  JitStack stack{pcre2_jit_stack_create(32 << 10, jitStackBytes, nullptr)};
  // Ends of the pieces so far, and of those that the next pattern makes.
  std::vector<uint32_t> before, after;
};

SplitPatterns::Run::Run(std::unique_ptr<Work> work) : work(std::move(work)) {}
SplitPatterns::Run::Run(Run &&) noexcept = default;
SplitPatterns::Run::~Run() = default;

Result<SplitPatterns::Run> SplitPatterns::start() const {
  std::unique_ptr<Run::Work> work(new Run::Work(*impl));
  if (!work->context || !work->match || !work->stack)
    return outOfMemory("no memory to split text");
  pcre2_set_match_limit(work->context.get(), matchLimit);
  pcre2_set_heap_limit(work->context.get(), heapLimitKib);
  pcre2_jit_stack_assign(work->context.get(), nullptr, work->stack.get());
  return Run(std::move(work));
}

Status SplitPatterns::Run::split(std::string_view text, uint32_t base,
                                 std::vector<uint32_t> &ends) {
  if (text.empty())
    return {};
  const Impl *impl = &work->patterns;
  std::vector<uint32_t> &before = work->before, &after = work->after;
  before.assign(1, static_cast<uint32_t>(text.size()));
  for (size_t p = 0; p < impl->codes.size(); ++p) {
    after.clear();
    uint32_t begin = 0;
    for (uint32_t end : before) {
      // A piece is a subject of its own: lookaround must not see past it.
      std::string_view piece = text.substr(begin, end - begin);
      size_t done = 0;
      while (done < piece.size()) {
        int found = pcre2_match(impl->codes[p].get(), units(piece),
                                piece.size(), done, PCRE2_NO_UTF_CHECK,
                                work->match.get(), work->context.get());
        if (found == PCRE2_ERROR_NOMATCH)
          break;
        if (found < 0)
          return Status(found == PCRE2_ERROR_NOMEMORY ? StatusCode::OutOfMemory
                                                      : StatusCode::Timeout,
                        fmt::format("split pattern {} gave up {} bytes into "
                                    "the text: {}",
                                    inQuotes(impl->patterns[p]), begin + done,
                                    errorText(found)));
        const size_t *span = pcre2_get_ovector_pointer(work->match.get());
        // Verbs such as (*ACCEPT) get past the check of compileOne().
        if (span[0] < done || span[1] <= span[0])
          return badInput(fmt::format("split pattern {} matched nothing {} "
                                      "bytes into the text, so it cannot split",
                                      inQuotes(impl->patterns[p]),
                                      begin + done));
        if (span[0] > done)
          after.push_back(begin + span[0]);
        after.push_back(begin + span[1]);
        done = span[1];
      }
      if (done < piece.size())
        after.push_back(end);
      begin = end;
    }
    before.swap(after);
  }
  ends.reserve(ends.size() + before.size());
  for (uint32_t end : before)
    ends.push_back(base + end);
  return {};
}

} // namespace sluice
