#include "runtime/device/sim/ptx/OpcodeTable.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

namespace sluice::sim {
namespace {

// Sets of words that many rows share, written $name in the table.
struct WordSet {
  std::string_view name;
  std::string_view words;
};
constexpr WordSet sets[] = {
    {"$int", "u16|u32|u64|s16|s32|s64"},
    {"$bits", "b16|b32|b64"},
    {"$any", "b8|b16|b32|b64|u8|u16|u32|u64|s8|s16|s32|s64|f16|bf16|f32|f64"},
    {"$number", "b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64"},
    {"$round", "rn|rz|rm|rp"},
    {"$space", "global|shared|shared::cta|local|const|param|param::entry|"
               "param::func"},
    {"$gs", "global|shared|shared::cta"},
    {"$scope", "cta|cluster|gpu|sys"},
    {"$icmp", "eq|ne|lt|le|gt|ge|lo|ls|hi|hs"},
    {"$fcmp", "eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan"},
    {"$logic", "and|or|xor"},
    {"$sem", "relaxed|acquire|release|acq_rel"},
    {"$cache", "ca|cg|cs|lu|cv|wb|wt"},
    {"$evict", "L1::evict_normal|L1::evict_unchanged|L1::evict_first|"
               "L1::evict_last|L1::no_allocate"},
    {"$evict2", "L2::evict_last|L2::evict_normal|L2::evict_first"},
    {"$hint", "L2::cache_hint"},
    {"$fetch", "L2::64B|L2::128B|L2::256B"},
    {"$tiles", "m16n16k16|m32n8k16|m8n32k16"},
    {"$mshared", "shared|shared::cta"},
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// ".a|b" or "{.a|b}", one after another.
std::vector<Slot> slotsOf(std::string_view text) {
  std::vector<Slot> slots;
  size_t at = 0;
  while (at < text.size()) {
    Slot slot;
    slot.optional = text[at] == '{';
    at += slot.optional ? 2 : 1; // the brace and the dot
    size_t end = std::min(text.find_first_of(".{}", at), text.size());
    for (std::string_view word : split(text.substr(at, end - at), '|')) {
      const auto *set = std::find_if(
          std::begin(sets), std::end(sets),
          [&](const WordSet &candidate) { return candidate.name == word; });
      if (set == std::end(sets))
        slot.words.push_back(word);
      else
        for (std::string_view one : split(set->words, '|'))
          slot.words.push_back(one);
    }
    at = end + (slot.optional ? 1 : 0);
    slots.push_back(std::move(slot));
  }
  return slots;
}

std::vector<OperandSpec> operandsOf(std::string_view text) {
  std::vector<OperandSpec> specs;
  for (std::string_view part : split(text, ',')) {
    OperandSpec spec;
    spec.kind = part.front();
    part.remove_prefix(1);
    if (!part.empty() && part.back() == '?') {
      spec.optional = true;
      part.remove_suffix(1);
    }
    while (!part.empty()) {
      if (part.front() == ':') {
        spec.fixed = true;
        spec.type = *typeFromWord(part.substr(1));
        break;
      }
      if (part.front() == 'w')
        spec.wide = true;
      else
        spec.typeIndex = static_cast<uint8_t>(part.front() - '0');
      part.remove_prefix(1);
    }
    specs.push_back(spec);
  }
  return specs;
}

std::vector<OpcodeRow> buildTable() {
  std::vector<OpcodeRow> rows;
  auto add = [&](std::string_view name, std::string_view modifiers,
                 std::string_view operands, std::string_view binder,
                 OpClass opClass, uint32_t version, uint32_t sm,
                 Sureness sureness, std::string_view section) {
    rows.push_back({name, modifiers, operands, binder, opClass, version, sm,
                    sureness, section, 0, slotsOf(modifiers),
                    operandsOf(operands)});
  };
#define SLUICE_SIM_OPCODE(name, modifiers, operands, binder, opClass, version, \
                          sm, sureness, section)                               \
  add(name, modifiers, operands, #binder, OpClass::opClass, version, sm,       \
      Sureness::sureness, section);
#include "runtime/device/sim/ptx/Opcodes.def"
  // Rows of one opcode stand together; among themselves they keep their order.
  std::vector<size_t> order(rows.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(rows[a].name, a) < std::pair(rows[b].name, b);
  });
  std::vector<OpcodeRow> sorted;
  for (size_t i : order)
    sorted.push_back(std::move(rows[i]));
  rows = std::move(sorted);
  for (size_t i = 0; i < rows.size(); ++i)
    rows[i].index = static_cast<uint32_t>(i);
  return rows;
}

bool contains(const std::vector<std::string_view> &words,
              std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Words whose order among themselves says which operand they are of.
enum class WordKind : uint8_t { Type, Space, Layout, Other };
WordKind kindOf(std::string_view word) {
  if (typeFromWord(word))
    return WordKind::Type;
  if (word == "global" || word == "local" || word == "const" ||
      word.starts_with("shared") || word.starts_with("param"))
    return WordKind::Space;
  return word == "row" || word == "col" ? WordKind::Layout : WordKind::Other;
}

size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1,
                         diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

struct Matcher {
  const OpcodeRow &row;
  std::span<const std::string_view> words;
  std::vector<Modifier> current;
  std::vector<Modifier> &best;
  std::vector<std::string_view> expected;

  void note(const Slot &slot) {
    if (current.size() > best.size()) {
      best = current;
      expected.clear();
    }
    if (current.size() == best.size())
      expected.insert(expected.end(), slot.words.begin(), slot.words.end());
  }

  bool match(uint32_t slot) {
    if (slot == row.slots.size()) {
      if (current.size() > best.size()) {
        best = current;
        expected.clear();
      }
      return current.size() == words.size();
    }
    const Slot &wanted = row.slots[slot];
    size_t at = current.size();
    if (at < words.size() && contains(wanted.words, words[at])) {
      current.push_back({words[at], slot});
      if (match(slot + 1))
        return true;
      current.pop_back();
    } else {
      note(wanted);
    }
    return wanted.optional && match(slot + 1);
  }
};

} // namespace

size_t OpcodeRow::requiredOperands() const {
  return static_cast<size_t>(
      std::count_if(operands.begin(), operands.end(),
                    [](const OperandSpec &spec) { return !spec.optional; }));
}

std::span<const OpcodeRow> opcodeTable() {
  static const std::vector<OpcodeRow> table = buildTable();
  return table;
}

std::span<const OpcodeRow> opcodeRows(std::string_view name) {
  auto table = opcodeTable();
  auto low = std::lower_bound(
      table.begin(), table.end(), name,
      [](const OpcodeRow &row, std::string_view n) { return row.name < n; });
  auto high = low;
  while (high != table.end() && high->name == name)
    ++high;
  return {low, high};
}

std::string_view nearestOpcode(std::string_view name) {
  std::string_view best;
  size_t distance = ~size_t{0};
  name = name.substr(0, 64);
  for (const OpcodeRow &row : opcodeTable())
    if (size_t d = editDistance(name, row.name); d < distance) {
      distance = d;
      best = row.name;
    }
  return best;
}

bool matchModifiers(const OpcodeRow &row,
                    std::span<const std::string_view> words,
                    std::vector<Modifier> &taken, std::string &expected) {
  taken.clear();
  Matcher matcher{row, words, {}, taken, {}};
  if (matcher.match(0)) {
    taken = matcher.current;
    return true;
  }
  expected = matcher.expected.empty()
                 ? "no further modifier"
                 : fmt::format(".{}", fmt::join(matcher.expected, " ."));
  return false;
}

bool matchReordered(const OpcodeRow &row,
                    std::span<const std::string_view> words,
                    std::vector<Modifier> &taken) {
  taken.clear();
  std::vector<bool> filled(row.slots.size());
  size_t last[4] = {}; // slot of the last word of a kind
  for (std::string_view word : words) {
    size_t slot = 0;
    while (slot < row.slots.size() &&
           (filled[slot] || !contains(row.slots[slot].words, word)))
      ++slot;
    if (slot == row.slots.size())
      return false;
    WordKind kind = kindOf(word);
    size_t before = std::exchange(last[static_cast<size_t>(kind)], slot);
    if (slot < before && kind != WordKind::Other)
      return false;
    filled[slot] = true;
    taken.push_back({word, static_cast<uint32_t>(slot)});
  }
  std::sort(
      taken.begin(), taken.end(),
      [](const Modifier &a, const Modifier &b) { return a.slot < b.slot; });
  for (size_t slot = 0; slot < row.slots.size(); ++slot)
    if (!filled[slot] && !row.slots[slot].optional)
      return false;
  return true;
}

std::string describeRow(const OpcodeRow &row) {
  std::string text(row.name);
  for (const Slot &slot : row.slots) {
    std::string words = fmt::format(".{}", fmt::join(slot.words, "|."));
    text += slot.optional || slot.words.size() > 1
                ? fmt::format("{}{}{}", slot.optional ? '{' : '(', words,
                              slot.optional ? '}' : ')')
                : words;
  }
  return fmt::format("{}  {}", text, row.operandText);
}

std::string_view opClassName(OpClass opClass) {
  constexpr std::string_view names[kOpClasses] = {
      "integer", "logic", "float",   "double",  "half",  "special",
      "convert", "move",  "compare", "control", "load",  "store",
      "atomic",  "warp",  "barrier", "matrix",  "async", "hint"};
  return names[static_cast<size_t>(opClass)];
}

std::string_view surenessName(Sureness sureness) {
  switch (sureness) {
  case Sureness::Exact:
    return "exact: the ISA leaves nothing open";
  case Sureness::Bounded:
    return "bounded: within the ISA's error bound, other bits than hardware";
  case Sureness::Documented:
    return "documented: as we read the ISA, never run on hardware";
  case Sureness::Loose:
    return "loose: the ISA leaves a choice open, and we make one";
  }
  return "";
}

} // namespace sluice::sim
