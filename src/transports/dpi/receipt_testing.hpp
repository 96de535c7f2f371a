// Receipts as suppliers write them, good and spoilt. Never included by product code.
#pragma once

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/testing.hpp"
#include "crypto/jose.hpp"
#include "transports/dpi/letter_testing.hpp"

namespace kanal::transports::dpi::testing {

constexpr const char* receipt_id = "e1a3f1de-0c5b-45f0-8f51-0a4a1a3c9f70";

inline boost::json::value receipt_document(const std::string& type, const std::string& more = "{}",
                                           const std::string& id = receipt_id,
                                           const std::string& conversation = conversation_id) {
  auto value = boost::json::parse(R"({ "standardBusinessDocument": {
    "standardBusinessDocumentHeader": {
      "headerVersion": "1.0",
      "sender":   [ { "identifier": { "authority": "iso6523-actorid-upis", "value": "0192:984661185" } } ],
      "receiver": [ { "identifier": { "authority": "iso6523-actorid-upis", "value": "0192:310700002" } } ],
      "documentIdentification": {
        "standard": "urn:fdc:digdir.no:2020:innbyggerpost:xsd::innbyggerpost##urn:fdc:digdir.no:2020:innbyggerpost:schema:leveringskvittering::1.0",
        "typeVersion": "1.0", "creationDateAndTime": "2026-03-02T09:12:40Z" },
      "businessScope": { "scope": [ { "type": "ConversationId",
        "identifier": "urn:fdc:digdir.no:2020:profile:egovernment:innbyggerpost:digital:ver1.0" } ] } } } })");
  auto& document = value.as_object()["standardBusinessDocument"].as_object();
  auto& header = document["standardBusinessDocumentHeader"].as_object();
  header["documentIdentification"].as_object()["type"] = type;
  header["documentIdentification"].as_object()["instanceIdentifier"] = id;
  header["businessScope"].as_object()["scope"].as_array()[0].as_object()["instanceIdentifier"] = conversation;
  auto body = boost::json::parse(R"({
    "avsender": { "virksomhetsidentifikator": { "authority": "iso6523-actorid-upis", "value": "0192:984661185" } },
    "mottaker": { "virksomhetsidentifikator": { "authority": "iso6523-actorid-upis", "value": "0192:310700002" } },
    "tidspunkt": "2026-03-02T09:12:39Z" })");
  const auto members = boost::json::parse(more);
  for (const auto& member : members.as_object()) body.as_object()[member.key()] = member.value();
  document[type] = std::move(body);
  return value;
}

inline std::string signed_by(const crypto::Identity& signer, const boost::json::value& document) {
  return crypto::sign_jws(signer.key,
                          boost::json::object{{"x5c", boost::json::array{to_base64(signer.certificate.der())}}},
                          boost::json::serialize(document));
}

inline std::string receipt(const std::string& type, const std::string& more = "{}") {
  return signed_by(LetterKeys::get().supplier, receipt_document(type, more));
}

}  // namespace kanal::transports::dpi::testing
