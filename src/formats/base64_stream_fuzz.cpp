// Any text, pushed in pieces of any size: whatever is accepted is what the whole text decodes to.
#include <cstdint>
#include <cstdlib>

#include "formats/base64_stream.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal;
  if (size < 1) return 0;
  const std::size_t piece = static_cast<std::size_t>(data[0]) + 1;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  MemorySink sink(std::uint64_t{1} << 24);
  formats::Base64Decoder decoder(sink);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (!decoder.write(bytes_of(std::string_view(text).substr(at, piece)))) return 0;
  }
  if (!decoder.finish()) return 0;
  const auto whole = from_base64(text);
  if (!whole || *whole != sink.bytes()) std::abort();
  return 0;
}
