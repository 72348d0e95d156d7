#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice {

/// A piece of a text that is evaluated from an empty context.
struct EvalWindow {
  uint64_t begin;  // in the text, of the first token
  uint64_t tokens; // evaluated; each predicts the one behind it
  uint64_t scored; // of these predictions, the last ones, count

  bool operator==(const EvalWindow &) const = default;
};

/// How a text is cut into windows. Window i begins at token i * stride and has
/// `window` tokens; the last may have less. Each token of the text but the
/// first is predicted by some window and counts once, in the first window that
/// predicts it.
class EvalWindows {
public:
  /// `text` tokens, at least 2; 1 <= stride <= window; `most` windows, at least
  /// one.
  EvalWindows(uint64_t text, uint64_t window, uint64_t stride, uint64_t most)
      : predicted(text - 1), window(window), stride(stride) {
    uint64_t rest = predicted - std::min(predicted, window);
    number = std::min(1 + rest / stride + (rest % stride != 0), most);
  }

  uint64_t count() const { return number; }

  /// i < count().
  EvalWindow at(uint64_t i) const {
    uint64_t begin = i * stride;
    uint64_t end = std::min(begin + window, predicted);
    uint64_t counted = i == 0 ? 0 : begin - stride + window;
    return {begin, end - begin, end - counted};
  }

  /// Tokens of all windows, and how many predictions count.
  uint64_t evaluated() const {
    return (number - 1) * window + at(number - 1).tokens;
  }
  uint64_t scored() const {
    EvalWindow last = at(number - 1);
    return last.begin + last.tokens;
  }

private:
  uint64_t predicted, window, stride, number;
};

} // namespace sluice
