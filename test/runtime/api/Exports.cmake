# usage: cmake -D NM=.. -D LIBRARY=.. -D HEADER=.. -P Exports.cmake
#
# Fails unless the library exports exactly the functions of the header.
execute_process(COMMAND ${NM} -D --defined-only --format=just-symbols ${LIBRARY}
  OUTPUT_VARIABLE exported OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" exported "${exported}")
file(READ ${HEADER} header)
string(REGEX MATCHALL "SLUICE_API[^(;]*[ *](sluice_[a-z_]+)\\(" declarations "${header}")
set(declared)
foreach(declaration ${declarations})
  string(REGEX REPLACE ".*[ *](sluice_[a-z_]+)\\(" "\\1" name "${declaration}")
  list(APPEND declared ${name})
endforeach()
list(SORT exported)
list(SORT declared)
list(LENGTH declared count)
if(count LESS 10)
  message(FATAL_ERROR "found ${count} functions in ${HEADER}")
endif()
if(NOT "${exported}" STREQUAL "${declared}")
  message(FATAL_ERROR "exported: ${exported}\ndeclared: ${declared}")
endif()
