#include "tools/driver/Verbs.h"

#include "tools/driver/Numbers.h"
#include "tools/driver/PackFlags.h"
#include "tools/driver/StandardOutput.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace sluice {
namespace {

struct Options {
  PackFlags flags;
  bool tensors = false, json = false;
};

Status packVerb(const Options &options) {
  SLUICE_ASSIGN(PackSummary summary, pack(options.flags, "sluice pack"));
  Report report =
      packReport(options.flags, summary, options.tensors || options.json);
  return writeStandardOutput(options.json ? report.json() : report.text());
}

constexpr const char *notes =
    R"(RULES are CLASS=FORMAT and PATTERN=FORMAT with commas between them. Classes:
dense (projections that every token takes), experts (routed). Formats: fp8 (E4M3,
a scale for each 128x128 block), mxfp4 (experts only; a scale for each 32 numbers
of a row), none. A pattern is held against released names, such as
layers.0.attn.wq_a and layers.0.ffn.experts.0.w1, and wins over the class; "*" is
any run of characters, "[0-3]" a whole number. Two patterns must not match one
tensor. All experts of a layer must get one format. What no rule names stays as it
is.

The folder is a model only once it is whole. Interrupted or killed, the same
command goes on from the last file that was finished. All numbers of the source
must be finite. The report has, for each tensor, signal to quantization noise.

With --json one object is printed: "packed" (an object), "formats", "tensors" and
"worst" (lists of objects).

Examples:
  sluice pack V4-bf16 -o V4 --quantize=dense=fp8,experts=mxfp4
  sluice pack V4-bf16 -o V4-base --quantize=dense=fp8,experts=fp8
  sluice pack V4-bf16 -o V4 --quantize='dense=fp8,experts=mxfp4,layers.[0-2].*=none')";

} // namespace

void addPack(CLI::App &app, Action &action) {
  auto options = std::make_shared<Options>();
  CLI::App *verb = app.add_subcommand(
      "pack", "Quantize a model to FP8 and FP4, into a new model directory");
  verb->footer(notes);
  PackFlags &flags = options->flags;
  verb->add_option("MODEL_DIR", flags.model,
                   "a Hugging Face model in BF16 or F32")
      ->required()
      ->type_name("");
  verb->add_option("-o", flags.output, "the folder to make; new or empty")
      ->required()
      ->type_name("DIR");
  verb->add_option("--quantize", flags.rules,
                   "which weights get which format; see below")
      ->required()
      ->type_name("RULES");
  addPackFlags(*verb, flags);
  verb->add_option("--threads", flags.threads,
                   "threads to use (one for each processor unless given)")
      ->type_name("N")
      ->check(wholeNumber(1, 1024))
      ->envname("SLUICE_THREADS");
  verb->add_flag("--tensors", options->tensors, "report every tensor");
  verb->add_flag("--json", options->json, "print JSON, with every tensor");
  verb->callback([options, &action] {
    action = [options] { return packVerb(*options); };
  });
}

} // namespace sluice
