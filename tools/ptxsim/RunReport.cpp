#include "tools/ptxsim/RunReport.h"

#include "runtime/text/Utf8.h"
#include "tools/driver/JsonWriter.h"

#include <algorithm>
#include <fmt/format.h>

namespace sluice::ptxsim {
namespace {

constexpr size_t kMostInText = 100; // findings

/// `text` with U+FFFD for what is no UTF-8, which only a file's name or a
/// comment can bring.
std::string wellFormed(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    Utf8Step step = nextUtf8(text);
    if (step.kind == Utf8Step::WellFormed)
      out += text.substr(0, step.length);
    else
      out += replacementCharacter;
    text.remove_prefix(step.length);
  }
  return out;
}

bool isLimit(const sim::Finding &finding) {
  return finding.kind == sim::FindingKind::Timeout ||
         finding.kind == sim::FindingKind::InstructionLimit;
}

std::string counted(uint64_t count, const char *what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void addExtent(JsonWriter &json, const char *key, const uint32_t (&extent)[3]) {
  json.key(key).beginList();
  for (uint32_t n : extent)
    json.value(n);
  json.endList();
}

void addArrays(JsonWriter &json, std::span<const DeviceArray> arrays) {
  json.key("outputs").beginList();
  for (const DeviceArray &array : arrays) {
    if (array.to.empty())
      continue;
    json.beginObject()
        .field("parameter", array.parameter)
        .field("file", array.to)
        .field("dtype", array.descr)
        .key("shape")
        .beginList();
    for (uint64_t extent : array.shape)
      json.value(extent);
    json.endList()
        .field("unwritten_bytes", array.unwritten)
        .field("saved", array.saved)
        .endObject();
  }
  json.endList();
}

} // namespace

std::string findingsText(const RunOutcome &outcome) {
  const std::vector<sim::Finding> &findings = outcome.report.findings;
  std::string text;
  for (size_t i = 0; i < std::min(findings.size(), kMostInText); ++i)
    text += textOf(findings[i]);
  if (findings.size() > kMostInText)
    text += fmt::format("and {} more, which --json has\n",
                        findings.size() - kMostInText);
  return text;
}

std::string summaryText(const RunOutcome &outcome) {
  uint64_t blocks = 1, threads = 1;
  for (int i = 0; i < 3; ++i) {
    blocks *= outcome.grid.blocks[i];
    threads *= outcome.grid.threads[i];
  }
  size_t findings = outcome.report.findings.size();
  std::string text =
      fmt::format("{}: {} of {}, {} in {:.3f} s, {}\n", outcome.kernel,
                  counted(blocks, "block"), counted(threads, "thread"),
                  counted(outcome.report.warpInstructions, "warp instruction"),
                  outcome.seconds,
                  findings == 0 ? "no findings" : counted(findings, "finding"));
  for (const DeviceArray &array : outcome.arrays)
    if (array.unwritten != 0)
      text += fmt::format("note: nobody wrote {} of the {} bytes of {}\n",
                          array.unwritten, array.bytes, array.to);
  return text;
}

std::string jsonOf(const RunOutcome &outcome) {
  JsonWriter json;
  json.beginObject()
      .field("file", outcome.file)
      .field("kernel", outcome.kernel);
  addExtent(json, "grid", outcome.grid.blocks);
  addExtent(json, "block", outcome.grid.threads);
  json.field("smem", outcome.grid.dynamicShared)
      .field("check", outcome.flags.checks)
      .field("async", outcome.flags.async)
      .field("schedule", outcome.flags.schedule)
      .field("matrix", outcome.flags.matrix)
      .field("approx", outcome.flags.approximate)
      .field("warp_instructions", outcome.report.warpInstructions)
      .field("seconds", outcome.seconds)
      .key("notes")
      .beginList();
  for (const std::string &note : outcome.notes)
    json.value(note);
  json.endList()
      .field("printed", wellFormed(outcome.report.printed))
      .field("printed_is_cut", outcome.report.printedIsCut)
      .key("findings")
      .beginList();
  for (const sim::Finding &finding : outcome.report.findings)
    json.raw(wellFormed(jsonOf(finding)));
  json.endList();
  addArrays(json, outcome.arrays);
  json.key("counters").raw(wellFormed(jsonOf(outcome.report.counters)));
  json.endObject();
  return json.text() + "\n";
}

Status statusOf(const RunOutcome &outcome, bool lost) {
  const std::vector<sim::Finding> &findings = outcome.report.findings;
  if (findings.empty())
    return {};
  bool limits = std::all_of(findings.begin(), findings.end(), isLimit);
  return {limits ? StatusCode::Timeout : StatusCode::Failed,
          fmt::format("{}{}", counted(findings.size(), "finding"),
                      lost ? ", so that no output is written (--save-anyway "
                             "writes them)"
                           : "")};
}

} // namespace sluice::ptxsim
