#include <cstdint>
#include <cstdlib>

#include "formats/arkivmelding.hpp"
#include "formats/xml.hpp"

namespace {

/// Walks the tree; its depth must be within the cap, and escaped text must come back.
void walk(const kanal::formats::XmlElement& element, int depth) {
  using namespace kanal::formats;
  if (depth > max_xml_depth) std::abort();
  static_cast<void>(element.namespace_uri());
  static_cast<void>(element.attribute("type"));
  const std::string text = element.text();
  if (depth == 1) {
    const auto again = XmlDocument::parse(kanal::bytes_of("<a>" + xml_escape(text) + "</a>"));
    if (!again && again.error().code != "xml.too_large") std::abort();
  }
  for (const auto& child : element.children()) walk(child, depth + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanal;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  if (const auto document = formats::XmlDocument::parse(bytes)) walk(document->root(), 1);
  static_cast<void>(formats::read_arkivmelding(bytes));
  return 0;
}
