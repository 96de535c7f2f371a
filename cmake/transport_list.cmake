# kanal_transport_list(NAME folder...): library kanal_NAME that defines transports::all_factories() for these folders, each a
# message service with a register.cpp. Executables link exactly one such list.
function(kanal_transport_list name)
  set(declarations "")
  set(calls "")
  set(libraries "")
  foreach(folder ${ARGN})
    get_filename_component(service "${folder}" NAME)
    string(APPEND declarations "namespace ${service} {\nFactory factory();\n}\n")
    string(APPEND calls "${service}::factory(), ")
    list(APPEND libraries kanal_${service})
  endforeach()
  file(CONFIGURE OUTPUT "${name}.cpp" CONTENT "// Generated from the folders of message services.
#include \"transports/transport_factory.hpp\"
namespace kanal::transports {
@declarations@std::vector<Factory> all_factories() { return {@calls@}; }
}  // namespace kanal::transports
" @ONLY)
  add_library(kanal_${name} STATIC "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  target_link_libraries(kanal_${name} PUBLIC ${libraries})
endfunction()
