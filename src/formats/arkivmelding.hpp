// What the gateway reads from arkivmelding.xml (messages.md section 6): title and reference for the conversation, and
// the files it refers to. Lenient: unknown elements are ignored, the schema is not applied.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal::formats {

constexpr std::string_view arkivmelding_file_name = "arkivmelding.xml";

struct Arkivmelding {
  std::optional<std::string> offentlig_tittel;
  std::optional<std::string> message_reference;  ///< `<saksmappe.systemID>-<journalpostnummer>`
  std::vector<std::string> referenced_files;     ///< by dokumentnummer, missing numbers last, else document order
};

/// Errors: those of xml.hpp, `arkivmelding.no_saksmappe`, `arkivmelding.no_journalpost`.
Result<Arkivmelding> read_arkivmelding(ByteView xml);

}  // namespace kanal::formats
