// Documents that tests make. Never included by product code.
#pragma once

#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "base/time.hpp"
#include "domain/sbd.hpp"

namespace kanal::testing {

inline const std::string own_org = "0192:310700002";
inline const std::string other_org = "0192:310701378";
inline const std::string arkivmelding_process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
inline const std::string response_process = "urn:no:difi:profile:arkivmelding:response:ver1.0";

/// An SBD of any type between the two organisations.
inline domain::Sbd make_sbd(const std::string& type, const std::string& from, const std::string& to,
                            const std::string& id, boost::json::object body, Time creation,
                            std::optional<std::string> channel = {}, std::optional<Time> ttl = {}) {
  domain::Sbd sbd;
  sbd.header_version = "1.0";
  sbd.sender = {{"iso6523-actorid-upis", from, {}}};
  sbd.receiver = {{"iso6523-actorid-upis", to, {}}};
  sbd.document.standard =
      type == "status" ? "urn:no:difi:eformidling:xsd::status" : "urn:no:difi:arkivmelding:xsd::" + type;
  sbd.document.type_version = "2.0";
  sbd.document.instance_identifier = id;
  sbd.document.type = type;
  sbd.document.creation = OffsetTime{creation, std::chrono::minutes(0)};
  domain::Scope scope;
  scope.type = "ConversationId";
  scope.instance_identifier = "7a9b2a64-1f5a-4a0e-a7a3-94c6b8d0e502";
  scope.identifier = type == "arkivmelding" ? arkivmelding_process : response_process;
  scope.information.push_back(
      {OffsetTime{ttl.value_or(creation + std::chrono::hours(24)), std::chrono::minutes(0)}, {}, {}});
  sbd.scopes = {scope};
  sbd.set_message_channel(channel);
  sbd.body = std::move(body);
  return sbd;
}

}  // namespace kanal::testing
