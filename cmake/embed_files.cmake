# cmake "-DSOURCES=<file>|<file>..." -DTARGET=<.cpp> -DHEADER=<header> -DNAMESPACE=<namespace> -DNAME=<function>
#       -P embed_files.cmake
# Text files as a C++ function that gives a span of HEADER's EmbeddedFile{name, content, digest}; the digest is the
# beginning of the SHA-256 of the content, for ETags.
string(REPLACE "|" ";" sources "${SOURCES}")
set(entries "")
set(count 0)
foreach(source IN LISTS sources)
  file(READ "${source}" content)
  if(content MATCHES "\\)embedded\"")
    message(FATAL_ERROR "${source} contains the delimiter of its literal")
  endif()
  file(SHA256 "${source}" digest)
  string(SUBSTRING "${digest}" 0 32 digest)
  get_filename_component(name "${source}" NAME)
  string(APPEND entries "    {\"${name}\", R\"embedded(${content})embedded\", \"${digest}\"},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${TARGET}" "#include <array>

#include \"${HEADER}\"

namespace ${NAMESPACE} {
std::span<const EmbeddedFile> ${NAME}() {
  static constexpr std::array<EmbeddedFile, ${count}> files{{
${entries}  }};
  return files;
}
}  // namespace ${NAMESPACE}
")
