#include "runtime/device/sim/ptx/OpcodeTable.h"
#include "runtime/device/sim/ptx/ParserState.h"

#include <fmt/format.h>

namespace sluice::sim {
namespace {

constexpr size_t kMostScopes = 64;

} // namespace

Status Parser::parseParameters(std::vector<std::unique_ptr<Variable>> &into) {
  SLUICE_TRY(expect('('));
  while (!takeIf(')')) {
    if (!takeDot("param"))
      return expected(".param; parameters in registers are not modelled");
    SLUICE_TRY(parseVariable(Space::Param, false, into, true));
    if (!peek().is(')'))
      SLUICE_TRY(expect(','));
  }
  return {};
}

Status Parser::parseThreads(uint32_t (&threads)[3]) {
  for (uint32_t &extent : threads)
    extent = 1;
  for (int i = 0; i < 3; ++i) {
    SLUICE_ASSIGN(uint64_t extent, expectInteger(UINT32_MAX));
    threads[i] = static_cast<uint32_t>(extent);
    if (!takeIf(','))
      break;
  }
  return {};
}

Status Parser::parseFunctionAttributes() {
  while (peek().kind == TokenKind::Dot) {
    if (takeDot("maxntid")) {
      SLUICE_TRY(parseThreads(function->maximumThreads));
    } else if (takeDot("reqntid")) {
      SLUICE_TRY(parseThreads(function->requiredThreads));
    } else if (takeDot("minnctapersm") || takeDot("maxnreg") ||
               takeDot("maxnctapersm")) {
      SLUICE_TRY(expectInteger(UINT32_MAX).status());
    } else if (takeDot("pragma")) {
      SLUICE_TRY(skipToSemicolon());
    } else if (peek().isDot("explicitcluster") ||
               peek().isDot("reqnctapercluster") ||
               peek().isDot("maxclusterrank") ||
               peek().isDot("blocksareclusters")) {
      return expected("no cluster directive: clusters are not modelled");
    } else if (!takeDot("noreturn") && !takeDot("unique") &&
               !takeDot("attribute")) {
      return expected("a directive of a function");
    }
  }
  return {};
}

Status Parser::parseFunction(bool isEntry) {
  auto owned = std::make_unique<Function>();
  function = owned.get();
  function->isEntry = isEntry;
  scopes.clear();
  scopes.emplace_back(); // parameters and results
  if (!isEntry && peek().is('('))
    SLUICE_TRY(parseParameters(function->results));
  function->place = placeOf(peek());
  SLUICE_ASSIGN(function->name, expectName("the name of a function"));
  if (peek().is('('))
    SLUICE_TRY(parseParameters(function->parameters));
  SLUICE_TRY(parseFunctionAttributes());
  if (!takeIf(';')) {
    if (module.function(function->name) != nullptr)
      return errorAt(function->place,
                     fmt::format("{} is defined twice", function->name));
    SLUICE_TRY(expect('{'));
    function->hasBody = true;
    location = 0;
    SLUICE_TRY(parseBody());
    SLUICE_TRY(closeScope());
  }
  if (function->hasBody)
    module.bodies.emplace(function->name, function);
  module.functions.push_back(std::move(owned));
  function = nullptr;
  scopes.clear();
  return {};
}

Status Parser::parseBody() {
  size_t outer = scopes.size();
  scopes.emplace_back();
  while (scopes.size() > outer) {
    const Token &token = peek();
    if (takeIf(';'))
      continue;
    if (takeIf('{')) {
      if (scopes.size() >= kMostScopes)
        return error(token, fmt::format("expected at most {} nested scopes",
                                        kMostScopes));
      scopes.emplace_back();
    } else if (takeIf('}')) {
      SLUICE_TRY(closeScope());
    } else if (token.kind == TokenKind::Dot) {
      SLUICE_TRY(parseBodyDirective());
    } else if (token.kind == TokenKind::Name && peek(1).is(':')) {
      SLUICE_TRY(parseLabel());
    } else if (token.kind == TokenKind::Name || token.is('@')) {
      SLUICE_TRY(parseStatement());
    } else {
      return expected("an instruction, a label, a directive or '}'");
    }
  }
  return {};
}

// Labels are known in their scope and those inside it; what names something
// else is left to the scope around.
Status Parser::closeScope() {
  Scope scope = std::move(scopes.back());
  scopes.pop_back();
  for (const PendingLabel &pending : scope.pending) {
    Operand &operand =
        pending.isTable
            ? function->tables[pending.statement].labels[pending.operand]
            : function->body[pending.statement].operands[pending.operand];
    auto found = scope.labels.find(operand.name);
    if (found != scope.labels.end()) {
      operand.kind = OperandKind::Label;
      operand.index = found->second;
    } else if (!scopes.empty()) {
      scopes.back().pending.push_back(pending);
    } else if (pending.isTable ||
               function->body[pending.statement].row->name == "bra") {
      return errorAt(operand.place,
                     fmt::format("no label {} in this scope", operand.name));
    }
  }
  return {};
}

Status Parser::parseLabel() {
  const Token &name = take();
  take(); // the colon
  if (takeDot("branchtargets")) {
    BranchTable table;
    table.name = name.text;
    auto index = static_cast<uint32_t>(function->tables.size());
    do {
      Operand label;
      label.kind = OperandKind::Name;
      label.place = placeOf(peek());
      SLUICE_ASSIGN(label.name, expectName("a label"));
      scopes.back().pending.push_back(
          {index, static_cast<uint32_t>(table.labels.size()), true});
      table.labels.push_back(std::move(label));
    } while (takeIf(','));
    function->tables.push_back(std::move(table));
    return expect(';');
  }
  auto [slot, fresh] = scopes.back().labels.emplace(
      name.text, static_cast<uint32_t>(function->body.size()));
  if (!fresh)
    return error(name, fmt::format("the label {} is here twice", name.text));
  // Of an indirect call, whose lists say the same.
  if (takeDot("callprototype") || takeDot("calltargets"))
    return skipToSemicolon();
  return {};
}

Status Parser::parseBodyDirective() {
  if (takeDot("reg"))
    return parseRegisters();
  if (takeDot("loc"))
    return parseLocation();
  if (takeDot("pragma"))
    return skipToSemicolon();
  if (takeDot("file"))
    return parseFile();
  bool external = takeDot("extern");
  if (takeDot("shared"))
    return parseVariable(Space::Shared, external, function->variables, false);
  if (takeDot("local"))
    return parseVariable(Space::Local, external, function->variables, false);
  if (takeDot("param"))
    return parseVariable(Space::Param, external, function->variables, false);
  if (takeDot("global"))
    return parseVariable(Space::Global, external, module.variables, false);
  if (takeDot("const"))
    return parseVariable(Space::Const, external, module.variables, false);
  return expected("a directive of a function's body");
}

Status Parser::parseRegisters() {
  const Token &word = take();
  std::optional<Type> type =
      word.kind == TokenKind::Dot ? typeFromWord(word.text) : std::nullopt;
  if (!type)
    return error(word, "expected the type of registers; vectors of registers "
                       "are not modelled");
  do {
    const Token &name = peek();
    SLUICE_ASSIGN(std::string_view text, expectName("the name of a register"));
    Family family{*type, 0, {}};
    if (takeIf('<')) {
      SLUICE_ASSIGN(family.count, expectInteger(uint64_t{1} << 31));
      SLUICE_TRY(expect('>'));
      if (family.count == 0)
        continue;
    }
    if (!scopes.back().families.emplace(text, std::move(family)).second)
      return error(name, fmt::format("{} is declared twice", text));
  } while (takeIf(','));
  return expect(';');
}

// .loc file line column {, function_name label {+ n}, inlined_at f l c}
Status Parser::parseLocation() {
  uint64_t numbers[3];
  for (uint64_t &number : numbers) {
    SLUICE_ASSIGN(number, expectInteger(UINT32_MAX));
  }
  while (takeIf(',')) {
    if (peek().isName("function_name")) {
      take();
      SLUICE_TRY(expectName("a label of .debug_str").status());
      if (takeIf('+'))
        SLUICE_TRY(expectInteger(UINT32_MAX).status());
    } else if (peek().isName("inlined_at")) {
      take();
      for (int i = 0; i < 3; ++i)
        SLUICE_TRY(expectInteger(UINT32_MAX).status());
    } else {
      return expected("function_name or inlined_at");
    }
  }
  module.locations.push_back({static_cast<uint32_t>(numbers[0]),
                              static_cast<uint32_t>(numbers[1]),
                              static_cast<uint32_t>(numbers[2])});
  location = static_cast<uint32_t>(module.locations.size() - 1);
  return {};
}

std::optional<uint32_t> Parser::findRegister(std::string_view name) {
  size_t digits = name.size();
  while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9')
    --digits;
  uint64_t number = 0;
  bool numbered = digits < name.size() && name.size() - digits <= 10 &&
                  (name[digits] != '0' || name.size() - digits == 1);
  if (numbered)
    for (char c : name.substr(digits))
      number = number * 10 + static_cast<uint64_t>(c - '0');
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
    auto found = scope->families.find(name);
    bool single = found != scope->families.end() && found->second.count == 0;
    if (!single) {
      if (!numbered)
        continue;
      found = scope->families.find(name.substr(0, digits));
      if (found == scope->families.end() || number >= found->second.count)
        continue;
    }
    auto [slot, fresh] = found->second.indices.emplace(
        single ? 0 : number, static_cast<uint32_t>(function->registers.size()));
    if (fresh)
      function->registers.push_back({found->first,
                                     static_cast<uint32_t>(single ? 0 : number),
                                     !single, found->second.type});
    return slot->second;
  }
  return std::nullopt;
}

Variable *Parser::findVariable(std::string_view name) {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    if (auto found = scope->variables.find(name);
        found != scope->variables.end())
      return found->second;
  auto found = globals.find(name);
  return found == globals.end() ? nullptr : found->second;
}

} // namespace sluice::sim
