#include "formats/xml_canonical.hpp"

#include <libxml/c14n.h>
#include <libxml/tree.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlerror.h>

#include <array>
#include <utility>

namespace kanal::formats {
namespace {

constexpr std::array<std::pair<std::string_view, Canonicalisation>, 3> algorithms{{
    {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", Canonicalisation::inclusive},
    {"http://www.w3.org/2006/12/xml-c14n11", Canonicalisation::inclusive_11},
    {"http://www.w3.org/2001/10/xml-exc-c14n#", Canonicalisation::exclusive},
}};

int mode_of(Canonicalisation form) {
  switch (form) {
    case Canonicalisation::inclusive:
      return XML_C14N_1_0;
    case Canonicalisation::inclusive_11:
      return XML_C14N_1_1;
    case Canonicalisation::exclusive:
      return XML_C14N_EXCLUSIVE_1_0;
  }
  return XML_C14N_1_0;
}

/// libxml2 asks for every node; a namespace declaration has no parent of its own.
int is_below(void* top, xmlNodePtr node, xmlNodePtr parent) {
  const auto* at = node->type == XML_NAMESPACE_DECL ? parent : node;
  for (; at != nullptr; at = at->parent) {
    if (at == top) return 1;
  }
  return 0;
}

/// Are elements and namespaces from here on within the limits? Counts the elements.
bool is_small(const xmlNode* element, std::size_t namespaces, std::size_t& elements) {
  for (const xmlNs* each = element->nsDef; each != nullptr; each = each->next) ++namespaces;
  if (namespaces > max_canonical_namespaces || ++elements > max_canonical_elements) return false;
  for (const xmlNode* each = element->children; each != nullptr; each = each->next) {
    if (each->type == XML_ELEMENT_NODE && !is_small(each, namespaces, elements)) return false;
  }
  return true;
}

void say_nothing(void* /*context*/, xmlErrorPtr /*error*/) {}

/// libxml2 has no error handler for one canonical form, and would print what it dislikes. This is the thread's own.
class QuietThread {
 public:
  QuietThread() : handler_(xmlStructuredError), context_(xmlStructuredErrorContext) {
    xmlSetStructuredErrorFunc(nullptr, &say_nothing);
  }
  QuietThread(const QuietThread&) = delete;
  QuietThread& operator=(const QuietThread&) = delete;
  ~QuietThread() { xmlSetStructuredErrorFunc(context_, handler_); }

 private:
  xmlStructuredErrorFunc handler_;
  void* context_;
};

int append(void* context, const char* bytes, int count) {
  static_cast<std::string*>(context)->append(bytes, static_cast<std::size_t>(count));
  return count;
}

}  // namespace

std::optional<Canonicalisation> canonicalisation(std::string_view uri) {
  for (const auto& [name, form] : algorithms) {
    if (name == uri) return form;
  }
  return std::nullopt;
}

Result<std::string> canonical(const XmlDocument& document, const XmlElement& element, Canonicalisation form) {
  std::string out;
  const auto broken = [] { return reject("xml.canonical", "a part of the XML has no canonical form"); };
  std::size_t elements = 0;
  if (!is_small(document.root().handle(), 0, elements)) return broken();
  const QuietThread quiet;
  auto* buffer = xmlOutputBufferCreateIO(&append, nullptr, &out, nullptr);
  if (buffer == nullptr) return broken();
  const int done = xmlC14NExecute(document.handle(), &is_below, element.handle(), mode_of(form), nullptr, 0, buffer);
  const int closed = xmlOutputBufferClose(buffer);
  if (done < 0 || closed < 0) return broken();
  return out;
}

}  // namespace kanal::formats
