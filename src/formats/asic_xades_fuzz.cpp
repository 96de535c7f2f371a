#include <cstdint>
#include <cstdlib>
#include <string>

#include "formats/asic.hpp"
#include "formats/xml_canonical.hpp"
#include "formats/zip_writer.hpp"

namespace {

using namespace kanal;

void verify(ByteView zip) {
  MemorySource source(zip);
  formats::ZipLimits limits;
  limits.max_total_size = 1 << 22;
  limits.max_entries = 100;
  // Nobody has signed anything here but what the corpus may hold.
  static_cast<void>(formats::verify_xades_asic(source, limits));
}

/// The bytes as the signature file of a container with one document: mutations inside a zip would hardly reach it.
void verify_signatures(ByteView xml) {
  MemorySink sink(std::uint64_t{1} << 24);
  formats::ZipWriter zip(sink);
  if (!zip.add("mimetype", bytes_of(formats::asic_mimetype)) || !zip.add("Test.txt", bytes_of("test")) ||
      !zip.add("META-INF/signatures.xml", xml) || !zip.finish()) {
    std::abort();
  }
  verify(sink.bytes());
}

/// A canonical form is XML, and its own canonical form.
void canonicalise(ByteView xml) {
  using formats::Canonicalisation;
  const auto document = formats::XmlDocument::parse(xml);
  if (!document) return;
  for (const auto form : {Canonicalisation::inclusive, Canonicalisation::inclusive_11, Canonicalisation::exclusive}) {
    const auto once = formats::canonical(*document, document->root(), form);
    if (!once) continue;
    const auto again = formats::XmlDocument::parse(bytes_of(*once));
    if (!again) continue;  // escaping has made it too large
    const auto twice = formats::canonical(*again, again->root(), form);
    if (!twice || *twice != *once) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  verify(bytes);
  verify_signatures(bytes);
  canonicalise(bytes);
  return 0;
}
