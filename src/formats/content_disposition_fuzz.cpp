#include <cstdint>
#include <cstdlib>

#include "formats/content_disposition.hpp"
#include "formats/multipart.hpp"
#include "formats/utf8.hpp"

// What comes out is UTF-8 without control characters, whatever went in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto parsed = formats::parse_content_disposition(text)) {
    for (const auto& value : {parsed->name, parsed->filename}) {
      if (value && (!formats::is_utf8(*value) || value->find_first_of("\r\n") != std::string::npos)) std::abort();
    }
  }
  if (const auto boundary = formats::multipart_boundary(text); boundary && (boundary->empty() || boundary->size() > 70))
    std::abort();
  return 0;
}
