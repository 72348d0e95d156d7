# The functions that a CMakeLists.txt of ours calls. A folder lists its sources
# and needs, nothing else.

# sluice_add_subdirectories(a b ..): those that exist, in this order.
function(sluice_add_subdirectories)
  foreach(folder ${ARGN})
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()

# sluice_add_library(NAME SRCS a.cpp DEPS x y): plain C++, no MLIR.
function(sluice_add_library name)
  cmake_parse_arguments(A "" "" "SRCS;DEPS" ${ARGN})
  add_library(${name} STATIC ${A_SRCS})
  target_link_libraries(${name} PUBLIC ${A_DEPS})
endfunction()

# sluice_precompile(NAME HEADERS <header> .. DEPS ..): a precompiled header that plain C++ shares
# by sluice_share(TARGET NAME): once, against seconds for each file.
function(sluice_precompile name)
  cmake_parse_arguments(A "" "" "HEADERS;DEPS" ${ARGN})
  file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp" "")
  add_library(${name} STATIC "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  target_link_libraries(${name} PRIVATE ${A_DEPS})
  target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  target_precompile_headers(${name} PRIVATE ${A_HEADERS})
endfunction()
function(sluice_share name precompiled)
  target_compile_options(${name} PRIVATE -fPIC # as the library that it is compiled for
    "SHELL:-Xclang -fno-pch-timestamp") # so that ccache may keep it
  target_precompile_headers(${name} REUSE_FROM ${precompiled})
  get_target_property(sources ${name} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.c$")
  set_source_files_properties(${sources} PROPERTIES
    SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# The presets compile sources of a target together, eight at a time, in 40 % of
# the time. Not so: what uses MLIR; sluice_apart(TARGET ..), whose sources have the
# same names in anonymous namespaces; sluice_apart_sources(a.cpp ..), only those.
function(sluice_apart)
  set_target_properties(${ARGN} PROPERTIES UNITY_BUILD OFF)
endfunction()
function(sluice_apart_sources)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# sluice_add_flatbuffer(NAME schema.fbs): NAME_generated.h beside the schema's
# path in the build tree; link NAME to use it.
function(sluice_add_flatbuffer name schema)
  get_filename_component(stem ${schema} NAME_WE)
  set(header "${CMAKE_CURRENT_BINARY_DIR}/${stem}_generated.h")
  add_custom_command(OUTPUT ${header}
    COMMAND flatc --cpp --scoped-enums --cpp-std c++17
            -o ${CMAKE_CURRENT_BINARY_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${schema}
    DEPENDS ${schema} COMMENT "flatc ${schema}")
  add_custom_target(${name}Gen DEPENDS ${header})
  add_library(${name} INTERFACE)
  add_dependencies(${name} ${name}Gen)
endfunction()

# sluice_mlir(TARGET): link the shared MLIR and LLVM, share one precompiled
# header (16 s once, against 5 to 15 s for each file).
function(sluice_mlir name)
  target_include_directories(${name} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_compile_options(${name} PRIVATE -fno-exceptions -fPIC
    "SHELL:-Xclang -fno-pch-timestamp") # so that ccache may keep the precompiled header
  target_link_libraries(${name} PUBLIC MLIR LLVM)
  sluice_apart(${name})
  if(TARGET SluicePch AND NOT name STREQUAL SluicePch)
    target_precompile_headers(${name} REUSE_FROM SluicePch)
  endif()
endfunction()

# sluice_add_mlir_library(NAME SRCS .. DEPS ..): C++ that uses MLIR.
function(sluice_add_mlir_library name)
  cmake_parse_arguments(A "" "" "SRCS;DEPS" ${ARGN})
  add_library(${name} STATIC ${A_SRCS})
  sluice_mlir(${name})
  target_link_libraries(${name} PUBLIC ${A_DEPS})
  add_dependencies(${name} SluiceTablegen)
endfunction()

# sluice_add_dialect(Moe SRCS .. DEPS ..): target SluiceMoeDialect from MoeOps.td (with
# its types, attributes, enums and interfaces) in dialects/moe.
function(sluice_add_dialect name)
  cmake_parse_arguments(A "TYPES;ATTRS;ENUMS;INTERFACES" "" "SRCS;DEPS" ${ARGN})
  string(TOLOWER ${name} lower)
  set(LLVM_TARGET_DEFINITIONS ${name}Ops.td)
  mlir_tablegen(${name}Ops.h.inc -gen-op-decls -dialect=${lower})
  mlir_tablegen(${name}Ops.cpp.inc -gen-op-defs -dialect=${lower})
  mlir_tablegen(${name}Dialect.h.inc -gen-dialect-decls -dialect=${lower})
  mlir_tablegen(${name}Dialect.cpp.inc -gen-dialect-defs -dialect=${lower})
  if(A_TYPES)
    mlir_tablegen(${name}Types.h.inc -gen-typedef-decls -typedefs-dialect=${lower})
    mlir_tablegen(${name}Types.cpp.inc -gen-typedef-defs -typedefs-dialect=${lower})
  endif()
  if(A_ATTRS)
    mlir_tablegen(${name}Attrs.h.inc -gen-attrdef-decls -attrdefs-dialect=${lower})
    mlir_tablegen(${name}Attrs.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${lower})
  endif()
  if(A_ENUMS)
    set(LLVM_TARGET_DEFINITIONS ${name}Enums.td)
    mlir_tablegen(${name}Enums.h.inc -gen-enum-decls)
    mlir_tablegen(${name}Enums.cpp.inc -gen-enum-defs)
  endif()
  if(A_INTERFACES)
    set(LLVM_TARGET_DEFINITIONS ${name}Interfaces.td)
    mlir_tablegen(${name}Interfaces.h.inc -gen-op-interface-decls)
    mlir_tablegen(${name}Interfaces.cpp.inc -gen-op-interface-defs)
  endif()
  add_public_tablegen_target(Sluice${name}IncGen)
  add_dependencies(SluiceTablegen Sluice${name}IncGen)
  sluice_add_mlir_library(Sluice${name}Dialect SRCS ${A_SRCS} DEPS ${A_DEPS})
endfunction()

# sluice_add_pass_library(NAME PREFIX Fuse SRCS .. DEPS ..): a folder of passes with
# its Passes.td; PREFIX names the generated registration function.
function(sluice_add_pass_library name)
  cmake_parse_arguments(A "" "PREFIX" "SRCS;DEPS" ${ARGN})
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name=${A_PREFIX})
  mlir_tablegen(Passes.md -gen-pass-doc)
  add_public_tablegen_target(${name}IncGen)
  add_dependencies(SluiceTablegen ${name}IncGen)
  sluice_add_mlir_library(${name} SRCS ${A_SRCS} DEPS ${A_DEPS})
endfunction()

# sluice_add_tool(NAME SRCS .. DEPS .. [MLIR]): a program in build/bin.
function(sluice_add_tool name)
  cmake_parse_arguments(A "MLIR" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${A_SRCS})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
  if(A_MLIR)
    sluice_mlir(${name})
    add_dependencies(${name} SluiceTablegen)
  endif()
  target_link_libraries(${name} PRIVATE ${A_DEPS})
endfunction()

# sluice_add_unit_test(NAME SRCS .. DEPS .. [MLIR]): a GoogleTest program, run by
# ctest; tests find their data through the SLUICE_TEST_DATA macro (test/).
find_package(GTest REQUIRED)
function(sluice_add_unit_test name)
  cmake_parse_arguments(A "MLIR" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${A_SRCS})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/test/bin")
  target_compile_definitions(${name} PRIVATE
    SLUICE_TEST_DATA="${CMAKE_SOURCE_DIR}/test" SLUICE_BIN="${CMAKE_BINARY_DIR}/bin")
  if(A_MLIR)
    sluice_mlir(${name})
    add_dependencies(${name} SluiceTablegen)
  else()
    sluice_share(${name} SluiceTestPch)
  endif()
  target_link_libraries(${name} PRIVATE ${A_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 900)
endfunction()

# sluice_add_lit_tests(NAME): the .mlir files of this folder and below, run by
# ctest with the tools of this build (test/lit.cfg.py).
function(sluice_add_lit_tests name)
  find_program(SLUICE_LIT NAMES lit-22 lit llvm-lit HINTS ${LLVM_TOOLS_BINARY_DIR} REQUIRED)
  add_test(NAME ${name} COMMAND ${SLUICE_LIT} -sv --param bin=${CMAKE_BINARY_DIR}/bin
           --param llvm=${LLVM_TOOLS_BINARY_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()
