#include "runtime/device/sim/program/Binder.h"
#include "runtime/device/sim/program/ControlFlow.h"
#include "runtime/device/sim/program/OperandBinder.h"

#include <algorithm>
#include <fmt/format.h>

namespace sluice::sim {
namespace {

class Decoder {
public:
  Decoder(Program &program, const Module &module,
          const SymbolAddresses &symbols)
      : program(program), module(module), frames(program, module, symbols) {}

  Status run(const Function &kernel) {
    SLUICE_TRY(frames.layOut(kernel));
    // Code positions first: calls and branches refer to them.
    uint32_t next = 0;
    for (Frame &frame : frames.frames) {
      frame.firstCode = next;
      next += static_cast<uint32_t>(frame.function->body.size()) + 1;
      frame.codeEnd = next;
    }
    program.code.reserve(next);
    for (const Frame &frame : frames.frames)
      SLUICE_TRY(decodeFunction(frame));
    for (const Frame &frame : frames.frames)
      analyseControlFlow(program, frame);
    for (const Frame &frame : frames.frames)
      findUnwritten(program, frame);
    program.entry = 0;
    return {};
  }

private:
  Status decodeFunction(const Frame &frame) {
    for (const Statement &statement : frame.function->body)
      SLUICE_TRY(decodeStatement(frame, statement));
    // Running off the end is a return.
    static const Statement implicit = [] {
      Statement statement;
      statement.row = opcodeRows("ret").data();
      statement.text = "ret (the end of the function)";
      return statement;
    }();
    return decodeStatement(frame, implicit);
  }

  Status decodeStatement(const Frame &frame, const Statement &statement) {
    Instruction out;
    out.index = static_cast<uint32_t>(program.code.size());
    out.opClass = statement.row->opClass;
    if (statement.guard) {
      out.guard = frames.registerOffset(frame, statement.guard->index);
      out.guardNegated = statement.guard->negated;
    }
    Binder binder(program, statement, out);
    OperandBinder operandBinder(frames, frame, module, binder);
    Status status = operandBinder.run();
    if (status.ok()) {
      BindFunction *bind = findBinder(statement.row->binder);
      if (bind == nullptr)
        binder.fail(fmt::format("{} is in the table, but not modelled yet",
                                statement.row->name));
      else
        bind(binder);
      if (!binder.message.empty())
        status = badInput(binder.message);
    }
    if (!status.ok())
      return status.in(fmt::format("{}:{}:{}", module.file,
                                   statement.place.line,
                                   statement.place.column));
    operandBinder.recordTaint();
    program.code.push_back(out);
    program.sources.push_back({&statement, frame.function});
    return {};
  }

  Program &program;
  const Module &module;
  Frames frames;
};

} // namespace

std::string Program::placeOf(const Instruction &instruction) const {
  const Source &source = sources[instruction.index];
  uint32_t line = source.statement->place.line;
  return fmt::format("{}:{}", module->file,
                     line != 0 ? line : source.function->place.line);
}

Result<std::unique_ptr<Program>> decode(const Module &module,
                                        const Function &kernel,
                                        const SymbolAddresses &symbols) {
  auto program = std::make_unique<Program>();
  program->module = &module;
  program->kernel = &kernel;
  SLUICE_TRY(Decoder(*program, module, symbols).run(kernel));
  return program;
}

bool Binder::has(std::string_view word) const {
  return std::any_of(
      statement.modifiers.begin(), statement.modifiers.end(),
      [&](const Modifier &modifier) { return modifier.word == word; });
}

std::string_view Binder::oneOf(std::span<const std::string_view> words) const {
  for (const Modifier &modifier : statement.modifiers)
    if (std::find(words.begin(), words.end(), modifier.word) != words.end())
      return modifier.word;
  return "";
}

Type Binder::type(size_t n) const {
  for (const Modifier &modifier : statement.modifiers)
    if (std::optional<Type> type = typeFromWord(modifier.word))
      if (n-- == 0)
        return *type;
  return Type::B32;
}

size_t Binder::typeCount() const {
  return static_cast<size_t>(std::count_if(
      statement.modifiers.begin(), statement.modifiers.end(),
      [](const Modifier &m) { return typeFromWord(m.word).has_value(); }));
}

void Binder::setList(std::span<const uint32_t> offsets) {
  out.list = static_cast<uint32_t>(program.operands.size());
  out.listCount = static_cast<uint16_t>(offsets.size());
  program.operands.insert(program.operands.end(), offsets.begin(),
                          offsets.end());
}

uint32_t Binder::scratch(uint32_t bytes) {
  uint32_t offset = program.registerBytes;
  program.registerBytes += (bytes * kWarpLanes + kUnit - 1) / kUnit * kUnit;
  return offset;
}

} // namespace sluice::sim
