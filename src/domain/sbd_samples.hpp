// A complete valid document for the tests of this folder, and ways to change it. Never included by product code.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace kanal::domain::samples {

/// messages.md section 1.
inline boost::json::value arkivmelding() {
  return boost::json::parse(R"({
    "standardBusinessDocumentHeader": {
      "headerVersion": "1.0",
      "sender":   [ { "identifier": { "authority": "iso6523-actorid-upis", "value": "0192:987464291" } } ],
      "receiver": [ { "identifier": { "authority": "iso6523-actorid-upis", "value": "0192:910076787" } } ],
      "documentIdentification": {
        "standard": "urn:no:difi:arkivmelding:xsd::arkivmelding",
        "typeVersion": "2.0",
        "instanceIdentifier": "0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001",
        "type": "arkivmelding",
        "creationDateAndTime": "2026-09-01T09:15:00+02:00"
      },
      "businessScope": {
        "scope": [ {
          "type": "ConversationId",
          "instanceIdentifier": "5f4b8d0e-1df9-4e53-9d7c-bb3b60c8a111",
          "identifier": "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0",
          "scopeInformation": [ { "expectedResponseDateTime": "2026-09-02T09:15:00+02:00" } ]
        }, {
          "type": "SenderRef",
          "instanceIdentifier": "sak-2026-118"
        } ]
      }
    },
    "arkivmelding": { "hoveddokument": "vedtak.pdf", "sikkerhetsnivaa": 3 }
  })");
}

/// What `pointer` (RFC 6901) names gets the value that `json` is the text of; its parent must be there.
inline void set(boost::json::value& document, std::string_view pointer, std::string_view json) {
  const auto slash = pointer.rfind('/');
  const auto name = pointer.substr(slash + 1);
  auto value = boost::json::parse({json.data(), json.size()});
  auto& parent = document.at_pointer(pointer.substr(0, slash));
  if (auto* items = parent.if_array()) {
    items->at(std::stoul(std::string(name))) = std::move(value);
  } else {
    parent.as_object()[name] = std::move(value);
  }
}

/// The last member of `pointer` is removed.
inline void remove(boost::json::value& document, std::string_view pointer) {
  const auto slash = pointer.rfind('/');
  document.at_pointer(pointer.substr(0, slash)).as_object().erase(pointer.substr(slash + 1));
}

}  // namespace kanal::domain::samples
