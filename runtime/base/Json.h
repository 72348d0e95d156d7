#pragma once

#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

struct JsonLimits {
  size_t maxBytes = size_t(1) << 20;
  size_t maxDepth = 32; // arrays and objects inside one another
};

/// One value of a JsonDocument, which must outlive it. Knows where it stands,
/// so each failure (all are BadInput) reads
///   config.json: "rope_scaling.factor": expected a number, found "16"
class Json {
public:
  bool isNull() const { return element.is_null(); }
  bool isObject() const { return element.is_object(); }
  bool isArray() const { return element.is_array(); }
  bool isString() const { return element.is_string(); }

  /// Keys from the root joined by dots, indices in brackets; "" is the root.
  const std::string &path() const { return thePath; }

  /// The value of `key`; nothing if there is none or this is no object.
  std::optional<Json> find(std::string_view key) const;
  /// The value of `key`, which must exist.
  Result<Json> get(std::string_view key) const;

  Result<int64_t> integer(int64_t least, int64_t most) const;
  Result<double> number() const; // finite; an integer will do
  Result<bool> boolean() const;
  /// Valid UTF-8, escapes resolved; it may hold any character, NUL too.
  Result<std::string_view> string() const;
  /// Members in the order of the file; keys are unique.
  Result<std::vector<std::pair<std::string_view, Json>>> members() const;
  Result<std::vector<Json>> items() const;

  /// The value as text that depends on nothing but the value: no spaces, keys
  /// sorted, numbers in shortest form and whole ones as integers (1e4, 10000.0
  /// and 10000 are one value).
  std::string canonical() const;

  /// The failure "expected `expected`, found <this value>".
  Status mismatch(std::string_view expected) const;
  /// The failure `sentence`, with file and path before it.
  Status error(std::string_view sentence) const;

private:
  friend class JsonDocument;
  Json(simdjson::dom::element element, const std::string *file,
       std::string path)
      : element(element), file(file), thePath(std::move(path)) {}

  std::string childPath(std::string_view key) const;

  simdjson::dom::element element;
  const std::string *file; // owned by the document
  std::string thePath;
};

/// A parsed JSON text. Nothing of it is trusted: size and depth are bounded,
/// a key that comes twice in one object is refused (readers disagree which of
/// the two counts), and so is anything that is not valid UTF-8.
class JsonDocument {
public:
  /// `file` names the text in messages. The text may be dropped afterwards.
  static Result<JsonDocument> parse(std::string_view text, std::string file,
                                    JsonLimits limits = {});

  Json root() const;

private:
  JsonDocument() = default;

  // On the heap, so that values stay good when the document is moved.
  struct Parts {
    simdjson::dom::document tape;
    std::string file;
  };
  std::unique_ptr<Parts> parts;
};

} // namespace sluice
