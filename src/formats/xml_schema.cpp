// XML Schema 1.0 by libxml2. Its own texts quote values of the document, so ours are made from its codes and the names
// of the nodes alone. A validator that was given its schema does not look for others (`xsi:schemaLocation`).
#include "formats/xml_schema.hpp"

#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemas.h>

#include <fstream>
#include <new>
#include <set>

#include <fmt/format.h>

#include "formats/xml.hpp"

namespace kanal::formats {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_schema_files = 100;
constexpr std::string_view schema_namespace = "http://www.w3.org/2001/XMLSchema";

std::string_view view_of(const xmlChar* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

tl::unexpected<Error> unreadable(const fs::path& file, std::string_view why) {
  return reject("schema.unreadable", fmt::format("the schema {} cannot be used: {}", file.string(), why));
}

/// Every file that the schema is of must lie on disk: libxml2 would fetch others.
Result<void> check_parts(const fs::path& file, std::set<fs::path>& seen) {
  if (!seen.insert(file.lexically_normal()).second) return {};
  if (seen.size() > most_schema_files) return unreadable(file, "it has too many parts");
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) return unreadable(file, error.message());
  if (size > max_xml_bytes) return unreadable(file, "it is too large");
  std::string text(size, '\0');
  if (!std::ifstream(file, std::ios::binary).read(text.data(), static_cast<std::streamsize>(size))) {
    return unreadable(file, "it cannot be read");
  }
  auto document = XmlDocument::parse(bytes_of(text));
  if (!document) return unreadable(file, document.error().message);
  const auto root = document->root();
  if (root.namespace_uri() != schema_namespace || root.name() != "schema") return unreadable(file, "it is no schema");
  for (const auto& child : root.children()) {
    const auto name = child.name();
    if (name != "import" && name != "include" && name != "redefine") continue;
    const auto location = child.attribute("schemaLocation");
    if (!location) continue;
    if (location->find("://") != std::string::npos || location->starts_with("//")) {
      return reject("schema.remote",
                    fmt::format("the schema {} is partly at {}: put a copy beside it", file.string(), *location));
    }
    if (auto part = check_parts(file.parent_path() / *location, seen); !part) return part;
  }
  return {};
}

std::string_view rule_of(int code) {
  switch (code) {
    case XML_SCHEMAV_ELEMENT_CONTENT:
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_2_4:
      return "not what belongs here, or something that must be there is missing";
    case XML_SCHEMAV_CVC_ELT_1:
      return "an element that the schema does not know";
    case XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1:
    case XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_2:
    case XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_3:
    case XML_SCHEMAV_CVC_PATTERN_VALID:
      return "a value of the wrong form";
    case XML_SCHEMAV_CVC_ENUMERATION_VALID:
      return "a value that is not one of those allowed";
    case XML_SCHEMAV_CVC_LENGTH_VALID:
    case XML_SCHEMAV_CVC_MINLENGTH_VALID:
    case XML_SCHEMAV_CVC_MAXLENGTH_VALID:
      return "a value of the wrong length";
    case XML_SCHEMAV_CVC_MININCLUSIVE_VALID:
    case XML_SCHEMAV_CVC_MAXINCLUSIVE_VALID:
    case XML_SCHEMAV_CVC_MINEXCLUSIVE_VALID:
    case XML_SCHEMAV_CVC_MAXEXCLUSIVE_VALID:
      return "a value out of range";
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_3_1:
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1:
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2:
      return "an attribute that does not belong here";
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_4:
      return "an attribute is missing";
    case XML_SCHEMAV_CVC_ELT_4_2:
    case XML_SCHEMAV_CVC_ELT_2:
    case XML_SCHEMAV_CVC_TYPE_2:
      return "a type that the schema does not know";
    default:
      return "a rule of the schema is broken";
  }
}

void note_breach(void* user_data, xmlErrorPtr error) {
  auto& breach = *static_cast<SchemaBreach*>(user_data);
  if (error->level < XML_ERR_ERROR || ++breach.count > 1) return;
  breach.line = error->line;
  const auto* node = static_cast<const xmlNode*>(error->node);
  constexpr std::size_t longest_name = 100;
  const auto name = node == nullptr ? std::string_view("document") : view_of(node->name).substr(0, longest_name);
  breach.text = fmt::format("element {}: {}", name, rule_of(error->code));  // also of an attribute
}

void note_fault(void* user_data, xmlErrorPtr error) {
  auto& text = *static_cast<std::string*>(user_data);
  if (error->level < XML_ERR_ERROR || !text.empty()) return;
  text = view_of(reinterpret_cast<const xmlChar*>(error->message));
  text = fmt::format("line {}: {}", error->line, text.substr(0, text.find('\n')));
}

struct FreeParser {
  void operator()(xmlSchemaParserCtxt* parser) const { xmlSchemaFreeParserCtxt(parser); }
};
struct FreeValidator {
  void operator()(xmlSchemaValidCtxt* validator) const { xmlSchemaFreeValidCtxt(validator); }
};
struct FreeSchema {
  void operator()(xmlSchema* schema) const { xmlSchemaFree(schema); }
};

}  // namespace

struct XmlSchema::Compiled {
  std::unique_ptr<xmlSchema, FreeSchema> schema;
};

Result<XmlSchema> XmlSchema::load(const fs::path& file) {
  std::set<fs::path> seen;
  if (auto parts = check_parts(file, seen); !parts) return failed(parts);
  const std::unique_ptr<xmlSchemaParserCtxt, FreeParser> parser(xmlSchemaNewParserCtxt(file.c_str()));
  if (!parser) throw std::bad_alloc();
  std::string fault;
  xmlSchemaSetParserStructuredErrors(parser.get(), &note_fault, &fault);
  auto compiled = std::make_shared<Compiled>();
  compiled->schema.reset(xmlSchemaParse(parser.get()));
  if (!compiled->schema) return unreadable(file, fault.empty() ? "it is no schema" : fault);
  return XmlSchema(std::move(compiled));
}

Result<std::optional<SchemaBreach>> XmlSchema::validate(ByteView text) const {
  auto document = XmlDocument::parse(text);
  if (!document) return failed(document);
  const std::unique_ptr<xmlSchemaValidCtxt, FreeValidator> validator(xmlSchemaNewValidCtxt(compiled_->schema.get()));
  if (!validator) throw std::bad_alloc();
  SchemaBreach breach;
  xmlSchemaSetValidStructuredErrors(validator.get(), &note_breach, &breach);
  const int outcome = xmlSchemaValidateDoc(validator.get(), document->handle());
  if (outcome < 0) return bug("schema.validator", "the document could not be checked against its schema");
  if (outcome == 0) return std::optional<SchemaBreach>{};
  return std::optional(std::move(breach));
}

}  // namespace kanal::formats
