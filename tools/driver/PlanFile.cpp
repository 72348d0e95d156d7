#include "tools/driver/PlanFile.h"

#include "runtime/plan/PlanReader.h"

#include <fmt/format.h>

namespace sluice {

Result<PlanFile> PlanFile::open(const std::string &path) {
  SLUICE_ASSIGN(MappedFile file, MappedFile::open(path));
  auto read = [&]() -> Result<PlanView> {
    std::span<const std::byte> bytes = file.bytes();
    SLUICE_ASSIGN(
        Container container,
        Container::read(
            {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}));
    return readPlan(container);
  };
  Result<PlanView> view = read();
  if (!view.ok())
    return view.status().in(path);
  return PlanFile{path, std::move(file), *std::move(view)};
}

const Section *PlanFile::section(SectionKind kind) const {
  for (const Section &section : view.sections)
    if (section.kind == kind)
      return &section;
  return nullptr;
}

Result<Tokenizer> PlanFile::tokenizer() const {
  const Section *tables = section(SectionKind::Tokenizer);
  if (!tables)
    return incompatible(fmt::format(
        "{}: the plan has no tokenizer, as the model had no tokenizer.json; "
        "work with token ids (--input-ids, --output-ids)",
        path));
  Result<Tokenizer> tokenizer = Tokenizer::open(std::as_bytes(tables->bytes));
  if (!tokenizer.ok())
    return tokenizer.status().in(path + ": the Tokenizer section");
  return tokenizer;
}

bool looksLikePlan(const std::string &path) {
  Result<MappedFile> file = MappedFile::open(path);
  return file.ok() && file->text().starts_with(container::magic);
}

} // namespace sluice
