#include "formats/arkivmelding.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "formats/xml.hpp"

namespace kanal::formats {

namespace {

/// `xsi:type` without its prefix.
std::string type_of(const XmlElement& element) {
  const std::string type = element.attribute("type").value_or("");
  const auto colon = type.find(':');
  return colon == std::string::npos ? type : type.substr(colon + 1);
}

std::optional<XmlElement> first_of_type(const XmlElement& parent, std::string_view name, std::string_view type) {
  for (const auto& child : parent.children(name)) {
    if (type_of(child) == type) return child;
  }
  return std::nullopt;
}

std::optional<std::string> text_of_child(const XmlElement& parent, std::string_view name) {
  const auto child = parent.child(name);
  if (!child) return std::nullopt;
  return child->text();
}

/// What is no number counts as missing: last.
std::uint64_t document_number(const XmlElement& description) {
  constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  const std::string text = text_of_child(description, "dokumentnummer").value_or("");
  std::uint64_t number = last;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : last;
}

std::vector<std::string> referenced_files(const XmlElement& journalpost) {
  struct Description {
    std::uint64_t number;
    XmlElement element;
  };
  std::vector<Description> descriptions;
  for (const auto& each : journalpost.children("dokumentbeskrivelse"))
    descriptions.push_back({document_number(each), each});
  std::ranges::stable_sort(descriptions, {}, &Description::number);
  std::vector<std::string> files;
  for (const auto& description : descriptions) {
    for (const auto& object : description.element.children("dokumentobjekt")) {
      if (auto file = text_of_child(object, "referanseDokumentfil"); file && !file->empty())
        files.push_back(std::move(*file));
    }
  }
  return files;
}

}  // namespace

Result<Arkivmelding> read_arkivmelding(ByteView xml) {
  const auto document = XmlDocument::parse(xml);
  if (!document) return failed(document);
  const auto saksmappe = first_of_type(document->root(), "mappe", "saksmappe");
  if (!saksmappe) {
    return reject("arkivmelding.no_saksmappe", "arkivmelding.xml has no mappe of xsi:type saksmappe");
  }
  const auto journalpost = first_of_type(*saksmappe, "basisregistrering", "journalpost");
  if (!journalpost) {
    return reject("arkivmelding.no_journalpost",
                  "the saksmappe of arkivmelding.xml has no basisregistrering of xsi:type journalpost");
  }
  Arkivmelding result;
  result.offentlig_tittel = text_of_child(*journalpost, "offentligTittel");
  const auto system_id = text_of_child(*saksmappe, "systemID");
  const auto number = text_of_child(*journalpost, "journalpostnummer");
  if (system_id && number && !number->empty()) result.message_reference = *system_id + "-" + *number;
  result.referenced_files = referenced_files(*journalpost);
  result.journalpost = read_journalpost(*saksmappe, *journalpost);
  return result;
}

Result<Arkivmelding> read_arkivmelding(Source& file) {
  auto bytes = read_all(file, max_xml_bytes);
  auto read = bytes ? read_arkivmelding(*bytes) : Result<Arkivmelding>(failed(bytes));
  if (!read) return failed(std::move(read).error(), std::string(arkivmelding_file_name));
  return read;
}

}  // namespace kanal::formats
