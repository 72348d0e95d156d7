#include "test/runtime/device/sim/hardware/Recording.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

namespace sluice::sim {
namespace {

// A file is a row of fields: 8 bytes of length, little-endian, and the bytes.
class Writer {
public:
  void bytes(const std::string &value) {
    number(value.size());
    text += value;
  }
  void number(uint64_t value) {
    for (int i = 0; i < 8; ++i)
      text += static_cast<char>(value >> (8 * i) & 0xff);
  }
  std::string text;
};

class Reader {
public:
  explicit Reader(const std::string &path) : file(path, std::ios::binary) {}
  uint64_t number() {
    unsigned char raw[8] = {};
    file.read(reinterpret_cast<char *>(raw), 8);
    uint64_t value = 0;
    for (int i = 7; i >= 0; --i)
      value = value << 8 | raw[i];
    return value;
  }
  std::string bytes() {
    uint64_t size = number();
    if (!file || size > uint64_t{1} << 32)
      return file.setstate(std::ios::failbit), "";
    std::string value(size, '\0');
    file.read(value.data(), static_cast<std::streamsize>(size));
    return value;
  }
  bool atEnd() { return file.peek() == std::char_traits<char>::eof(); }
  std::ifstream file;
};

const char *recordPath() { return std::getenv("SLUICE_SIM_RECORD"); }

} // namespace

bool isRecording() { return recordPath() != nullptr; }

void record(const Recording &recording) {
  Writer writer;
  writer.bytes(recording.name);
  writer.bytes(recording.ptx);
  writer.bytes(recording.kernel);
  for (uint32_t extent : recording.blocks)
    writer.number(extent);
  for (uint32_t extent : recording.threads)
    writer.number(extent);
  writer.number(recording.dynamicShared);
  writer.bytes(recording.parameters);
  writer.number(recording.memories.size());
  for (const Recording::Memory &memory : recording.memories) {
    writer.number(memory.address);
    writer.bytes(memory.before);
    writer.bytes(memory.after);
  }
  std::ofstream(recordPath(), std::ios::binary | std::ios::app) << writer.text;
}

Status forEachRecording(const std::string &path,
                        const std::function<bool(Recording &&)> &f) {
  Reader reader(path);
  while (reader.file && !reader.atEnd()) {
    Recording recording;
    recording.name = reader.bytes();
    recording.ptx = reader.bytes();
    recording.kernel = reader.bytes();
    for (uint32_t &extent : recording.blocks)
      extent = static_cast<uint32_t>(reader.number());
    for (uint32_t &extent : recording.threads)
      extent = static_cast<uint32_t>(reader.number());
    recording.dynamicShared = reader.number();
    recording.parameters = reader.bytes();
    for (uint64_t left = reader.number(); left != 0 && reader.file; --left) {
      Recording::Memory memory;
      memory.address = reader.number();
      memory.before = reader.bytes();
      memory.after = reader.bytes();
      recording.memories.push_back(std::move(memory));
    }
    if (!reader.file)
      break;
    if (!f(std::move(recording)))
      return {};
  }
  return reader.file ? Status()
                     : badInput(fmt::format("{}: expected recordings of "
                                            "launches, found a file that is "
                                            "cut or of something else",
                                            path));
}

} // namespace sluice::sim
