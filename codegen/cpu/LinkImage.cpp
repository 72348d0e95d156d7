#include "codegen/cpu/LinkImage.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::sluice;
using llvm::object::ELF64LE;
using llvm::object::ELF64LEFile;
namespace elf = llvm::ELF;

template <typename... Args>
static llvm::Error fail(const char *format, Args... args) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), format,
                                 args...);
}

namespace {
class Linker {
public:
  explicit Linker(const ELF64LEFile &file) : file(file) {}

  llvm::Error run() {
    auto sections = file.sections();
    if (!sections)
      return sections.takeError();
    for (bool code : {true, false}) { // code first, then data
      for (const ELF64LE::Shdr &section : *sections)
        if (llvm::Error error = place(section, code))
          return error;
      if (code)
        image.codeBytes = image.bytes.size();
    }
    for (const ELF64LE::Shdr &section : *sections)
      if (llvm::Error error = relocate(section))
        return error;
    return findEntries(*sections);
  }

  CpuImage image;

private:
  /// Copies a section that stays, aligned, and remembers where it went.
  llvm::Error place(const ELF64LE::Shdr &section, bool code) {
    if (!(section.sh_flags & elf::SHF_ALLOC) ||
        bool(section.sh_flags & elf::SHF_EXECINSTR) != code)
      return llvm::Error::success();
    llvm::StringRef name = cantFail(file.getSectionName(section));
    // Nobody unwinds through a kernel.
    if (name.starts_with(".eh_frame") || name.starts_with(".note"))
      return llvm::Error::success();
    if (section.sh_flags & elf::SHF_WRITE)
      return fail("kernels need writable data in section %s",
                  name.str().c_str());
    auto bytes = file.getSectionContents(section);
    if (!bytes)
      return bytes.takeError();
    uint64_t alignment = std::max<uint64_t>(16, section.sh_addralign);
    image.bytes.resize(llvm::alignTo(image.bytes.size(), alignment));
    offsets[&section] = image.bytes.size();
    image.bytes.append(bytes->begin(), bytes->end());
    return llvm::Error::success();
  }

  /// Where a symbol lies in the image.
  llvm::Expected<uint64_t> addressOf(const ELF64LE::Sym &symbol,
                                     const ELF64LE::Shdr &table) {
    auto name = file.getStringTableForSymtab(table);
    if (!name)
      return name.takeError();
    std::string text = cantFail(symbol.getName(*name)).str();
    if (symbol.st_shndx == elf::SHN_UNDEF ||
        symbol.st_shndx >= elf::SHN_LORESERVE)
      return fail("kernels need the outside symbol \"%s\"", text.c_str());
    auto section = file.getSection(symbol.st_shndx);
    if (!section)
      return section.takeError();
    auto placed = offsets.find(*section);
    if (placed == offsets.end())
      return fail("kernels refer to section %u, which an image leaves out",
                  unsigned(symbol.st_shndx));
    return placed->second + symbol.st_value;
  }

  llvm::Error relocate(const ELF64LE::Shdr &relocations) {
    if (relocations.sh_type != elf::SHT_RELA)
      return llvm::Error::success();
    auto target = file.getSection(relocations.sh_info);
    auto table = file.getSection(relocations.sh_link);
    auto entries = file.relas(relocations);
    if (!target || !table || !entries)
      return fail("the object's relocations are damaged");
    auto placed = offsets.find(*target);
    if (placed == offsets.end())
      return llvm::Error::success();
    for (const ELF64LE::Rela &entry : *entries) {
      uint32_t type = entry.getType(/*isMips64EL=*/false);
      if (type != elf::R_X86_64_PC32 && type != elf::R_X86_64_PLT32)
        return fail("kernels have a relocation of type %u that an image "
                    "cannot hold",
                    type);
      auto symbol = file.getRelocationSymbol(entry, *table);
      if (!symbol || !*symbol)
        return fail("the object's relocations are damaged");
      auto to = addressOf(**symbol, **table);
      if (!to)
        return to.takeError();
      uint64_t from = placed->second + entry.r_offset;
      int64_t value = static_cast<int64_t>(*to) + entry.r_addend -
                      static_cast<int64_t>(from);
      if (!llvm::isInt<32>(value))
        return fail("the kernels' image is larger than 2 GiB");
      llvm::support::endian::write32le(image.bytes.data() + from,
                                       static_cast<uint32_t>(value));
    }
    return llvm::Error::success();
  }

  llvm::Error findEntries(ELF64LEFile::Elf_Shdr_Range sections) {
    for (const ELF64LE::Shdr &section : sections) {
      if (section.sh_type != elf::SHT_SYMTAB)
        continue;
      auto symbols = file.symbols(&section);
      auto names = file.getStringTableForSymtab(section);
      if (!symbols || !names)
        return fail("the object's symbols are damaged");
      for (const ELF64LE::Sym &symbol : *symbols) {
        if (symbol.getType() != elf::STT_FUNC)
          continue;
        auto address = addressOf(symbol, section);
        if (!address)
          return address.takeError();
        image.entries[cantFail(symbol.getName(*names))] = *address;
      }
    }
    return llvm::Error::success();
  }

  const ELF64LEFile &file;
  llvm::DenseMap<const ELF64LE::Shdr *, uint64_t> offsets;
};
} // namespace

llvm::Expected<CpuImage> mlir::sluice::linkImage(StringRef object) {
  auto file = ELF64LEFile::create(object);
  if (!file)
    return file.takeError();
  Linker linker(*file);
  if (llvm::Error error = linker.run())
    return error;
  return std::move(linker.image);
}
