#include "runtime/device/sim/program/ControlFlow.h"

#include <algorithm>
#include <limits>
#include <set>

namespace sluice::sim {
namespace {

struct Block {
  uint32_t first, end;              // instructions
  std::vector<uint32_t> successors; // blocks; Graph::exit() for the end
};

struct Graph {
  std::vector<Block> blocks;
  std::vector<uint32_t> blockOf; // by instruction, from the frame's first
  uint32_t exit() const { return static_cast<uint32_t>(blocks.size()); }
};

std::string_view opcode(const Program &program, uint32_t index) {
  return program.sources[index].statement->row->name;
}

std::vector<uint32_t> targetsOf(const Program &program, uint32_t index) {
  std::string_view name = opcode(program, index);
  if (name == "bra")
    return {program.code[index].target};
  if (name == "brx")
    return program.tables[program.code[index].target].targets;
  return {};
}

bool endsBlock(std::string_view name) {
  return name == "bra" || name == "brx" || name == "ret" || name == "exit" ||
         name == "trap";
}

void markStraight(Program &program, const Block &block) {
  uint16_t straight = 0;
  for (uint32_t i = block.end; i-- != block.first;) {
    Instruction &instruction = program.code[i];
    bool goesOn = instruction.isPlain && instruction.guard == kNone &&
                  straight != std::numeric_limits<uint16_t>::max();
    straight = goesOn ? static_cast<uint16_t>(straight + 1) : 0;
    instruction.straight = straight;
  }
}

Graph graphOf(Program &program, const Frame &frame) {
  Graph graph;
  std::set<uint32_t> leaders{frame.firstCode};
  for (uint32_t i = frame.firstCode; i < frame.codeEnd; ++i)
    if (endsBlock(opcode(program, i))) {
      for (uint32_t target : targetsOf(program, i))
        leaders.insert(target);
      if (i + 1 < frame.codeEnd)
        leaders.insert(i + 1);
    }
  graph.blockOf.resize(frame.codeEnd - frame.firstCode);
  for (auto leader = leaders.begin(); leader != leaders.end(); ++leader) {
    auto next = std::next(leader);
    Block block{*leader, next == leaders.end() ? frame.codeEnd : *next, {}};
    markStraight(program, block);
    for (uint32_t i = block.first; i < block.end; ++i)
      graph.blockOf[i - frame.firstCode] =
          static_cast<uint32_t>(graph.blocks.size());
    graph.blocks.push_back(std::move(block));
  }
  for (Block &block : graph.blocks) {
    uint32_t last = block.end - 1;
    std::string_view name = opcode(program, last);
    for (uint32_t target : targetsOf(program, last))
      block.successors.push_back(graph.blockOf[target - frame.firstCode]);
    bool guarded = program.code[last].guard != kNone;
    if (name == "ret" || name == "exit" || name == "trap")
      block.successors.push_back(graph.exit());
    if (!endsBlock(name) || guarded)
      block.successors.push_back(
          block.end == frame.codeEnd
              ? graph.exit()
              : graph.blockOf[block.end - frame.firstCode]);
  }
  return graph;
}

/// Immediate postdominators: of each block, and of the exit itself. Cooper,
/// Harvey, Kennedy: dominators of the reversed graph. A block that cannot reach
/// the exit (an endless loop) has none: kNone.
std::vector<uint32_t> postdominators(const Graph &graph) {
  uint32_t exit = graph.exit();
  std::vector<std::vector<uint32_t>> predecessors(exit + 1);
  for (uint32_t i = 0; i < exit; ++i)
    for (uint32_t successor : graph.blocks[i].successors)
      predecessors[successor].push_back(i);
  // Postorder of the reversed graph, without recursion.
  std::vector<uint32_t> order;
  std::vector<uint32_t> number(exit + 1, kNone);
  std::vector<bool> seen(exit + 1);
  std::vector<std::pair<uint32_t, size_t>> stack{{exit, 0}};
  seen[exit] = true;
  while (!stack.empty()) {
    uint32_t block = stack.back().first;
    size_t &next = stack.back().second;
    if (next < predecessors[block].size()) {
      uint32_t to = predecessors[block][next++];
      if (!seen[to]) {
        seen[to] = true;
        stack.emplace_back(to, 0);
      }
    } else {
      number[block] = static_cast<uint32_t>(order.size());
      order.push_back(block);
      stack.pop_back();
    }
  }
  std::vector<uint32_t> result(exit + 1, kNone);
  result[exit] = exit;
  for (bool changed = true; changed;) {
    changed = false;
    for (auto block = order.rbegin(); block != order.rend(); ++block) {
      if (*block == exit)
        continue;
      uint32_t meet = kNone;
      for (uint32_t other : graph.blocks[*block].successors) {
        if (result[other] == kNone)
          continue;
        for (uint32_t one = meet; meet != kNone && one != other;) {
          while (number[one] < number[other])
            one = result[one];
          while (number[other] < number[one])
            other = result[other];
          meet = one;
        }
        meet = other;
      }
      if (result[*block] != meet) {
        result[*block] = meet;
        changed = true;
      }
    }
  }
  return result;
}

} // namespace

void analyseControlFlow(Program &program, const Frame &frame) {
  Graph graph = graphOf(program, frame);
  std::vector<uint32_t> meets = postdominators(graph);
  for (uint32_t i = 0; i < graph.exit(); ++i) {
    const Block &block = graph.blocks[i];
    if (block.successors.size() < 2 || meets[i] == kNone ||
        meets[i] == graph.exit())
      continue;
    program.code[block.end - 1].reconverge = graph.blocks[meets[i]].first;
  }
}

void findUnwritten(Program &program, const Frame &frame) {
  Graph graph = graphOf(program, frame);
  size_t count = graph.blocks.size();
  // Units that a block reads before it surely writes them, and those that it
  // surely writes; then backwards to a fixed point. Sets are small: most
  // registers live in one block.
  std::vector<std::set<uint32_t>> reads(count);
  std::vector<std::set<uint32_t>> writes(count);
  auto inFrame = [&](uint32_t unit) {
    return unit * kUnit >= frame.firstRegister &&
           unit * kUnit < frame.registerEnd;
  };
  for (size_t b = 0; b < count; ++b)
    for (uint32_t i = graph.blocks[b].first; i < graph.blocks[b].end; ++i) {
      const Instruction &instruction = program.code[i];
      const uint32_t *units = program.operands.data() + instruction.uses;
      auto read = [&](uint32_t unit) {
        if (inFrame(unit) && !writes[b].contains(unit))
          reads[b].insert(unit);
      };
      for (uint32_t u = 0; u < instruction.useCount; ++u)
        read(units[u]);
      if (instruction.guard != kNone)
        read(instruction.guard / kUnit);
      if (instruction.guard == kNone)
        for (uint32_t u = 0; u < instruction.defCount; ++u)
          writes[b].insert(units[instruction.useCount + u]);
    }
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t b = count; b-- > 0;)
      for (uint32_t successor : graph.blocks[b].successors)
        if (successor != graph.exit())
          for (uint32_t unit : reads[successor])
            if (!writes[b].contains(unit))
              changed |= reads[b].insert(unit).second;
  }
  program.zeroed.insert(program.zeroed.end(), reads[0].begin(), reads[0].end());
}

} // namespace sluice::sim
