#pragma once

#include "runtime/base/Quote.h"
#include "runtime/plan/PlanView.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <type_traits>

namespace sluice {

/// Turns a verified flatbuffer into a PlanView, checking every field on the
/// way. One function a table, in the order in which they may refer to each
/// other. Used by readPlan only.
class PlanBuilder {
public:
  PlanBuilder(const fb::Plan &plan, PlanView &view, uint64_t planBytes)
      : plan(plan), view(view), budget(planBytes / 4) {}

  Status build();

private:
  Status readModel();
  Status readSymbols();
  Status readExprs();
  Status readStacks();
  Status readStates();
  Status readInputs();
  Status readTargets();
  Status readCode();
  Status readKernels();
  Status readBuffers();
  Status readLaunches();
  Status readOutputs();

  Status readStack(const fb::Stack &in, PlanView::Stack &out);
  Status readState(const fb::State &in, PlanView::State &out);
  Status readVariant(const fb::Variant &in, PlanView::Variant &out);
  Status readStage(const fb::Stage &in, uint32_t target, PlanView::Stage &out);
  Status readLaunch(const fb::Launch &in, std::span<const fb::Arg> &rest,
                    PlanView::Launch &out);
  Status checkArg(const fb::Arg &arg, uint32_t launch);

  /// A text of 1 to 512 bytes.
  Status text(const flatbuffers::String *in, std::string_view what,
              std::string_view &out) const;
  /// The template of a name: "{}" stands in it as often as `layers` asks for.
  Status nameTemplate(std::string_view name,
                      std::span<const uint32_t> layers) const;
  /// Whether `index` is below `size`; the sentence speaks of `what`.
  Status index(std::string_view what, uint64_t index, uint64_t size) const;
  Status expr(std::string_view what, uint32_t i) const {
    return index(what, i, view.exprs.size());
  }

  /// Counts the elements of a vector: at most one for 4 bytes of the plan, and
  /// at most `most`. Keeps tables that share parts from costing more than they
  /// take. Checks what the flatbuffer verifier leaves out, that they are
  /// aligned.
  template <typename T>
  Status count(std::string_view what, const flatbuffers::Vector<T> *vector,
               uint64_t least, uint64_t most) {
    uint64_t size = vector ? vector->size() : 0;
    if (size < least || size > most)
      return badInput(fmt::format("expected {} to {} {}, found {}", least, most,
                                  what, size));
    if (size > budget)
      return badInput(fmt::format("{} {} are more than the plan has bytes for",
                                  size, what));
    budget -= size;
    // A vector of structs has their pointers as its elements' type.
    constexpr size_t alignment = alignof(std::remove_pointer_t<T>);
    if (size > 0 && reinterpret_cast<uintptr_t>(vector->Data()) % alignment)
      return badInput(
          fmt::format("{} must be aligned to {} bytes", what, alignment));
    return {};
  }

  const fb::Plan &plan;
  PlanView &view;
  uint64_t budget;
  std::vector<Symbol> symbols;
};

/// A view of a vector of scalars or structs, empty when the field is absent.
template <typename T>
std::span<const T> spanOf(const flatbuffers::Vector<T> *vector) {
  return vector ? std::span<const T>(vector->data(), vector->size())
                : std::span<const T>();
}
template <typename T>
std::span<const T> spanOf(const flatbuffers::Vector<const T *> *vector) {
  return vector
             ? std::span<const T>(reinterpret_cast<const T *>(vector->Data()),
                                  vector->size())
             : std::span<const T>();
}

/// `kind` `i` (`name`), for messages.
inline std::string nth(std::string_view kind, size_t i, std::string_view name) {
  return name.empty() ? fmt::format("{} {}", kind, i)
                      : fmt::format("{} {} ({})", kind, i, inQuotes(name));
}

} // namespace sluice
