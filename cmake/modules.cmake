# How a module says what it is made of: sources in order, what it may use, its unit tests and fuzzers.
#
#   yodel_module(stun SOURCES msg.c auth.c TESTS msg_test.c FUZZERS msg_fuzz.c LIBRARIES OpenSSL::Crypto)
#
# A module is an object library `yodel_<name>`; tools/tidy holds its includes against the table of layers.

set(YODEL_MODULES "" CACHE INTERNAL "")

# A library that pkg-config knows, or a line that says which Debian package brings it, and what for.
function(yodel_require name module package purpose)
  pkg_check_modules(${name} QUIET IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "yodel: ${module} is missing (Debian: ${package}), for ${purpose}")
  endif()
endfunction()

function(yodel_module name)
  cmake_parse_arguments(M "" "" "SOURCES;TESTS;FUZZERS;LIBRARIES" ${ARGN})
  add_library(yodel_${name} OBJECT ${M_SOURCES})
  target_include_directories(yodel_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(yodel_${name} PUBLIC yodel_options ${M_LIBRARIES})
  set(YODEL_MODULES ${YODEL_MODULES} ${name} CACHE INTERNAL "")
  set(YODEL_LIBRARIES_${name} ${M_LIBRARIES} CACHE INTERNAL "")
  foreach(file ${M_TESTS})
    yodel_test(${name} ${file})
  endforeach()
  foreach(file ${M_FUZZERS})
    yodel_fuzzer(${name} ${file})
  endforeach()
endfunction()

# A unit test is one executable, linked with everything below the public API and with cmocka.
function(yodel_test module file)
  if(NOT YODEL_TESTS)
    return()
  endif()
  get_filename_component(stem ${file} NAME_WE)
  set(target test_${module}_${stem})
  add_executable(${target} ${file})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE yodel_all PkgConfig::CMOCKA)
  add_test(NAME ${module}/${stem} COMMAND ${target})
  set_tests_properties(${module}/${stem} PROPERTIES TIMEOUT 120 LABELS unit
    ENVIRONMENT "YODEL_VECTORS=${PROJECT_SOURCE_DIR}/tests/vectors")
endfunction()

add_custom_target(fuzzers)

# A fuzzer is libFuzzer's where the compiler has it (YODEL_FUZZ), run by tools/fuzz for some seconds each.
function(yodel_fuzzer module file)
  if(NOT YODEL_FUZZ)
    return()
  endif()
  get_filename_component(stem ${file} NAME_WE)
  set(target fuzz_${module}_${stem})
  add_executable(${target} ${file})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE yodel_all)
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers ${target})
endfunction()
