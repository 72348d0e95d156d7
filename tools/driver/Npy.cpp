#include "tools/driver/Npy.h"

#include "runtime/base/MappedFile.h"
#include "runtime/base/Quote.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

template <typename Word>
Result<std::vector<int32_t>> narrow(std::string_view data) {
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

Result<std::vector<int32_t>> idsOf(std::string_view file) {
  std::optional<Header> header = splitHeader(file);
  if (!header)
    return badInput("expected an .npy file, found something else or less");
  std::string_view descr = valueOf(header->text, "'descr'");
  bool wide = descr.starts_with("'<i8'");
  if (!wide && !descr.starts_with("'<i4'"))
    return badInput(
        fmt::format("expected int32 or int64 ('<i4', '<i8'), found {}",
                    inQuotes(descr.substr(0, descr.find_first_of(",}")))));
  std::string_view shape = valueOf(header->text, "'shape'");
  shape = shape.substr(0, std::min(shape.find(')'), shape.size()));
  // One dimension: "(3,". None is "(", two are "(3, 4".
  if (!shape.starts_with('(') || !shape.ends_with(',') ||
      shape.find(',') != shape.size() - 1)
    return badInput(fmt::format("expected one dimension, found the shape {}",
                                inQuotes(std::string(shape) + ")")));
  size_t width = wide ? 8 : 4;
  std::string count(shape.substr(1, shape.size() - 2));
  if (count != fmt::to_string(header->data.size() / width) ||
      header->data.size() % width != 0)
    return badInput(fmt::format("the shape says {} elements, found {} bytes of "
                                "{} each",
                                count, header->data.size(), width));
  return wide ? narrow<int64_t>(header->data) : narrow<int32_t>(header->data);
}

} // namespace

Result<std::vector<int32_t>> readNpyIds(const std::string &path) {
  SLUICE_ASSIGN(MappedFile file, MappedFile::open(path));
  Result<std::vector<int32_t>> ids = idsOf(file.text());
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
