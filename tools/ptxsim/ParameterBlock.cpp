#include "tools/ptxsim/ParameterBlock.h"

#include "runtime/base/Quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace sluice::ptxsim {
namespace {

std::string describe(const sim::KernelInfo::Parameter &parameter) {
  return fmt::format("{} (.{}, {} byte{})", parameter.name,
                     sim::typeName(parameter.type), parameter.bytes,
                     parameter.bytes == 1 ? "" : "s");
}

/// An integer for a float or a float for an integer is a slip; bits are not.
bool kindsDiffer(const sim::KernelInfo::Parameter &parameter,
                 const ElementType &type) {
  if (type.kind == ElementType::Kind::Bits ||
      sim::typeName(parameter.type).starts_with('b'))
    return parameter.type == sim::Type::Bf16 &&
           type.kind != ElementType::Kind::Bits &&
           type.kind != ElementType::Kind::Float;
  return sim::isFloat(parameter.type) !=
         (type.kind == ElementType::Kind::Float);
}

Status check(const sim::KernelInfo::Parameter &parameter,
             const Argument &argument) {
  auto refuse = [&](const std::string &expected) {
    return invalidArgument(fmt::format("--arg {}: {} takes {}",
                                       inQuotes(argument.text),
                                       describe(parameter), expected));
  };
  if (argument.kind == Argument::Kind::Value)
    return {}; // its size is known once the file is read
  if (parameter.isArray)
    return refuse("value:FILE, an array of as many bytes");
  if (argument.isMemory()) {
    if (parameter.bytes != 8 || sim::isFloat(parameter.type))
      return refuse("a number, and no memory's address");
    return {};
  }
  if (argument.type->bytes != parameter.bytes)
    return refuse(fmt::format("{} bytes, and {} has {}", parameter.bytes,
                              argument.type->name, argument.type->bytes));
  if (kindsDiffer(parameter, *argument.type))
    return refuse(fmt::format(
        "{}, or b{}: with its bits",
        sim::isFloat(parameter.type) ? "a floating-point number" : "an integer",
        8 * parameter.bytes));
  return {};
}

} // namespace

Status checkArguments(const sim::KernelInfo &kernel,
                      std::span<const Argument> arguments) {
  size_t expected = kernel.parameters.size();
  if (arguments.size() < expected)
    return invalidArgument(fmt::format(
        "{} has {} parameters, found {} --arg; the first without one is {}",
        kernel.name, expected, arguments.size(),
        describe(kernel.parameters[arguments.size()])));
  if (arguments.size() > expected)
    return invalidArgument(fmt::format(
        "{} has {} parameters, found {} --arg; the first too many is {}",
        kernel.name, expected, arguments.size(),
        inQuotes(arguments[expected].text)));
  for (size_t i = 0; i < expected; ++i)
    SLUICE_TRY(check(kernel.parameters[i], arguments[i]));
  return {};
}

void setParameter(std::vector<std::byte> &block,
                  const sim::KernelInfo::Parameter &parameter,
                  const void *value) {
  std::memcpy(block.data() + parameter.offset, value, parameter.bytes);
}

} // namespace sluice::ptxsim
