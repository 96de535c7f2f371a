#include "formats/journalpost.hpp"

#include <libxml/tree.h>

#include <algorithm>
#include <charconv>

#include "formats/xml.hpp"

namespace kanal::formats {
namespace {

constexpr std::string_view main_document = "Hoveddokument";

std::string text_of(const XmlElement& parent, std::string_view name) {
  const auto child = parent.child(name);
  return child ? child->text() : std::string{};
}

std::optional<std::int64_t> number_of(const XmlElement& parent, std::string_view name) {
  const auto text = text_of(parent, name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Korrespondansepart korrespondansepart(const XmlElement& element) {
  Korrespondansepart part;
  part.type = text_of(element, "korrespondanseparttype");
  part.navn = text_of(element, "korrespondansepartNavn");
  for (const auto& line : element.children("postadresse")) {
    const auto text = line.text();
    if (!text.empty()) part.postadresse += (part.postadresse.empty() ? "" : " ") + text;
  }
  part.postnummer = text_of(element, "postnummer");
  part.poststed = text_of(element, "poststed");
  part.saksbehandler = text_of(element, "saksbehandler");
  return part;
}

/// `prefix:name` as it is written.
std::string qualified_name(const XmlElement& element) {
  const auto* space = element.handle()->ns;
  const std::string name(element.name());
  if (space == nullptr || space->prefix == nullptr) return name;
  return std::string(reinterpret_cast<const char*>(space->prefix)) + ":" + name;
}

void read_metadata(const XmlElement& journalpost, Journalpost& into) {
  const auto metadata = journalpost.child("virksomhetsspesifikkeMetadata");
  if (!metadata) return;
  for (const auto& child : metadata->children()) {
    const auto* only = child.handle()->children;
    if (only != nullptr && only->next == nullptr) {
      into.virksomhetsspesifikke_metadata.emplace_back(qualified_name(child), child.text());
    } else {
      ++into.skipped_metadata;
    }
  }
}

void read_documents(const XmlElement& journalpost, Journalpost& into) {
  auto descriptions = journalpost.children("dokumentbeskrivelse");
  std::stable_partition(descriptions.begin(), descriptions.end(), [](const XmlElement& description) {
    return text_of(description, "tilknyttetRegistreringSom") == main_document;
  });
  for (const auto& description : descriptions) {
    for (const auto& object : description.children("dokumentobjekt")) {
      if (auto file = text_of(object, "referanseDokumentfil"); !file.empty()) {
        into.dokumenter.push_back(std::move(file));
      }
    }
  }
}

}  // namespace

Journalpost read_journalpost(const XmlElement& saksmappe, const XmlElement& journalpost) {
  Journalpost post;
  post.tittel = text_of(journalpost, "tittel");
  post.saksaar = number_of(saksmappe, "saksaar");
  post.sakssekvensnummer = number_of(saksmappe, "sakssekvensnummer");
  post.journalaar = number_of(journalpost, "journalaar");
  post.journalsekvensnummer = number_of(journalpost, "journalsekvensnummer");
  post.journalpostnummer = number_of(journalpost, "journalpostnummer");
  post.journalposttype = text_of(journalpost, "journalposttype");
  post.journalstatus = text_of(journalpost, "journalstatus");
  post.journaldato = text_of(journalpost, "journaldato");
  post.dokumentets_dato = text_of(journalpost, "dokumentetsDato");
  for (const auto& part : journalpost.children("korrespondansepart")) {
    post.korrespondanseparter.push_back(korrespondansepart(part));
  }
  read_metadata(journalpost, post);
  read_documents(journalpost, post);
  return post;
}

}  // namespace kanal::formats
