// What the gateway reads from arkivmelding.xml (messages.md section 6): title and reference for the conversation, and
// the files it refers to; and the journal post itself. Lenient: unknown elements are ignored, the schema is not
// applied.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/stream.hpp"
#include "formats/journalpost.hpp"

namespace kanal::formats {

constexpr std::string_view arkivmelding_file_name = "arkivmelding.xml";

struct Arkivmelding {
  std::optional<std::string> offentlig_tittel;
  std::optional<std::string> message_reference;  ///< `<saksmappe.systemID>-<journalpostnummer>`
  std::vector<std::string> referenced_files;     ///< by dokumentnummer, missing numbers last, else document order
  Journalpost journalpost{};                     ///< for services that have fields of their own for all this
};

/// Errors: those of xml.hpp, `arkivmelding.no_saksmappe`, `arkivmelding.no_journalpost`.
Result<Arkivmelding> read_arkivmelding(ByteView xml);
/// The same of a file, and those of reading it; the text names arkivmelding.xml.
Result<Arkivmelding> read_arkivmelding(Source& file);

}  // namespace kanal::formats
