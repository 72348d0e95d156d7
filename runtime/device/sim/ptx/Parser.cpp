#include "runtime/device/sim/ptx/Parser.h"

#include "runtime/device/sim/ptx/ParserState.h"

#include <bit>
#include <cstring>
#include <fmt/format.h>

namespace sluice::sim {
namespace {

constexpr uint32_t kNewestVersion = 90;
constexpr uint64_t kMostTextBytes = uint64_t{1} << 28;
constexpr uint64_t kMostVariableBytes = uint64_t{1} << 32;

std::string spelled(const Token &token) {
  switch (token.kind) {
  case TokenKind::End:
    return "the end of the file";
  case TokenKind::Dot:
    return fmt::format(".{}", token.text);
  case TokenKind::String:
    return fmt::format("\"{}\"", token.text);
  default:
    return fmt::format("'{}'", token.text);
  }
}

} // namespace

Status Parser::errorAt(Place place, const std::string &sentence) const {
  return badInput(fmt::format("{}:{}:{}: {}", module.file, place.line,
                              place.column, sentence));
}

Status Parser::error(const Token &token, const std::string &sentence) const {
  return errorAt(placeOf(token), sentence);
}

Status Parser::expected(const std::string &what) const {
  return error(peek(),
               fmt::format("expected {}, found {}", what, spelled(peek())));
}

Status Parser::expect(char mark) {
  if (!peek().is(mark))
    return expected(fmt::format("'{}'", mark));
  take();
  return {};
}

Result<uint64_t> Parser::expectInteger(uint64_t most) {
  if (peek().kind != TokenKind::Integer || peek().bits > most)
    return expected(fmt::format("an integer of at most {}", most));
  return take().bits;
}

Result<std::string_view> Parser::expectName(std::string_view what) {
  if (peek().kind != TokenKind::Name)
    return expected(std::string(what));
  return take().text;
}

Status Parser::parse() {
  module.locations.emplace_back();
  while (peek().kind != TokenKind::End)
    SLUICE_TRY(parseTopLevel());
  if (module.version == 0)
    return expected("a .version directive");
  return {};
}

Status Parser::parseTopLevel() {
  if (takeIf(';'))
    return {};
  if (peek().kind != TokenKind::Dot)
    return expected("a directive");
  if (takeDot("version"))
    return parseVersion();
  if (module.version == 0)
    return expected(".version first");
  if (takeDot("target"))
    return parseTarget();
  if (takeDot("address_size")) {
    if (peek().kind != TokenKind::Integer || peek().bits != 64)
      return expected("64: 32-bit addresses are not modelled");
    take();
    return {};
  }
  if (takeDot("file"))
    return parseFile();
  if (takeDot("section"))
    return skipSection();
  if (takeDot("pragma"))
    return skipToSemicolon();
  bool external = false;
  for (;; take()) {
    if (peek().isDot("extern") || peek().isDot("common"))
      external |= peek().isDot("extern");
    else if (!peek().isDot("visible") && !peek().isDot("weak"))
      break;
  }
  if (takeDot("entry"))
    return parseFunction(true);
  if (takeDot("func"))
    return parseFunction(false);
  Space space = Space::Global;
  if (takeDot("shared"))
    space = Space::Shared;
  else if (takeDot("const"))
    space = Space::Const;
  else if (!takeDot("global"))
    return expected(".entry, .func, .global, .const, .shared or another "
                    "directive of a module");
  return parseVariable(space, external, module.variables, false);
}

Status Parser::parseVersion() {
  const Token &token = peek();
  unsigned major = 0;
  unsigned minor = 0;
  if (token.kind == TokenKind::Float && token.text.size() < 8) {
    size_t dot = token.text.find('.');
    for (char c : token.text.substr(0, dot))
      major = major * 10 + static_cast<unsigned>(c - '0');
    for (char c : token.text.substr(std::min(dot + 1, token.text.size())))
      minor = minor * 10 + static_cast<unsigned>(c - '0');
  }
  if (major < 1 || major > 99 || minor > 9)
    return expected("a version such as 8.0");
  take();
  module.version = major * 10 + minor;
  if (module.version > kNewestVersion)
    module.notes.push_back(fmt::format(
        "{}:{}: .version {}.{} is newer than 9.0, the newest that is known; "
        "instructions new in it are refused",
        module.file, token.line, major, minor));
  return {};
}

Status Parser::parseTarget() {
  SLUICE_ASSIGN(module.target, expectName("a target such as sm_90"));
  if (!module.target.starts_with("sm_"))
    return errorAt(placeOf(tokens[at - 1]),
                   "expected a target such as sm_90, found " +
                       std::string(module.target));
  while (takeIf(','))
    SLUICE_TRY(expectName("a platform option").status());
  return {};
}

Status Parser::parseFile() {
  SLUICE_ASSIGN(uint64_t number, expectInteger(UINT32_MAX));
  if (peek().kind != TokenKind::String)
    return expected("the name of a file in quotes");
  module.sources.push_back({static_cast<uint32_t>(number), take().text});
  while (takeIf(','))
    SLUICE_TRY(expectInteger(UINT64_MAX).status());
  return {};
}

Status Parser::skipSection() {
  while (!peek().is('{') && peek().kind != TokenKind::End)
    take();
  SLUICE_TRY(expect('{'));
  while (!peek().is('}')) {
    if (peek().kind == TokenKind::End)
      return expected("'}' at the end of a .section");
    take();
  }
  take();
  return {};
}

Status Parser::skipToSemicolon() {
  while (!peek().is(';')) {
    if (peek().kind == TokenKind::End)
      return expected("';'");
    take();
  }
  take();
  return {};
}

Status Parser::parseVariable(Space space, bool external,
                             std::vector<std::unique_ptr<Variable>> &into,
                             bool isParameter) {
  uint32_t alignment = 0;
  uint64_t vector = 1;
  std::optional<Type> type;
  while (peek().kind == TokenKind::Dot) {
    const Token &word = take();
    if (word.text == "align") {
      SLUICE_ASSIGN(uint64_t value, expectInteger(1 << 20));
      if (!std::has_single_bit(value))
        return error(word, "expected an alignment that is a power of two");
      // After .ptr it is what the pointer points at.
      if (!isParameter || type == std::nullopt)
        alignment = static_cast<uint32_t>(value);
    } else if (word.text == "v2" || word.text == "v4") {
      vector = word.text == "v2" ? 2 : 4;
    } else if (word.text == "managed" || word.text == "ptr" ||
               (isParameter && (word.text == "global" || word.text == "const" ||
                                word.text == "shared" || word.text == "local" ||
                                word.text == "param"))) {
      // Says where a pointer points; nothing is made of it.
    } else if (word.text == "attribute") {
      while (!takeIf(')')) {
        if (peek().kind == TokenKind::End)
          return expected("')'");
        take();
      }
    } else {
      type = typeFromWord(word.text);
      if (!type || *type == Type::Pred)
        return error(word, fmt::format("expected a type, found .{}; textures, "
                                       "surfaces and samplers are not modelled",
                                       word.text));
    }
  }
  if (!type)
    return expected("a type");
  do {
    auto variable = std::make_unique<Variable>();
    variable->space = space;
    variable->type = *type;
    variable->external = external;
    variable->place = placeOf(peek());
    SLUICE_ASSIGN(variable->name, expectName("the name of a variable"));
    uint64_t element = static_cast<uint64_t>(typeBits(*type)) / 8 * vector;
    variable->alignment =
        alignment != 0 ? alignment : static_cast<uint32_t>(element);
    variable->bytes = element;
    while (takeIf('[')) {
      uint64_t count = 0;
      if (!peek().is(']')) {
        SLUICE_ASSIGN(count, expectInteger(kMostVariableBytes));
      }
      SLUICE_TRY(expect(']'));
      if (variable->bytes != 0 && count > kMostVariableBytes / variable->bytes)
        return errorAt(variable->place,
                       "expected variables of at most 4 GiB together");
      variable->bytes *= count;
    }
    totalBytes += variable->bytes;
    if (totalBytes > kMostVariableBytes)
      return errorAt(variable->place,
                     "expected variables of at most 4 GiB together");
    if (takeIf('='))
      SLUICE_TRY(parseInitialiser(*variable));
    bool local = function != nullptr && !scopes.empty();
    auto &names = local ? scopes.back().variables : globals;
    auto [slot, fresh] = names.emplace(variable->name, variable.get());
    // A module may declare a variable before it defines it.
    if (!fresh && local)
      return errorAt(variable->place,
                     fmt::format("{} is declared twice", variable->name));
    if (!fresh && slot->second->external)
      slot->second = variable.get();
    into.push_back(std::move(variable));
  } while (!isParameter && takeIf(','));
  return isParameter ? Status() : expect(';');
}

Status Parser::parseInitialiser(Variable &variable) {
  uint64_t element = static_cast<uint64_t>(typeBits(variable.type)) / 8;
  uint64_t offset = 0;
  if (!peek().is('{')) {
    SLUICE_TRY(parseInitialValue(variable, 0));
    return {};
  }
  // Nested braces of a multi-dimensional array hold its rows in order.
  int depth = 0;
  do {
    if (takeIf('{')) {
      ++depth;
    } else if (takeIf('}')) {
      --depth;
    } else if (!takeIf(',')) {
      if (variable.bytes == 0)
        return expected("an array with a size before its values");
      if (element == 0 || offset + element > variable.bytes)
        return expected(fmt::format("at most {} bytes of values for {}",
                                    variable.bytes, variable.name));
      SLUICE_TRY(parseInitialValue(variable, offset));
      offset += element;
    }
  } while (depth > 0);
  return {};
}

Status Parser::parseInitialValue(Variable &variable, uint64_t offset) {
  uint64_t element = static_cast<uint64_t>(typeBits(variable.type)) / 8;
  variable.initial.resize(variable.bytes);
  bool negative = takeIf('-');
  const Token &token = take();
  uint64_t bits = token.bits;
  if (token.kind == TokenKind::Name) {
    bool generic = token.text == "generic" && takeIf('(');
    const Token &name = generic ? take() : token;
    if (generic)
      SLUICE_TRY(expect(')'));
    Variable::Relocation relocation{offset, static_cast<uint32_t>(element),
                                    generic, name.text, 0};
    if (peek().is('+') || peek().is('-')) {
      SLUICE_ASSIGN(relocation.addend, parseOffset());
    }
    variable.relocations.push_back(relocation);
    return {};
  }
  if (token.kind == TokenKind::Float) {
    auto value = std::bit_cast<double>(bits);
    value = negative ? -value : value;
    bits = variable.type == Type::F32
               ? std::bit_cast<uint32_t>(static_cast<float>(value))
               : std::bit_cast<uint64_t>(value);
  } else if (token.kind == TokenKind::Integer) {
    bits = negative ? 0 - bits : bits;
  } else if (token.kind != TokenKind::Float32) {
    return error(token, "expected an initial value");
  }
  std::memcpy(variable.initial.data() + offset, &bits,
              std::min<uint64_t>(element, 8));
  return {};
}

Result<std::unique_ptr<Module>> parseModule(std::string text,
                                            std::string file) {
  if (text.size() > kMostTextBytes)
    return badInput(
        fmt::format("{}: expected at most 256 MiB of PTX, found {} bytes", file,
                    text.size()));
  auto module = std::make_unique<Module>();
  module->text = std::move(text);
  module->file = std::move(file);
  SLUICE_ASSIGN(std::vector<Token> tokens,
                tokenize(module->text, module->file));
  SLUICE_TRY(Parser(*module, tokens).parse());
  return module;
}

} // namespace sluice::sim
