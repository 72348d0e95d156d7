#pragma once

#include "tools/driver/JsonWriter.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace sluice {

/// One value of a report: as people read it and as JSON.
class Cell {
public:
  Cell(std::string_view value);
  Cell(const std::string &value) : Cell(std::string_view(value)) {}
  Cell(const char *value) : Cell(std::string_view(value)) {}
  Cell(bool value)
      : text(value ? "yes" : "no"), json(value ? "true" : "false") {}
  template <typename T>
    requires std::is_integral_v<T>
  Cell(T value) : text(std::to_string(value)), json(text), number(true) {}

  /// `json` must be JSON.
  static Cell of(std::string text, std::string json, bool number = false);
  /// A size: "1.5 MiB" for people, 1572864 in JSON.
  static Cell bytes(uint64_t count);
  /// With three digits after the point for people, all digits in JSON.
  static Cell real(double value);
  /// Empty for people, null in JSON.
  static Cell none() { return of("", "null"); }
  /// "a, b" for people, a list in JSON.
  static Cell list(const std::vector<Cell> &items,
                   std::string_view between = ", ");

  std::string text, json;
  bool number = false; // aligned at its last digit

private:
  Cell() = default;
};

/// Named values, in order.
using Facts = std::vector<std::pair<std::string, Cell>>;

/// Rows of cells, as many as there are columns.
struct Table {
  std::vector<std::string> columns; // JSON keys; headings are made of them
  std::vector<std::vector<Cell>> rows;
};

/// What a verb has to say, as text or JSON: the same, in the same order. Facts
/// are an object in JSON, a table is a list of objects.
class Report {
public:
  /// `key` is the name in JSON, and the heading.
  void add(std::string key, Facts facts) {
    parts.emplace_back(std::move(key), std::move(facts));
  }
  void add(std::string key, Table table) {
    parts.emplace_back(std::move(key), std::move(table));
  }
  /// JSON that stands for itself; `text` is what people see.
  void add(std::string key, Cell cell) {
    parts.emplace_back(std::move(key), std::move(cell));
  }

  /// Columns are aligned; of what names hold, nothing can move the cursor.
  std::string text() const;
  /// One object, with a line feed behind it.
  std::string json() const;

private:
  std::vector<std::pair<std::string, std::variant<Facts, Table, Cell>>> parts;
};

/// "1.5 MiB", "912 B".
std::string printBytes(uint64_t count);

} // namespace sluice
