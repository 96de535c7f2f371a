// Partner identifiers as the SBD writes them (messages.md section 3). Values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace kanal::domain {

constexpr std::string_view iso6523_authority = "iso6523-actorid-upis";
constexpr std::string_view nhn_authority = "nhn-actorid";

/// One parsed identifier.
struct Partner {
  enum class Kind { organisation, person, fiksio_account, health_actor };
  Kind kind = Kind::organisation;
  std::string value;    ///< as given; bare nine digits become `0192:<nine digits>`
  std::string icd;      ///< organisations: `0192`
  std::string primary;  ///< organisation number, person number, account id or NHN value
  std::string part;     ///< organisations: the part identifier, or empty
  std::string source;   ///< organisations: the source digit, or empty

  /// Part identifier if there is one, else the primary one (rest-api.md 4.6, `senderIdentifier`).
  [[nodiscard]] const std::string& part_or_primary() const { return part.empty() ? primary : part; }
};

/// Reads `value` under `authority`; rejects (`partner.authority`, `partner.value`) with a sentence that says why.
Result<Partner> parse_partner(std::string_view authority, std::string_view value);

/// `0192:<orgnr>`.
[[nodiscard]] std::string iso6523(const Orgnr& orgnr);
/// Nine digits with a valid control digit is *not* required by the reference; only the shape is checked.
[[nodiscard]] bool is_orgnr(std::string_view text);
/// Eleven digits with both mod-11 control digits valid.
[[nodiscard]] bool is_person_number(std::string_view text);
/// Strips `0192:` from a filter value, leaves others alone (rest-api.md 12 no. 27).
[[nodiscard]] std::string without_icd(std::string_view text);

/// On behalf of (rest-api.md section 9): sender `0192:<other>` of an installation of `own` becomes
/// `0192:<own>:<other>`; every other sender is unchanged.
Result<std::string> on_behalf_of(std::string_view authority, std::string_view sender, const Orgnr& own);

}  // namespace kanal::domain
