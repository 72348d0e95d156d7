#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <string_view>

namespace sluice {

/// Rewrites a regular expression as Hugging Face reads it (Oniguruma) to one
/// that means the same to PCRE2. The two differ in many corners, so only this
/// is taken and everything else refused:
///   literal characters; \ before ASCII punctuation; \r \n \t \f \v
///   \s \S (rewritten: Unicode's White_Space, where PCRE2 also has U+180E)
///   \d and \p{..} \P{..} with a general category
///   [..] and [^..] of those without \S, nested sets and "&&"
///   | and the groups (..) (?:..) (?=..) (?!..) (?<=..) (?<!..)
///   * + ? lazy or possessive, {n} {n,} {n,m} up to 1000
/// `pattern` is valid UTF-8. Errors: BadInput that says what and where.
Result<std::string> translateSplitRegex(std::string_view pattern);

} // namespace sluice
