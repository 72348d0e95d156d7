#include "tools/driver/Report.h"

#include "runtime/text/Utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {
namespace {

constexpr std::string_view indent = "  ";
constexpr std::string_view between = "  ";

/// `text` on one line of a terminal: control characters and what is no UTF-8
/// are written as \xNN.
std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    Utf8Step step = nextUtf8(text);
    std::string_view one = text.substr(0, step.length);
    bool control = static_cast<unsigned char>(one[0]) < 0x20 || one == "\x7f" ||
                   (one[0] == '\xc2' && one.size() == 2 &&
                    static_cast<unsigned char>(one[1]) < 0xa0);
    if (step.kind == Utf8Step::WellFormed && !control)
      out += one;
    else
      for (char c : one)
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    text.remove_prefix(step.length);
  }
  return out;
}

/// Characters of `text`, which is UTF-8.
size_t width(std::string_view text) {
  return size_t(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string heading(std::string_view key) {
  std::string text(key);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

void appendPadded(std::string &out, std::string_view text, size_t wide,
                  bool right) {
  size_t blanks = wide - std::min(width(text), wide);
  if (right)
    out.append(blanks, ' ');
  out += text;
  if (!right)
    out.append(blanks, ' ');
}

void trimLine(std::string &out) {
  out.erase(out.find_last_not_of(' ') + 1);
  out += '\n';
}

std::string textOf(const Facts &facts) {
  size_t wide = 0;
  for (const auto &[key, cell] : facts)
    wide = std::max(wide, key.size());
  std::string out;
  for (const auto &[key, cell] : facts) {
    out += indent;
    appendPadded(out, heading(key), wide, false);
    out += between;
    out += printable(cell.text);
    trimLine(out);
  }
  return out;
}

std::string textOf(const Table &table) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> &head = lines.emplace_back();
  for (const std::string &column : table.columns)
    head.push_back(heading(column));
  for (const std::vector<Cell> &row : table.rows) {
    std::vector<std::string> &line = lines.emplace_back();
    for (const Cell &cell : row)
      line.push_back(printable(cell.text));
  }
  std::vector<size_t> wide(table.columns.size());
  for (const std::vector<std::string> &line : lines)
    for (size_t i = 0; i < line.size(); ++i)
      wide[i] = std::max(wide[i], width(line[i]));
  std::string out;
  for (const std::vector<std::string> &line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      bool right = !table.rows.empty() && table.rows[0][i].number;
      out += i == 0 ? indent : between;
      appendPadded(out, line[i], wide[i], right);
    }
    trimLine(out);
  }
  return out;
}

std::string textOf(const Cell &cell) {
  std::string out(indent);
  out += printable(cell.text);
  trimLine(out);
  return out;
}

void writeJson(JsonWriter &json, const Facts &facts) {
  json.beginObject();
  for (const auto &[key, cell] : facts)
    json.key(key).raw(cell.json);
  json.endObject();
}

void writeJson(JsonWriter &json, const Table &table) {
  json.beginList();
  for (const std::vector<Cell> &row : table.rows) {
    json.beginObject();
    for (size_t i = 0; i < row.size(); ++i)
      json.key(table.columns[i]).raw(row[i].json);
    json.endObject();
  }
  json.endList();
}

void writeJson(JsonWriter &json, const Cell &cell) { json.raw(cell.json); }

} // namespace

Cell::Cell(std::string_view value)
    : text(value), json(JsonWriter().value(value).text()) {}

Cell Cell::of(std::string text, std::string json, bool number) {
  Cell cell;
  cell.text = std::move(text);
  cell.json = std::move(json);
  cell.number = number;
  return cell;
}

Cell Cell::bytes(uint64_t count) {
  return of(printBytes(count), std::to_string(count), /*number=*/true);
}

Cell Cell::real(double value) {
  return of(fmt::format("{:.3f}", value), JsonWriter().value(value).text(),
            /*number=*/true);
}

Cell Cell::list(const std::vector<Cell> &items, std::string_view separator) {
  std::string text;
  JsonWriter json;
  json.beginList();
  for (const Cell &item : items) {
    if (!text.empty())
      text += separator;
    text += item.text;
    json.raw(item.json);
  }
  json.endList();
  return of(std::move(text), json.text());
}

std::string Report::text() const {
  std::string out;
  for (const auto &[key, part] : parts) {
    if (!out.empty())
      out += '\n';
    out += heading(key);
    out += '\n';
    out += std::visit([](const auto &p) { return textOf(p); }, part);
  }
  return out;
}

std::string Report::json() const {
  JsonWriter json;
  json.beginObject();
  for (const auto &[key, part] : parts) {
    json.key(key);
    std::visit([&](const auto &p) { writeJson(json, p); }, part);
  }
  json.endObject();
  return json.text() + "\n";
}

std::string printBytes(uint64_t count) {
  if (count < 1024)
    return fmt::format("{} B", count);
  constexpr const char *units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(count);
  size_t unit = 0;
  // 1023.95 would print as 1024.0.
  for (value /= 1024; value >= 1023.95 && unit + 1 < std::size(units); ++unit)
    value /= 1024;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

} // namespace sluice
