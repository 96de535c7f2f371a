// manifest  = mottaker?, avsender, hoveddokument, vedlegg{0,200}
// mottaker  = person/postkasseadresse
// avsender  = organisasjon @authority, avsenderidentifikator?, fakturaReferanse?
// document  = @href @mime, tittel @lang ?, data @href @mime ?
#include "formats/sdp_manifest.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "formats/entry_name.hpp"
#include "formats/utf8.hpp"
#include "formats/xml.hpp"

namespace kanal::formats {

namespace {

constexpr std::string_view sdp_namespace = "http://begrep.difi.no/sdp/schema_v10";
constexpr std::string_view authority = "iso6523-actorid-upis";
constexpr std::size_t most_attachments = 200;

/// Characters, not bytes: those of UTF-8 that begin one.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// UTF-8 that XML keeps as it is, but for white space in texts: it would drop other characters, and not say so.
bool is_kept(std::string_view text, bool white_space) {
  while (!text.empty()) {
    const auto c = next_code_point(text);
    if (!c || *c == 0xFFFE || *c == 0xFFFF) return false;
    if (*c < 0x20 && !(white_space && (*c == '\t' || *c == '\n' || *c == '\r'))) return false;
  }
  return true;
}

enum class Place { attribute, text };

Result<void> check_length(std::string_view what, std::string_view text, std::size_t least, std::size_t most,
                          Place place = Place::text) {
  const auto length = length_of(text);
  if (!is_kept(text, place == Place::text)) {
    return reject("manifest.value", fmt::format("the manifest's {} has characters that do not belong there", what));
  }
  if (length >= least && length <= most) return {};
  return reject("manifest.value",
                fmt::format("the manifest's {} must have {} to {} characters, and has {}", what, least, most, length));
}

/// The schema can do without titles; we always write them.
enum class Titles { required, optional };

/// Every file has one name, also where case is ignored (dpi.md 4.3); metadata documents may be shared.
Result<void> check_names(const SdpManifest& manifest) {
  std::unordered_set<std::string> documents{entry_name_key(manifest.main.href)};
  const auto taken = [] { return reject("manifest.value", "two files of the letter have the same name"); };
  for (const auto& attachment : manifest.attachments) {
    if (!documents.insert(entry_name_key(attachment.href)).second) return taken();
  }
  const auto collides = [&](const SdpManifest::Document& document) {
    return document.metadata && documents.contains(entry_name_key(document.metadata->href));
  };
  if (collides(manifest.main) || std::ranges::any_of(manifest.attachments, collides)) return taken();
  return {};
}

Result<void> check_document(const SdpManifest::Document& document, Titles titles) {
  if (auto good = check_length("file name", document.href, 4, 100, Place::attribute); !good) return good;
  if (auto good = check_length("MIME type", document.mime, 1, 100, Place::attribute); !good) return good;
  const bool untitled = document.title.empty() && document.language.empty();
  if (titles == Titles::required || !untitled) {
    if (auto good = check_length("title", document.title, 1, 255); !good) return good;
    if (document.title.find_first_not_of(" \t\r\n") == std::string::npos) {
      return reject("manifest.value", "the manifest's title is blank");
    }
    if (auto good = check_length("language", document.language, 2, 2, Place::attribute); !good) return good;
  }
  if (!document.metadata) return {};
  if (auto good = check_length("file name", document.metadata->href, 4, 100, Place::attribute); !good) return good;
  return check_length("MIME type", document.metadata->mime, 1, 100, Place::attribute);
}

/// `[0-9]{4}:\w{1,35}`
bool is_organisation(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto word = [&](char c) { return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return text.size() >= 6 && text.size() <= 40 && std::ranges::all_of(text.substr(0, 4), digit) && text[4] == ':' &&
         std::ranges::all_of(text.substr(5), word);
}

Result<void> check(const SdpManifest& manifest, Titles titles) {
  if (manifest.mailbox) {
    if (auto good = check_length("postkasseadresse", *manifest.mailbox, 1, 100); !good) return good;
  }
  if (!is_organisation(manifest.organisation)) {
    return reject("manifest.value", "the manifest's sender is no organisation: it must be as 0192:311222333");
  }
  if (auto good = check_length("avsenderidentifikator", manifest.sender_identifier, 0, 100); !good) return good;
  if (auto good = check_length("fakturaReferanse", manifest.invoice_reference, 0, 40); !good) return good;
  if (manifest.attachments.size() > most_attachments) {
    return reject("manifest.value", fmt::format("a letter has at most {} attachments, and this one {}",
                                                most_attachments, manifest.attachments.size()));
  }
  if (auto good = check_document(manifest.main, titles); !good) return good;
  for (const auto& attachment : manifest.attachments) {
    if (auto good = check_document(attachment, titles); !good) return good;
  }
  return check_names(manifest);
}

std::string optional_element(std::string_view name, const std::string& text) {
  return text.empty() ? "" : fmt::format("<{0}>{1}</{0}>", name, xml_escape(text));
}

std::string document_element(std::string_view name, const SdpManifest::Document& document) {
  std::string xml =
      fmt::format("<{} href=\"{}\" mime=\"{}\"><tittel lang=\"{}\">{}</tittel>", name, xml_escape(document.href),
                  xml_escape(document.mime), xml_escape(document.language), xml_escape(document.title));
  if (document.metadata) {
    xml += fmt::format("<data href=\"{}\" mime=\"{}\"/>", xml_escape(document.metadata->href),
                       xml_escape(document.metadata->mime));
  }
  return xml + fmt::format("</{}>", name);
}

tl::unexpected<Error> unreadable(const std::string& why) {
  return reject("manifest.xml", "the letter's manifest.xml cannot be used: " + why);
}

std::string text_of_child(const XmlElement& parent, std::string_view name) {
  const auto child = parent.child(name);
  return child ? child->text() : std::string{};
}

SdpManifest::Document read_document(const XmlElement& element) {
  SdpManifest::Document document;
  document.href = element.attribute("href").value_or("");
  document.mime = element.attribute("mime").value_or("");
  if (const auto title = element.child("tittel")) {
    document.title = title->text();
    document.language = title->attribute("lang").value_or("");
  }
  if (const auto data = element.child("data")) {
    document.metadata = {data->attribute("href").value_or(""), data->attribute("mime").value_or("")};
  }
  return document;
}

}  // namespace

Result<std::string> write_sdp_manifest(const SdpManifest& manifest) {
  if (auto good = check(manifest, Titles::required); !good) return failed(good);
  std::string xml = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<manifest xmlns=\"{}\">", sdp_namespace);
  if (manifest.mailbox) {
    xml += fmt::format("<mottaker><person><postkasseadresse>{}</postkasseadresse></person></mottaker>",
                       xml_escape(*manifest.mailbox));
  }
  xml += fmt::format("<avsender><organisasjon authority=\"{}\">{}</organisasjon>{}{}</avsender>", authority,
                     xml_escape(manifest.organisation),
                     optional_element("avsenderidentifikator", manifest.sender_identifier),
                     optional_element("fakturaReferanse", manifest.invoice_reference));
  xml += document_element("hoveddokument", manifest.main);
  for (const auto& attachment : manifest.attachments) xml += document_element("vedlegg", attachment);
  return xml + "</manifest>\n";
}

Result<SdpManifest> read_sdp_manifest(ByteView xml) {
  const auto document = XmlDocument::parse(xml);
  if (!document) return unreadable(document.error().message);
  const auto root = document->root();
  if (root.name() != "manifest" || root.namespace_uri() != sdp_namespace) return unreadable("it is another document");
  const auto sender = root.child("avsender");
  const auto organisation = sender ? sender->child("organisasjon") : std::nullopt;
  const auto main = root.children("hoveddokument");
  if (!organisation || organisation->attribute("authority") != authority) return unreadable("it names no sender");
  if (main.size() != 1) return unreadable("it has not exactly one hoveddokument");
  SdpManifest manifest;
  if (const auto receiver = root.child("mottaker")) {
    const auto person = receiver->child("person");
    manifest.mailbox = person ? text_of_child(*person, "postkasseadresse") : "";
  }
  manifest.organisation = organisation->text();
  manifest.sender_identifier = text_of_child(*sender, "avsenderidentifikator");
  manifest.invoice_reference = text_of_child(*sender, "fakturaReferanse");
  manifest.main = read_document(main.front());
  for (const auto& attachment : root.children("vedlegg")) manifest.attachments.push_back(read_document(attachment));
  if (auto good = check(manifest, Titles::optional); !good) return unreadable(good.error().message);
  return manifest;
}

}  // namespace kanal::formats
