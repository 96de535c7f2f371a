#include "domain/made_sbd.hpp"

#include "domain/partner.hpp"

namespace kanal::domain {
namespace {

constexpr std::chrono::seconds creation_margin{5};

}  // namespace

Sbd make_sbd(const MadeSbd& wanted, std::chrono::milliseconds ttl, Time now) {
  Sbd sbd;
  sbd.header_version = "1.0";
  sbd.sender.push_back({std::string(iso6523_authority), wanted.sender, {}});
  sbd.receiver.push_back({std::string(iso6523_authority), wanted.receiver, {}});
  sbd.document.standard = wanted.standard;
  sbd.document.type_version = "2.0";
  sbd.document.instance_identifier = wanted.message_id.str();
  sbd.document.type = wanted.type;
  sbd.document.creation = in_oslo(now - creation_margin);
  Scope scope;
  scope.type = scope_type::conversation_id;
  scope.instance_identifier = wanted.conversation_id.str();
  scope.identifier = wanted.process;
  scope.information.push_back({in_oslo(now + ttl), std::nullopt, std::nullopt});
  sbd.scopes.push_back(std::move(scope));
  sbd.body = boost::json::object{};
  return sbd;
}

void add_scope(Sbd& sbd, std::string_view type, std::string instance_identifier) {
  Scope scope;
  scope.type = type;
  scope.instance_identifier = std::move(instance_identifier);
  sbd.scopes.push_back(std::move(scope));
}

}  // namespace kanal::domain
