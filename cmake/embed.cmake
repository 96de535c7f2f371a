# cmake -DSOURCE=<text file> -DTARGET=<.cpp> -DNAMESPACE=<namespace> -DNAME=<function> -P embed.cmake
# A text file as a C++ function that gives its content. The delimiter of the literal must not occur in the file.
file(READ "${SOURCE}" content)
if(content MATCHES "\\)embedded\"")
  message(FATAL_ERROR "${SOURCE} contains the delimiter of its literal")
endif()
file(WRITE "${TARGET}" "#include <string_view>
namespace ${NAMESPACE} {
std::string_view ${NAME}() { return R\"embedded(${content})embedded\"; }
}  // namespace ${NAMESPACE}
")
