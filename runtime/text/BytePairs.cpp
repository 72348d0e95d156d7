#include "runtime/text/BytePairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace sluice {
namespace {

constexpr uint32_t none = TokenizerTables::none;

/// Pieces up to this many bytes are merged by looking at every pair again:
/// quadratic, but for words faster than a heap.
constexpr size_t shortLength = 32;

} // namespace

BytePairs::BytePairs(const TokenizerTables &tables) : tables(&tables) {
  size_t count = std::bit_ceil(std::max<size_t>(tables.merges.size() * 2, 16));
  slots.resize(count);
  shift = 64 - std::countr_zero(count);
}

Result<BytePairs> BytePairs::create(const TokenizerTables &tables) {
  BytePairs pairs(tables);
  for (uint32_t rank = 0; rank < tables.merges.size(); ++rank) {
    const TokenizerTables::Merge &m = tables.merges[rank];
    Slot &slot = pairs.slots[pairs.slotOf(key(m.left, m.right))];
    if (slot.rank != none)
      return badInput(fmt::format("tokenizer tables: merges {} and {} join the "
                                  "same pair of tokens, {} and {}",
                                  slot.rank, rank, m.left, m.right));
    slot = {key(m.left, m.right), rank, m.result};
  }
  if (tables.ignoreMerges)
    for (uint32_t id = 0; id < tables.size(); ++id)
      if (tables.has(id, TokenizerTables::Piece))
        pairs.whole.try_emplace(tables.token(id), id);
  return pairs;
}

void BytePairs::encode(std::string_view piece, Work &work,
                       std::vector<int32_t> &out) const {
  if (tables->ignoreMerges)
    if (auto it = whole.find(piece); it != whole.end()) {
      out.push_back(int32_t(it->second));
      return;
    }
  if (piece.size() <= shortLength)
    encodeShort(piece, out);
  else
    encodeLong(piece, work, out);
}

void BytePairs::encodeShort(std::string_view piece,
                            std::vector<int32_t> &out) const {
  uint32_t ids[shortLength];
  const Slot *joins[shortLength]; // joins[i] joins ids[i] and ids[i + 1]
  size_t count = piece.size();
  for (size_t i = 0; i < count; ++i)
    ids[i] = tables->byteTokens[uint8_t(piece[i])];
  for (size_t i = 0; i + 1 < count; ++i)
    joins[i] = &find(ids[i], ids[i + 1]);
  while (count > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < count; ++i)
      if (joins[i]->rank < joins[best]->rank)
        best = i;
    if (joins[best]->rank == none)
      break;
    ids[best] = joins[best]->result;
    std::copy(ids + best + 2, ids + count, ids + best + 1);
    if (best + 2 < count)
      std::copy(joins + best + 2, joins + count - 1, joins + best + 1);
    --count;
    if (best + 1 < count)
      joins[best] = &find(ids[best], ids[best + 1]);
    if (best > 0)
      joins[best - 1] = &find(ids[best - 1], ids[best]);
  }
  out.insert(out.end(), ids, ids + count);
}

void BytePairs::encodeLong(std::string_view piece, Work &work,
                           std::vector<int32_t> &out) const {
  using Symbol = Work::Symbol;
  using Candidate = Work::Candidate;
  // The heap's top is the lowest rank, then the leftmost.
  auto after = [](const Candidate &a, const Candidate &b) {
    return a.rank != b.rank ? a.rank > b.rank : a.at > b.at;
  };
  std::vector<Symbol> &symbols = work.symbols;
  std::vector<Candidate> &heap = work.heap;
  uint32_t count = static_cast<uint32_t>(piece.size());
  symbols.resize(count);
  heap.clear();
  for (uint32_t i = 0; i < count; ++i)
    symbols[i] = {tables->byteTokens[uint8_t(piece[i])], i ? i - 1 : none,
                  i + 1 < count ? i + 1 : none};
  for (uint32_t i = 0; i + 1 < count; ++i) {
    const Slot &join = find(symbols[i].id, symbols[i + 1].id);
    if (join.rank != none)
      heap.push_back({join.rank, i, join.result});
  }
  std::make_heap(heap.begin(), heap.end(), after);
  auto consider = [&](uint32_t at) {
    const Slot &join = find(symbols[at].id, symbols[symbols[at].next].id);
    if (join.rank == none)
      return;
    heap.push_back({join.rank, at, join.result});
    std::push_heap(heap.begin(), heap.end(), after);
  };
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), after);
    Candidate best = heap.back();
    heap.pop_back();
    Symbol &left = symbols[best.at];
    // A merge next to it may have taken one of the two since.
    if (left.id == none || left.next == none)
      continue;
    Symbol &right = symbols[left.next];
    if (find(left.id, right.id).rank != best.rank)
      continue;
    left.id = best.result;
    right.id = none;
    left.next = right.next;
    if (left.next != none) {
      symbols[left.next].previous = best.at;
      consider(best.at);
    }
    if (left.previous != none)
      consider(left.previous);
  }
  for (uint32_t i = 0; i != none; i = symbols[i].next)
    out.push_back(int32_t(symbols[i].id));
  // One long piece must not hold its memory for the rest of a run.
  if (symbols.capacity() > (1u << 20))
    work = {};
}

} // namespace sluice
