// What SvarUt takes as a forsendelse (dpf.md 3.4 and 5): limits, levels, encryption, print. Pure functions.
#pragma once

#include <string>

#include <boost/json/value.hpp>

#include "base/result.hpp"
#include "formats/xml.hpp"
#include "sim/svarut_types.hpp"

namespace kanal::sim {

/// `OrganisasjonForsendelse` of REST v3. Explicit nulls count as absent. `svarut.schema` names the member that is
/// wrong.
Result<Forsendelse> read_forsendelse(const boost::json::value& given);

/// The `forsendelse` element of SOAP V9. `svarut.schema` likewise.
Result<Forsendelse> read_forsendelse(const formats::XmlElement& given);

/// What can be said before the documents come: types, levels, print. `svarut.rule`.
Result<void> check_forsendelse(const Forsendelse& forsendelse, const SvarUtAccount& account, const SvarUtRules& rules);

/// What can be said when they have: no empty document, not too much to print. `svarut.rule`.
Result<void> check_documents(const Forsendelse& forsendelse, const SvarUtRules& rules);

}  // namespace kanal::sim
