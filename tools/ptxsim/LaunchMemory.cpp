#include "tools/ptxsim/LaunchMemory.h"

#include "runtime/base/Quote.h"
#include "tools/driver/SameFile.h"
#include "tools/ptxsim/ParameterBlock.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

namespace sluice::ptxsim {
namespace {

/// A device or a pipe shows what is written at once; it is opened when there is
/// something to write.
bool isReplaced(const std::string &path) {
  std::error_code error;
  return !std::filesystem::exists(path, error) ||
         std::filesystem::is_regular_file(path, error) ||
         std::filesystem::is_directory(path, error);
}

Status taken(const std::string &path, const char *by) {
  return invalidArgument(
      fmt::format("the output {} would take the place of {}; choose another "
                  "file",
                  inQuotes(path), by));
}

} // namespace

Status LaunchMemory::placeOne(sim::GlobalMemory &memory,
                              const sim::KernelInfo::Parameter &parameter,
                              const Argument &argument) {
  if (argument.kind == Argument::Kind::Number) {
    setParameter(block, parameter, argument.number.data());
    return {};
  }
  NpyArray file;
  DeviceArray array;
  if (!argument.from.empty()) {
    SLUICE_ASSIGN(file, readNpy(argument.from));
    array.descr = file.descr;
    array.shape = file.shape;
    array.bytes = file.data.size();
  } else {
    array.descr = argument.type->descr;
    array.shape = argument.shape;
    SLUICE_ASSIGN(array.bytes, arrayBytes(*argument.type, argument.shape));
  }
  if (argument.kind == Argument::Kind::Value) {
    if (array.bytes != parameter.bytes)
      return invalidArgument(
          fmt::format("--arg {}: expected {} bytes for {}, found {}",
                      inQuotes(argument.text), parameter.bytes, parameter.name,
                      array.bytes));
    setParameter(block, parameter, file.data.data());
    return {};
  }
  std::string named = argument.from.empty() ? argument.to : argument.from;
  array.parameter = parameter.name;
  array.to = argument.to;
  SLUICE_ASSIGN(
      array.address,
      memory.allocate(named.empty()
                          ? parameter.name
                          : fmt::format("{} ({})", parameter.name, named),
                      array.bytes));
  if (!argument.from.empty())
    SLUICE_TRY(memory.write(array.address, file.data.data(), array.bytes));
  else if (argument.kind == Argument::Kind::Zeros)
    SLUICE_TRY(memory.fill(array.address, 0, array.bytes));
  setParameter(block, parameter, &array.address);
  theArrays.push_back(std::move(array));
  return {};
}

Result<LaunchMemory> LaunchMemory::place(sim::GlobalMemory &memory,
                                         const sim::KernelInfo &kernel,
                                         std::span<const Argument> arguments) {
  LaunchMemory placed;
  placed.block.resize(kernel.parameterBytes);
  for (size_t i = 0; i < arguments.size(); ++i)
    SLUICE_TRY(placed.placeOne(memory, kernel.parameters[i], arguments[i]));
  placed.writers.resize(placed.theArrays.size());
  return placed;
}

bool LaunchMemory::hasOutputs() const {
  return std::any_of(
      theArrays.begin(), theArrays.end(),
      [](const DeviceArray &array) { return !array.to.empty(); });
}

Status LaunchMemory::openOutputs(const std::string &ptx,
                                 std::span<const Argument> arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string &to = arguments[i].to;
    if (to.empty())
      continue;
    if (isSameFile(to, ptx))
      return taken(to, "the PTX file");
    for (size_t k = 0; k < arguments.size(); ++k) {
      // What is changed in place takes its own input's place.
      if (k != i && !arguments[k].from.empty() &&
          isSameFile(to, arguments[k].from))
        return taken(to, "an input");
      if (k < i && !arguments[k].to.empty() && isSameFile(to, arguments[k].to))
        return taken(to, "another output");
    }
  }
  for (size_t i = 0; i < theArrays.size(); ++i) {
    const DeviceArray &array = theArrays[i];
    if (!array.to.empty() && isReplaced(array.to)) {
      SLUICE_ASSIGN(writers[i],
                    NpyWriter::create(array.to, array.descr, array.shape));
    }
  }
  return {};
}

void LaunchMemory::lookAtOutputs(const sim::GlobalMemory &memory) {
  for (DeviceArray &array : theArrays) {
    const sim::Allocation *allocation = memory.find(array.address);
    if (array.to.empty() || allocation == nullptr || array.bytes == 0)
      continue;
    array.unwritten = array.bytes - allocation->written.count(array.bytes);
  }
}

Status LaunchMemory::save(const sim::GlobalMemory &memory) {
  for (size_t i = 0; i < theArrays.size(); ++i) {
    DeviceArray &array = theArrays[i];
    if (array.to.empty())
      continue;
    if (!writers[i]) {
      SLUICE_ASSIGN(writers[i],
                    NpyWriter::create(array.to, array.descr, array.shape));
    }
    if (array.bytes == 0)
      continue;
    const sim::Allocation *allocation = memory.find(array.address);
    SLUICE_TRY(writers[i]->write(allocation->host, array.bytes));
  }
  for (size_t i = 0; i < theArrays.size(); ++i)
    if (writers[i]) {
      SLUICE_TRY(writers[i]->commit());
      theArrays[i].saved = true;
    }
  return {};
}

} // namespace sluice::ptxsim
