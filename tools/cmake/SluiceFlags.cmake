# Flags that hold for every file of ours. No -ffast-math, ever: bits are part of
# the interface (docs/architecture.md). Floating contraction is off because an
# fma that nobody wrote would differ between two call sites.
add_compile_options(-Wall -Wextra -Werror -Wno-unused-parameter
                    -ffp-contract=off -fno-math-errno)
if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
else()
  add_compile_options(-fstack-protector-strong)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include_directories("${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}")

if(SLUICE_MLIR)
  find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
  list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
  include(TableGen)
  include(AddLLVM)
  include(AddMLIR)
  include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS}) # tablegen reads these
endif()
