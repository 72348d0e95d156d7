#include "codegen/cpu/CpuImage.h"

#include "codegen/cpu/CompileObject.h"
#include "codegen/cpu/LinkImage.h"
#include "codegen/llvm/StageFunctions.h"

using namespace mlir;
using namespace mlir::sluice;

FailureOr<CpuImage> mlir::sluice::emitCpuImage(ModuleOp module,
                                               StringRef target) {
  OwningOpRef<ModuleOp> kernels = selectStages(module, target);
  if (failed(lowerStages(*kernels)))
    return failure();
  FailureOr<llvm::SmallVector<char, 0>> object =
      compileObject(*kernels, target);
  if (failed(object))
    return failure();
  llvm::Expected<CpuImage> image =
      linkImage(StringRef(object->data(), object->size()));
  if (!image)
    return module.emitError()
           << target << ": " << llvm::toString(image.takeError());
  return std::move(*image);
}
