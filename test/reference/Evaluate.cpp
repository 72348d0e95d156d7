#include "test/reference/Evaluate.h"

#include "test/reference/Checkpoint.h"
#include "test/reference/Model.h"
#include "test/reference/Npy.h"

#include <cstdio>
#include <exception>
#include <map>
#include <sstream>
#include <stdexcept>

namespace sluice::reference {
namespace {

constexpr const char *usage =
    "usage: sluice-reference MODELDIR --input-ids 5,7,9|@ids.npy\n"
    "         [--logits out.npy] [--margin out.npy] [--hidden PREFIX]\n"
    "Evaluates one sequence in double precision. --logits: [S, V].\n"
    "--margin: [S], the smallest gap of any top-k at each position.\n"
    "--hidden: PREFIX{layer}.npy, [S, n, H].\n";

std::vector<std::int64_t> parseIds(const std::string &text) {
  if (text.starts_with('@'))
    return readIds(text.substr(1));
  std::vector<std::int64_t> ids;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');)
    ids.push_back(std::stoll(item));
  return ids;
}

void run(const std::string &directory,
         const std::map<std::string, std::string> &options) {
  const Config config = readConfig(directory + "/config.json");
  const Weights weights = loadWeights(config, Checkpoint(directory));
  const auto ids = parseIds(options.at("--input-ids"));
  const std::int64_t rows = std::int64_t(ids.size());
  Sequence sequence(config, weights);
  const Evaluation result = sequence.append(ids);
  if (auto path = options.find("--logits"); path != options.end())
    writeNpy(path->second, result.logits, {rows, config.vocabulary});
  if (auto path = options.find("--margin"); path != options.end())
    writeNpy(path->second, result.margin, {rows});
  if (auto prefix = options.find("--hidden"); prefix != options.end())
    for (std::size_t i = 0; i < result.hidden.size(); ++i)
      writeNpy(prefix->second + std::to_string(i) + ".npy", result.hidden[i],
               {rows, config.streams, config.hidden});
}

} // namespace

int evaluateMain(int argc, char **argv) {
  std::map<std::string, std::string> options;
  for (int i = 2; i + 1 < argc; i += 2)
    options[argv[i]] = argv[i + 1];
  if (argc < 2 || argc % 2 != 0 || !options.contains("--input-ids")) {
    std::fputs(usage, stderr);
    return 2;
  }
  try {
    run(argv[1], options);
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "sluice-reference: %s\n", error.what());
    return 1;
  }
}

} // namespace sluice::reference
