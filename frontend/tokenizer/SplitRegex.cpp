#include "frontend/tokenizer/SplitRegex.h"

#include "runtime/base/Quote.h"
#include "runtime/text/Utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>

namespace sluice {
namespace {

/// Members of a class that are Unicode's White_Space.
constexpr std::string_view whiteSpace =
    R"(\x09-\x0d\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029})"
    R"(\x{202f}\x{205f}\x{3000})";

constexpr std::string_view categories[] = {
    "C",  "Cc", "Cf", "Cn", "Co", "L",  "Ll", "Lm", "Lo", "Lt", "Lu", "M",
    "Mc", "Me", "Mn", "N",  "Nd", "Nl", "No", "P",  "Pc", "Pd", "Pe", "Pf",
    "Pi", "Po", "Ps", "S",  "Sc", "Sk", "Sm", "So", "Z",  "Zl", "Zp", "Zs"};

constexpr std::string_view groups[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!"};

class Translator {
public:
  explicit Translator(std::string_view in) : in(in) {}

  Result<std::string> run() {
    while (at < in.size())
      SLUICE_TRY(item());
    if (depth)
      return refuse("a group is not closed");
    return std::move(out);
  }

private:
  Status refuse(std::string_view why) const {
    return badInput(fmt::format("the split pattern {} cannot be used: {} (at "
                                "byte {})",
                                inQuotes(in), why, at));
  }
  bool next(char c) const { return at < in.size() && in[at] == c; }
  void copy(size_t length) {
    out += in.substr(at, length);
    at += length;
  }
  /// Whether an escape that means many characters stands at `i`.
  bool isClass(size_t i) const {
    return i + 1 < in.size() && in[i] == '\\' &&
           std::string_view("sSdpP").find(in[i + 1]) != std::string_view::npos;
  }
  void copyCharacter() { copy(nextUtf8(in.substr(at)).length); }

  Status item() {
    bool afterAtom = quantifiable;
    quantifiable = true;
    switch (in[at]) {
    case '|':
      quantifiable = false;
      copy(1);
      return {};
    case '(':
      quantifiable = false;
      return openGroup();
    case ')':
      if (!depth--)
        return refuse("a group is closed that was not opened");
      copy(1);
      return {};
    case '[':
      return set();
    case '\\':
      return escape(/*inSet=*/false);
    case '*':
    case '+':
    case '?':
    case '{':
      quantifiable = false;
      return afterAtom ? quantifier() : refuse("nothing to repeat");
    case '.':
    case '^':
    case '$':
      return refuse("\".\", \"^\" and \"$\" are not supported");
    default:
      copyCharacter();
      return {};
    }
  }

  Status openGroup() {
    ++depth;
    if (!in.substr(at).starts_with("(?")) {
      copy(1);
      return {};
    }
    for (std::string_view group : groups)
      if (in.substr(at).starts_with(group)) {
        copy(group.size());
        return {};
      }
    return refuse("only the groups ( (?: (?= (?! (?<= (?<! are supported");
  }

  Status quantifier() {
    if (in[at] != '{') {
      copy(1);
      if (next('?') || next('+'))
        copy(1);
      return {};
    }
    size_t end = in.find('}', at);
    std::string_view inner =
        end == in.npos ? std::string_view() : in.substr(at + 1, end - at - 1);
    size_t comma = std::min(inner.find(','), inner.size());
    auto count = [](std::string_view digits) {
      return !digits.empty() && digits.size() <= 4 &&
             std::all_of(digits.begin(), digits.end(),
                         [](char c) { return c >= '0' && c <= '9'; }) &&
             std::stoi(std::string(digits)) <= 1000;
    };
    bool upper = comma + 1 < inner.size();
    if (!count(inner.substr(0, comma)) ||
        (upper && !count(inner.substr(comma + 1))))
      return refuse("expected {n}, {n,} or {n,m} with numbers up to 1000");
    copy(end + 1 - at);
    if (next('?') || next('+'))
      return refuse("a lazy or possessive {n,m} means different things to "
                    "different readers");
    return {};
  }

  Status set() {
    copy(1);
    if (next('^'))
      copy(1);
    if (next(']'))
      return refuse("an empty set");
    bool first = true, afterClass = false; // after \s, \d or \p
    for (; at < in.size() && in[at] != ']'; first = false) {
      if (in[at] == '[' || in.substr(at).starts_with("&&"))
        return refuse("a set inside a set");
      if (in[at] == '-' && !first && !in.substr(at).starts_with("-]") &&
          (afterClass || isClass(at + 1)))
        return refuse("a range that begins or ends with a class");
      if (in[at] == '-' && afterClass) {
        ++at; // a literal: what \s became ends in a range
        out += "\\-";
        continue;
      }
      afterClass = isClass(at);
      if (in[at] == '\\')
        SLUICE_TRY(escape(/*inSet=*/true));
      else
        copyCharacter();
    }
    if (at == in.size())
      return refuse("a set is not closed");
    copy(1);
    return {};
  }

  Status escape(bool inSet) {
    if (at + 1 == in.size())
      return refuse("a \"\\\" at the end");
    char c = in[at + 1];
    switch (c) {
    case 's':
    case 'S':
      if (inSet && c == 'S')
        return refuse("\\S in a set");
      at += 2;
      out += inSet ? std::string(whiteSpace)
                   : fmt::format("[{}{}]", c == 'S' ? "^" : "", whiteSpace);
      return {};
    case 'd':
      at += 2;
      out += "\\p{Nd}";
      return {};
    case 'p':
    case 'P':
      return category();
    case 'r':
    case 'n':
    case 't':
    case 'f':
      copy(2);
      return {};
    case 'v': // one character to Oniguruma, a set to PCRE2
      at += 2;
      out += "\\x0b";
      return {};
    default:
      if (!std::ispunct(static_cast<unsigned char>(c)))
        return refuse("an escape that is not supported");
      copy(2);
      return {};
    }
  }

  Status category() {
    size_t end = in.find('}', at);
    if (at + 2 < in.size() && in[at + 2] == '{' && end != in.npos) {
      std::string_view name = in.substr(at + 3, end - at - 3);
      if (std::find(std::begin(categories), std::end(categories), name) !=
          std::end(categories)) {
        copy(end + 1 - at);
        return {};
      }
    }
    return refuse("expected \\p{..} with a general category such as L or Nd");
  }

  std::string_view in;
  size_t at = 0;
  std::string out;
  unsigned depth = 0;        // open groups
  bool quantifiable = false; // what comes next may be a quantifier
};

} // namespace

Result<std::string> translateSplitRegex(std::string_view pattern) {
  return Translator(pattern).run();
}

} // namespace sluice
