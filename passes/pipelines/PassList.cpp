#include "passes/pipelines/PassList.h"

#include "passes/pipelines/Pipelines.h"

using namespace mlir;
using namespace mlir::sluice;

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
// What tablegen makes of the descriptions.
static constexpr char documents[] = {
#embed "passes/quantize/numerics/Passes.md"
    , '\n',
#embed "passes/schedule/Passes.md"
    , '\n',
#embed "passes/fuse/Passes.md"
    , '\n',
#embed "passes/lower/Passes.md"
};
#pragma clang diagnostic pop

/// The page's lines between the heading of pass `name` and the next heading.
static StringRef sectionOf(StringRef name) {
  StringRef all(documents, sizeof documents);
  auto [before, rest] = all.split(("### `-" + name + "`\n").str());
  return rest.take_front(rest.find("\n### ")).trim();
}

std::string mlir::sluice::listPasses() {
  PipelineOptions options;
  options.fusions = allFusions().vec();
  OpPassManager manager;
  buildPipeline(manager, options);
  std::string text;
  llvm::raw_string_ostream out(text);
  for (Pass &pass : manager) {
    StringRef name = pass.getArgument();
    out << name << '\n';
    SmallVector<StringRef> lines;
    sectionOf(name).split(lines, '\n');
    bool wasEmpty = true;
    for (StringRef line : lines) {
      // Options are a heading of their own; sluice-opt --help has them.
      if (line.starts_with("####"))
        break;
      if (line.starts_with("<!--")) // tablegen's, of the next page
        continue;
      line = line.trim("_"); // the summary is set in italics
      bool isEmpty = line.trim().empty();
      if (!isEmpty || !wasEmpty)
        out << (isEmpty ? "" : "  ") << line.rtrim() << '\n';
      wasEmpty = isEmpty;
    }
    if (!wasEmpty)
      out << '\n';
  }
  text.pop_back(); // the last empty line
  return text;
}
