# sluice_add_bare_image(STEM source.c): STEM.bin, the code of the source at
# offset 0, and STEM.names, its functions as llvm-nm prints them.
find_program(SLUICE_OBJCOPY NAMES llvm-objcopy-22 REQUIRED)
find_program(SLUICE_NM NAMES llvm-nm-22 REQUIRED)
function(sluice_add_bare_image stem source)
  set(path "${CMAKE_CURRENT_BINARY_DIR}/${stem}")
  add_custom_command(OUTPUT ${path}.bin ${path}.names
    COMMAND ${CMAKE_C_COMPILER} -O2 -ffreestanding -fno-builtin -fPIC -fvisibility=hidden
            -fno-stack-protector -fno-vectorize -fno-slp-vectorize -fno-jump-tables
            -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${path}.o
    COMMAND ${SLUICE_OBJCOPY} -O binary -j .text ${path}.o ${path}.bin
    COMMAND ${SLUICE_NM} --format=posix ${path}.o > ${path}.names
    DEPENDS ${source} VERBATIM)
  add_custom_target(${stem} DEPENDS ${path}.bin ${path}.names)
endfunction()
