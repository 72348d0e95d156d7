#include "passes/pipelines/Fusions.h"

#include "passes/fuse/Passes.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::sluice;

template <auto create> static std::unique_ptr<Pass> make() { return create(); }

ArrayRef<Fusion> mlir::sluice::allFusions() {
  static const Fusion fusions[] = {
      // Inside a sub-layer, each with the ops it names.
      {"gate", make<[] { return createFuseGatePass(); }>},
      {"experts", make<[] { return createFuseExpertsPass(); }>},
      {"indexer", make<[] { return createFuseIndexerPass(); }>},
      // Across sub-layers, before others take the norm.
      {"streams", make<[] { return createFuseStreamsPass(); }>},
      // Of what is left: products may be alone or first in one of those above.
      {"shared-input", make<[] { return createFuseSharedInputPass(); }>},
      // Last: what follows from products goes where those have gone.
      {"row-tails", make<[] { return createFuseRowTailsPass(); }>},
  };
  return fusions;
}

llvm::Expected<std::vector<Fusion>>
mlir::sluice::selectFusions(StringRef list) {
  std::vector<bool> isOn(allFusions().size());
  SmallVector<StringRef> words;
  list.split(words, ',', -1, /*KeepEmpty=*/false);
  for (StringRef word : words) {
    word = word.trim();
    if (word == "all" || word == "none") {
      isOn.assign(isOn.size(), word == "all");
      continue;
    }
    bool isWanted = !word.consume_front("-");
    const Fusion *found = llvm::find_if(
        allFusions(), [&](const Fusion &one) { return one.name == word; });
    if (found == allFusions().end()) {
      std::string message = "expected --fuse with all, none";
      llvm::raw_string_ostream out(message);
      for (const Fusion &one : allFusions())
        out << ", " << one.name;
      out << " or one of them after \"-\", found \"";
      out.write_escaped(word) << '"';
      return llvm::createStringError(message);
    }
    isOn[found - allFusions().begin()] = isWanted;
  }
  std::vector<Fusion> selected;
  for (auto [fusion, on] : llvm::zip_equal(allFusions(), isOn))
    if (on)
      selected.push_back(fusion);
  return selected;
}
