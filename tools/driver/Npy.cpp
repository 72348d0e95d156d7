#include "tools/driver/Npy.h"

#include "runtime/base/Quote.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

namespace sluice {
namespace {

// \x93NUMPY, two bytes of version, then the length of the header: two bytes in
// version 1, four in 2 and 3. The header is a Python dict:
//     {'descr': '<i4', 'fortran_order': False, 'shape': (3,), }
constexpr std::string_view magic = "\x93NUMPY";

/// What follows `key` in the dict, without blanks before it.
std::string_view valueOf(std::string_view header, std::string_view key) {
  size_t at = header.find(key);
  if (at == std::string_view::npos)
    return {};
  std::string_view rest = header.substr(at + key.size());
  return rest.substr(std::min(rest.find_first_not_of(": "), rest.size()));
}

struct Header {
  std::string_view text, data;
};

std::optional<Header> splitHeader(std::string_view file) {
  if (!file.starts_with(magic) || file.size() < 12)
    return {};
  size_t width = file[6] == 1 ? 2 : 4, length = 0;
  for (size_t i = width; i-- > 0;)
    length = length << 8 | uint8_t(file[8 + i]);
  size_t begin = 8 + width;
  if (length > file.size() - begin)
    return {};
  return Header{file.substr(begin, length), file.substr(begin + length)};
}

/// "<f4" -> 4; 0 if it is nothing we read.
uint64_t bytesOfElement(std::string_view descr) {
  if (descr.size() != 3 || (descr[0] != '<' && descr[0] != '|') ||
      std::string_view("biufV").find(descr[1]) == std::string_view::npos)
    return 0;
  bool known = std::string_view("1248").find(descr[2]) != std::string::npos;
  return known ? uint64_t(descr[2] - '0') : 0;
}

/// The numbers of "(3, 4)" or "(3,)"; nothing if it is no such list.
std::optional<std::vector<uint64_t>> numbersOf(std::string_view tuple) {
  std::vector<uint64_t> numbers;
  if (!tuple.starts_with('('))
    return {};
  tuple.remove_prefix(1);
  while (!tuple.starts_with(')')) {
    uint64_t number = 0;
    auto [at, error] =
        std::from_chars(tuple.data(), tuple.data() + tuple.size(), number);
    if (error != std::errc())
      return {};
    numbers.push_back(number);
    tuple.remove_prefix(size_t(at - tuple.data()));
    if (!tuple.starts_with(',') && !tuple.starts_with(')'))
      return {};
    tuple.remove_prefix(std::min(tuple.find_first_not_of(", "), tuple.size()));
  }
  return numbers;
}

/// Whether `shape` has as many elements as `bytes` bytes hold.
bool fits(const std::vector<uint64_t> &shape, uint64_t elementBytes,
          uint64_t bytes) {
  uint64_t product = elementBytes;
  for (uint64_t extent : shape)
    if (__builtin_mul_overflow(product, extent, &product))
      return false;
  return product == bytes;
}

Status parse(NpyArray &array) {
  std::optional<Header> header = splitHeader(array.file.text());
  if (!header)
    return badInput("expected an .npy file, found something else or less");
  std::string_view descr = valueOf(header->text, "'descr'");
  std::string_view quoted = descr.substr(0, descr.find_first_of(",}"));
  if (quoted.size() > 2 && quoted.front() == '\'' && quoted.back() == '\'')
    array.descr = quoted.substr(1, quoted.size() - 2);
  array.elementBytes = bytesOfElement(array.descr);
  if (array.elementBytes == 0)
    return badInput(fmt::format("expected little-endian numbers of 1, 2, 4 or "
                                "8 bytes, such as '<f4', found {}",
                                inQuotes(quoted)));
  if (valueOf(header->text, "'fortran_order'").starts_with("True"))
    return badInput("expected an array in C order, found Fortran's; save "
                    "numpy.ascontiguousarray(a)");
  std::string_view tuple = valueOf(header->text, "'shape'");
  tuple = tuple.substr(0, std::min(tuple.find(')') + 1, tuple.size()));
  std::optional<std::vector<uint64_t>> shape = numbersOf(tuple);
  if (!shape)
    return badInput(fmt::format("expected a shape such as (3, 4), found {}",
                                inQuotes(tuple)));
  array.shape = std::move(*shape);
  array.data = std::as_bytes(std::span(header->data));
  if (!fits(array.shape, array.elementBytes, array.data.size()))
    return badInput(fmt::format(
        "the shape says {} elements, found {} bytes of {} each",
        fmt::join(array.shape, " x "), array.data.size(), array.elementBytes));
  return {};
}

template <typename Word>
Result<std::vector<int32_t>> narrow(std::span<const std::byte> data) {
  std::vector<int32_t> ids;
  ids.reserve(data.size() / sizeof(Word));
  for (size_t at = 0; at < data.size(); at += sizeof(Word)) {
    Word word;
    std::memcpy(&word, data.data() + at, sizeof word);
    if (word < 0 || word > std::numeric_limits<int32_t>::max())
      return badInput(fmt::format("element {} is {}, expected a token id of 0 "
                                  "to 2147483647",
                                  at / sizeof(Word), word));
    ids.push_back(int32_t(word));
  }
  return ids;
}

Result<std::vector<int32_t>> idsOf(const NpyArray &array) {
  bool wide = array.descr == "<i8";
  if (!wide && array.descr != "<i4")
    return badInput(fmt::format(
        "expected int32 or int64 ('<i4', '<i8'), found \"'{}'\"", array.descr));
  if (array.shape.size() != 1)
    return badInput(fmt::format("expected one dimension, found the shape ({})",
                                fmt::join(array.shape, ", ")));
  return wide ? narrow<int64_t>(array.data) : narrow<int32_t>(array.data);
}

} // namespace

Result<NpyArray> readNpy(const std::string &path) {
  NpyArray array;
  SLUICE_ASSIGN(array.file, MappedFile::open(path));
  if (Status status = parse(array); !status.ok())
    return status.in(path);
  return array;
}

Result<std::vector<int32_t>> readNpyIds(const std::string &path) {
  SLUICE_ASSIGN(NpyArray array, readNpy(path));
  Result<std::vector<int32_t>> ids = idsOf(array);
  if (!ids.ok())
    return ids.status().in(path);
  return ids;
}

Result<NpyWriter> NpyWriter::create(const std::string &path,
                                    std::string_view descr,
                                    const std::vector<uint64_t> &shape) {
  std::string header = fmt::format(
      "{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", descr,
      fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  // The data begins at a multiple of 64 bytes, so that it can be mapped.
  size_t padding = 63 - (magic.size() + 4 + header.size()) % 64;
  header.append(padding, ' ');
  header += '\n';
  std::string start(magic);
  start += '\1';
  start += '\0';
  start += char(header.size() & 255);
  start += char(header.size() >> 8);
  SLUICE_ASSIGN(FileWriter file, FileWriter::create(path));
  SLUICE_TRY(file.write(start + header));
  return NpyWriter(std::move(file));
}

} // namespace sluice
