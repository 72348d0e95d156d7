#include "test/reference/Npy.h"

#include <cstring>
#include <fstream>
#include <stdexcept>

namespace sluice::reference {
namespace {

// Six bytes of magic, two of version, then the header's length in two bytes.
constexpr std::size_t preamble = 10;

template <typename Word>
std::vector<std::int64_t> wordsOf(const std::string &data) {
  std::vector<std::int64_t> values;
  for (std::size_t at = 0; at + sizeof(Word) <= data.size();
       at += sizeof(Word)) {
    Word word;
    std::memcpy(&word, &data[at], sizeof word);
    values.push_back(word);
  }
  return values;
}

} // namespace

std::vector<std::int64_t> readIds(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  const std::string all(std::istreambuf_iterator<char>(file), {});
  if (all.size() < preamble || all.compare(1, 5, "NUMPY") != 0 || all[6] != 1)
    throw std::runtime_error(path + " is not an npy file of version 1");
  const std::size_t length =
      std::uint8_t(all[8]) + 256 * std::size_t(std::uint8_t(all[9]));
  const std::string header = all.substr(preamble, length);
  const std::string data = all.substr(std::min(preamble + length, all.size()));
  if (header.find("'<i8'") != std::string::npos)
    return wordsOf<std::int64_t>(data);
  if (header.find("'<i4'") != std::string::npos)
    return wordsOf<std::int32_t>(data);
  throw std::runtime_error(path + " holds neither int32 nor int64");
}

void writeNpy(const std::string &path, View values,
              const std::vector<std::int64_t> &shape) {
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (";
  for (std::int64_t extent : shape)
    header += std::to_string(extent) + ",";
  header += "), }";
  while ((preamble + header.size() + 1) % 64 != 0)
    header += ' ';
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00", 8);
  const char length[2] = {char(header.size() & 255), char(header.size() >> 8)};
  file.write(length, 2);
  file.write(header.data(), std::streamsize(header.size()));
  file.write(reinterpret_cast<const char *>(values.data()),
             std::streamsize(values.size_bytes()));
  if (!file.flush())
    throw std::runtime_error(path + " could not be written");
}

} // namespace sluice::reference
