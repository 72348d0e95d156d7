#include "test/reference/Checkpoint.h"

#include "test/reference/Codecs.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <simdjson.h>
#include <stdexcept>

namespace sluice::reference {
namespace {

std::int64_t ceilDiv(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <typename Word>
Word wordAt(const StoredTensor &tensor, std::size_t i) {
  Word word;
  std::memcpy(&word, &tensor.bytes[i * sizeof(Word)], sizeof(Word));
  return word;
}

template <typename Word, typename Decode>
Values decodeWords(const StoredTensor &tensor, Decode decode) {
  Values values(tensor.bytes.size() / sizeof(Word));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = decode(wordAt<Word>(tensor, i));
  return values;
}

/// [N, K] elements, [ceil(N/128), ceil(K/128)] scales
Values decodeFp8(const StoredTensor &elements, const StoredTensor &scales) {
  constexpr std::int64_t block = 128;
  const std::int64_t rows = elements.shape[0], columns = elements.shape[1];
  Values values(rows * columns);
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t k = 0; k < columns; ++k) {
      const std::int64_t scale =
          r / block * ceilDiv(columns, block) + k / block;
      values[r * columns + k] = decodeE4M3(elements.bytes[r * columns + k]) *
                                decodeE8M0(scales.bytes[scale]);
    }
  return values;
}

/// [N, K/2] bytes of two elements, [N, K/32] scales
Values decodeFp4(const StoredTensor &bytes, const StoredTensor &scales) {
  constexpr std::int64_t group = 32;
  const std::int64_t rows = bytes.shape[0], columns = bytes.shape[1] * 2;
  Values values(rows * columns);
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t k = 0; k < columns; ++k) {
      const std::uint8_t pair = bytes.bytes[(r * columns + k) / 2];
      values[r * columns + k] =
          decodeE2M1(k % 2 == 0 ? pair & 15 : pair >> 4) *
          decodeE8M0(scales.bytes[r * (columns / group) + k / group]);
    }
  return values;
}

} // namespace

SafetensorsFile::SafetensorsFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  content.assign(std::istreambuf_iterator<char>(file), {});
  std::uint64_t header = 0;
  if (content.size() < sizeof header)
    throw std::runtime_error(path + ": not there, or too short");
  std::memcpy(&header, content.data(), sizeof header);
  if (header > content.size() - sizeof header)
    throw std::runtime_error(path + ": the header ends past the file");
  simdjson::dom::parser parser;
  simdjson::dom::object root = parser.parse(
      reinterpret_cast<const char *>(content.data()) + sizeof header, header);
  const std::span<const unsigned char> data =
      std::span<const unsigned char>(content).subspan(sizeof header + header);
  for (auto [name, entry] : root) {
    if (name == "__metadata__")
      continue;
    StoredTensor tensor;
    tensor.type = std::string(std::string_view(entry["dtype"]));
    for (std::int64_t extent : entry["shape"])
      tensor.shape.push_back(extent);
    const std::uint64_t begin = entry["data_offsets"].at(0);
    const std::uint64_t end = entry["data_offsets"].at(1);
    if (begin > end || end > data.size())
      throw std::runtime_error(path + ": " + std::string(name) +
                               " ends past the file");
    tensor.bytes = data.subspan(begin, end - begin);
    theTensors.emplace(name, std::move(tensor));
  }
}

Values decodePlain(const StoredTensor &tensor) {
  if (tensor.type == "F32")
    return decodeWords<std::uint32_t>(tensor, decodeF32);
  if (tensor.type == "BF16")
    return decodeWords<std::uint16_t>(tensor, decodeBf16);
  if (tensor.type == "I64")
    return decodeWords<std::int64_t>(
        tensor, [](std::int64_t value) { return double(value); });
  throw std::runtime_error("elements of type " + tensor.type +
                           " are not plain numbers");
}

Checkpoint::Checkpoint(const std::string &directory) {
  std::set<std::string> names;
  const std::string index = directory + "/model.safetensors.index.json";
  if (std::filesystem::exists(index)) {
    simdjson::dom::parser parser;
    simdjson::dom::object map = parser.load(index)["weight_map"];
    for (auto [tensor, file] : map)
      names.emplace(std::string_view(file));
  } else {
    names.emplace("model.safetensors");
  }
  for (const std::string &name : names) {
    files.push_back(std::make_unique<SafetensorsFile>(directory + '/' + name));
    for (const auto &[key, tensor] : files.back()->tensors())
      tensors.emplace(key, &tensor);
  }
}

bool Checkpoint::has(const std::string &name) const {
  return tensors.contains(name);
}

const StoredTensor &Checkpoint::scaleOf(const std::string &name) const {
  const std::string stem = name.substr(0, name.rfind(".weight"));
  for (const char *suffix : {".scale", ".weight_scale_inv"})
    if (auto scale = tensors.find(stem + suffix); scale != tensors.end())
      return *scale->second;
  throw std::runtime_error(name + " has no scale beside it");
}

Values Checkpoint::read(const std::string &name,
                        const std::vector<std::int64_t> &shape) const {
  const StoredTensor &tensor = *tensors.at(name);
  std::vector<std::int64_t> found = tensor.shape;
  if (tensor.type == "I8")
    found.back() *= 2;
  if (found != shape)
    throw std::runtime_error(name + " has another shape than the config says");
  if (tensor.type == "F8_E4M3")
    return decodeFp8(tensor, scaleOf(name));
  if (tensor.type == "I8")
    return decodeFp4(tensor, scaleOf(name));
  return decodePlain(tensor);
}

} // namespace sluice::reference
