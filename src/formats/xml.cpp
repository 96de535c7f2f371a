// XML 1.0 and Namespaces in XML 1.0, without document type declarations (stack.md, "XML"). scan_xml() refuses what must
// not reach libxml2; with that done and the size capped, no entity, no other resource and no quadratic work is left, so
// XML_PARSE_HUGE only lifts the limit of 10 MB on one text node (base64 documents are larger).
#include "formats/xml.hpp"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/stream.hpp"
#include "formats/utf8.hpp"
#include "formats/xml_scan.hpp"

namespace kanal::formats {

namespace {

struct FreeDocument {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
struct FreeText {
  void operator()(xmlChar* text) const { xmlFree(text); }
};
using XmlText = std::unique_ptr<xmlChar, FreeText>;

std::string_view view_of(const xmlChar* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

struct FirstError {
  int line = 0;
  std::string text{};
};

/// libxml2's structured error handler of one context. Its texts name tags and entities but never quote content at
/// length.
void keep_first(void* user_data, xmlErrorPtr error) {
  auto* context = static_cast<xmlParserCtxt*>(user_data);
  auto* first = static_cast<FirstError*>(context->_private);
  if (error->level < XML_ERR_ERROR || !first->text.empty()) return;
  first->line = error->line;
  first->text = view_of(reinterpret_cast<const xmlChar*>(error->message));
  if (const auto end = first->text.find('\n'); end != std::string::npos) first->text.resize(end);
  if (first->text.size() > 200) first->text.resize(200);
  if (first->text.empty()) first->text = "unreadable";
}

tl::unexpected<Error> malformed(const FirstError& error) {
  return reject("xml.malformed", "the XML is not well-formed, line " + std::to_string(error.line) + ": " +
                                     (error.text.empty() ? "there is no document" : error.text));
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  const auto first = text.find_first_not_of(white);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(white) - first + 1));
}

bool is_xml_character(char32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c != 0xFFFE && c != 0xFFFF;
}

struct FreeContext {
  void operator()(xmlParserCtxt* context) const {
    xmlFreeDoc(context->myDoc);
    xmlFreeParserCtxt(context);
  }
};
using Context = std::unique_ptr<xmlParserCtxt, FreeContext>;

Context make_context(FirstError& error) {
  Context context(xmlCreatePushParserCtxt(nullptr, nullptr, nullptr, 0, nullptr));
  if (!context) throw std::bad_alloc();
  context->_private = &error;
  xmlCtxtUseOptions(context.get(), XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                       XML_PARSE_HUGE | XML_PARSE_BIG_LINES);
  context->sax->serror = &keep_first;
  return context;
}

/// Through the push parser, which stops at the first error; libxml2's other one goes on behind it, where scan_xml() has
/// not looked.
void feed(xmlParserCtxt& context, ByteView text) {
  constexpr std::size_t piece_size = stream_chunk;
  while (!text.empty() && context.wellFormed != 0 && context.nsWellFormed != 0) {
    const auto piece = text.first(std::min(text.size(), piece_size));
    xmlParseChunk(&context, reinterpret_cast<const char*>(piece.data()), static_cast<int>(piece.size()), 0);
    text = text.subspan(piece.size());
  }
  xmlParseChunk(&context, nullptr, 0, 1);
}

/// libxml2's own tables must be made by one thread before others use them.
void initialise() {
  static const bool done = [] {
    xmlInitParser();
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

XmlDocument::XmlDocument(_xmlDoc* document) : document_(document, FreeDocument()) {}

Result<XmlDocument> XmlDocument::parse(ByteView text) {
  if (text.size() > max_xml_bytes) {
    return reject("xml.too_large", "the XML is larger than " + std::to_string(max_xml_bytes) + " bytes");
  }
  if (auto scanned = scan_xml(text_of(text), max_xml_depth); !scanned) return failed(scanned);
  initialise();
  FirstError error{1, {}};
  const auto context = make_context(error);
  feed(*context, text);
  if (context->myDoc == nullptr) return malformed(error);
  XmlDocument document(std::exchange(context->myDoc, nullptr));
  if (document.document_->intSubset != nullptr) return reject("xml.doctype", "the XML has a DOCTYPE, which is refused");
  const bool good = context->wellFormed != 0 && context->nsWellFormed != 0;
  if (!good || xmlDocGetRootElement(document.document_.get()) == nullptr) return malformed(error);
  return document;
}

XmlElement XmlDocument::root() const { return XmlElement(xmlDocGetRootElement(document_.get())); }

std::string_view XmlElement::name() const { return view_of(node_->name); }

std::string_view XmlElement::namespace_uri() const {
  return node_->ns == nullptr ? std::string_view() : view_of(node_->ns->href);
}

std::string XmlElement::text() const {
  const XmlText content(xmlNodeGetContent(node_));
  return trimmed(view_of(content.get()));
}

std::optional<std::string> XmlElement::attribute(std::string_view local_name) const {
  const xmlAttr* found = nullptr;
  for (const xmlAttr* each = node_->properties; each != nullptr; each = each->next) {
    // One without a namespace is the element's own, and wins.
    if (view_of(each->name) == local_name && (found == nullptr || each->ns == nullptr)) found = each;
  }
  if (found == nullptr) return std::nullopt;
  const XmlText value(xmlNodeListGetString(node_->doc, found->children, 1));
  return std::string(view_of(value.get()));
}

std::vector<XmlElement> XmlElement::children() const {
  std::vector<XmlElement> result;
  for (xmlNode* each = node_->children; each != nullptr; each = each->next) {
    if (each->type == XML_ELEMENT_NODE) result.emplace_back(each);
  }
  return result;
}

std::vector<XmlElement> XmlElement::children(std::string_view local_name) const {
  std::vector<XmlElement> result;
  for (xmlNode* each = node_->children; each != nullptr; each = each->next) {
    if (each->type == XML_ELEMENT_NODE && view_of(each->name) == local_name) result.emplace_back(each);
  }
  return result;
}

std::optional<XmlElement> XmlElement::child(std::string_view local_name) const {
  for (xmlNode* each = node_->children; each != nullptr; each = each->next) {
    if (each->type == XML_ELEMENT_NODE && view_of(each->name) == local_name) return XmlElement(each);
  }
  return std::nullopt;
}

std::string xml_escape(std::string_view text) {
  std::string result;
  result.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const auto c = next_code_point(text);
    if (!c) {
      text.remove_prefix(1);
    } else if (*c == '&') {
      result += "&amp;";
    } else if (*c == '<') {
      result += "&lt;";
    } else if (*c == '>') {
      result += "&gt;";
    } else if (*c == '"') {
      result += "&quot;";
    } else if (*c == '\'') {
      result += "&apos;";
    } else if (is_xml_character(*c)) {
      append_utf8(result, *c);
    }
  }
  return result;
}

}  // namespace kanal::formats
