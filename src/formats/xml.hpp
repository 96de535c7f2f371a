// The one door to libxml2 (stack.md, XML): no network, no entities, no DTD, any DOCTYPE refused, size and depth capped.
// Documents are used by one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

struct _xmlDoc;
struct _xmlNode;

namespace kanal::formats {

constexpr std::size_t max_xml_bytes = std::size_t{32} * 1024 * 1024;
constexpr int max_xml_depth = 64;

/// An element of a document that outlives it.
class XmlElement {
 public:
  explicit XmlElement(_xmlNode* node) : node_(node) {}
  [[nodiscard]] std::string_view name() const;  ///< local name
  [[nodiscard]] std::string_view namespace_uri() const;
  [[nodiscard]] std::string text() const;  ///< all text below, white space trimmed
  [[nodiscard]] std::optional<std::string> attribute(std::string_view local_name) const;
  [[nodiscard]] std::vector<XmlElement> children() const;
  [[nodiscard]] std::vector<XmlElement> children(std::string_view local_name) const;
  [[nodiscard]] std::optional<XmlElement> child(std::string_view local_name) const;
  /// libxml2's node, for this folder.
  [[nodiscard]] _xmlNode* handle() const { return node_; }

 private:
  _xmlNode* node_;
};

class XmlDocument {
 public:
  /// Errors: `xml.malformed` (with line), `xml.doctype`, `xml.too_large`, `xml.too_deep`.
  static Result<XmlDocument> parse(ByteView text);
  [[nodiscard]] XmlElement root() const;
  /// libxml2's document, for this folder.
  [[nodiscard]] _xmlDoc* handle() const { return document_.get(); }

 private:
  explicit XmlDocument(_xmlDoc* document);
  std::shared_ptr<_xmlDoc> document_;
};

/// Text with the five XML special characters escaped; characters that XML forbids are dropped.
[[nodiscard]] std::string xml_escape(std::string_view text);

}  // namespace kanal::formats
