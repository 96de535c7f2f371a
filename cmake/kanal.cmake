# How every folder under src/ is built: one library, its unit tests beside the code, its fuzz targets.
option(KANAL_TESTS "build the tests" ON)
option(KANAL_BENCH "build the benchmarks" ON)
option(KANAL_FUZZ "build the libFuzzer targets (needs clang)" OFF)
option(KANAL_SANITIZE "address and undefined behaviour sanitizers" OFF)
set(KANAL_SHARED "${CMAKE_SOURCE_DIR}/../shared" CACHE PATH "specifications and samples that tests read")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Werror -fstack-protector-strong)
# GCC 12 reports these falsely inside libstdc++ and Boost at -O2 (GCC bugs 105562, 107852, 105329, 106199).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds
                      -Wno-stringop-overread -Wno-dangling-pointer -Wno-free-nonheap-object)
endif()
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_USE_STD_STRING_VIEW)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
# Lines for the stacks of findings are enough: names of types and variables cost a tenth of the time.
if(KANAL_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG -g1)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(KANAL_FUZZ)
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1 -DNDEBUG")
  # Clang 14 cannot assemble the prologue of the `function` check in a coroutine.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
endif()

if(KANAL_FUZZ)
  add_custom_target(fuzzers)
endif()

# kanal_library(NAME DEPENDS lib... [LINKS external...] [TEST_DEPENDS lib...])
#   Library kanal_NAME from the folder's *.cpp. `x_test.cpp` files become the test program NAME_test (which also
#   links TEST_DEPENDS), each `x_fuzz.cpp` becomes the fuzz target fuzz_x.
function(kanal_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINKS;TEST_DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  file(GLOB tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp")
  file(GLOB fuzzers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_fuzz.cpp")
  list(REMOVE_ITEM sources ${tests} ${fuzzers} "")
  list(TRANSFORM arg_DEPENDS PREPEND kanal_)
  if(sources)
    add_library(kanal_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(kanal_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(kanal_${name} ${scope} "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}")
  target_link_libraries(kanal_${name} ${scope} ${arg_DEPENDS} ${arg_LINKS} Threads::Threads)
  if(KANAL_TESTS AND tests)
    kanal_test(${name}_test SOURCES ${tests} DEPENDS ${name} ${arg_TEST_DEPENDS})
  endif()
  if(KANAL_FUZZ)
    foreach(file ${fuzzers})
      get_filename_component(stem "${file}" NAME_WE)
      string(REGEX REPLACE "_fuzz$" "" stem "${stem}")
      add_executable(fuzz_${stem} "${file}")
      target_link_libraries(fuzz_${stem} PRIVATE kanal_${name})
      target_link_options(fuzz_${stem} PRIVATE -fsanitize=fuzzer)
      add_dependencies(fuzzers fuzz_${stem})
      set_target_properties(fuzz_${stem} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
    endforeach()
  endif()
endfunction()

if(KANAL_TESTS)
  configure_file("${CMAKE_SOURCE_DIR}/cmake/test_paths.cpp.in" "${CMAKE_BINARY_DIR}/test_paths.cpp" @ONLY)
  add_library(kanal_test_paths STATIC "${CMAKE_BINARY_DIR}/test_paths.cpp")
  target_include_directories(kanal_test_paths PRIVATE "${CMAKE_SOURCE_DIR}/src")
endif()

# kanal_test(NAME SOURCES file... DEPENDS lib...): a GoogleTest program, registered as one ctest entry.
function(kanal_test name)
  cmake_parse_arguments(arg "" "TIMEOUT;SHARDS" "SOURCES;DEPENDS" ${ARGN})
  list(TRANSFORM arg_DEPENDS PREPEND kanal_)
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} kanal_test_paths GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  # A quarter less to compile, half with sanitizers; what is tested is in the libraries, which are built as for users and
  # checked for all.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  if(KANAL_SANITIZE)
    target_compile_options(${name} PRIVATE -fno-sanitize=undefined)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900)  # machines with slow disks take ten times as long
  endif()
  if(NOT arg_SHARDS)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
    return()
  endif()
  math(EXPR last "${arg_SHARDS} - 1")
  foreach(shard RANGE ${last})
    add_test(NAME ${name}_${shard} COMMAND ${name})
    set_tests_properties(${name}_${shard} PROPERTIES TIMEOUT ${arg_TIMEOUT}
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${arg_SHARDS};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()

# kanal_embed(LIBRARY FILE NAMESPACE NAME): `std::string_view NAMESPACE::NAME()` gives the text of FILE, made anew when
# FILE changes.
function(kanal_embed library file namespace name)
  set(source "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  set(target "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  add_custom_command(
    OUTPUT "${target}"
    COMMAND "${CMAKE_COMMAND}" "-DSOURCE=${source}" "-DTARGET=${target}" "-DNAMESPACE=${namespace}" "-DNAME=${name}"
            -P "${CMAKE_SOURCE_DIR}/cmake/embed.cmake"
    DEPENDS "${source}" "${CMAKE_SOURCE_DIR}/cmake/embed.cmake")
  target_sources(kanal_${library} PRIVATE "${target}")
endfunction()

# kanal_embed_files(LIBRARY HEADER NAMESPACE NAME FILE...): `std::span<const EmbeddedFile> NAMESPACE::NAME()`, declared in
# HEADER, gives name, text and digest of each FILE, made anew when one changes.
function(kanal_embed_files library header namespace name)
  set(target "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  list(JOIN ARGN "|" sources)
  add_custom_command(
    OUTPUT "${target}"
    COMMAND "${CMAKE_COMMAND}" "-DSOURCES=${sources}" "-DTARGET=${target}" "-DHEADER=${header}"
            "-DNAMESPACE=${namespace}" "-DNAME=${name}" -P "${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake"
    DEPENDS ${ARGN} "${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake"
    VERBATIM)
  target_sources(kanal_${library} PRIVATE "${target}")
endfunction()
