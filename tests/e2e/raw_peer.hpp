// A participant that is no Kanal: raw calls to the broker with an organisation's own token. Plays the thief, the
// careless second installation, and the old counterpart.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "lookup/token_source.hpp"
#include "net/http_client.hpp"
#include "sim/national.hpp"

namespace kanal::testing {

class RawPeer {
 public:
  RawPeer(sim::National& national, net::HttpClient& http, Clock& clock, Log& log, const crypto::Identity& identity,
          const std::string& client_id, const std::string& orgnr)
      : national_(national),
        http_(http),
        orgnr_(orgnr),
        tokens_(register_at(national, identity, client_id, orgnr), http, clock, log) {}

  /// Files that wait for the organisation, oldest first.
  std::vector<std::string> list() {
    const auto answer = call("GET",
                             "?resourceId=eformidling-dpo-meldingsutveksling&status=Published&recipientStatus="
                             "Initialized&orderAscending=true");
    std::vector<std::string> ids;
    if (answer.status != 200) return ids;
    const auto listed = boost::json::parse(answer.body);
    for (const auto& id : listed.as_array()) ids.emplace_back(id.as_string());
    return ids;
  }
  /// `sendersFileTransferReference`; empty when there is none.
  std::string reference_of(const std::string& id) {
    const auto answer = call("GET", "/" + id);
    if (!answer.ok()) return {};
    const auto overview = boost::json::parse(answer.body);
    const auto* reference = overview.as_object().if_contains("sendersFileTransferReference");
    return reference != nullptr && reference->is_string() ? std::string(reference->get_string()) : std::string{};
  }
  bool download(const std::string& id) { return call("GET", "/" + id + "/download").ok(); }
  bool confirm(const std::string& id) { return call("POST", "/" + id + "/confirmdownload").ok(); }
  bool take(const std::string& id) { return download(id) && confirm(id); }
  /// Takes whatever waits; gives the ids.
  std::vector<std::string> take_all() {
    auto ids = list();
    for (const auto& id : ids) EXPECT_TRUE(take(id)) << id;
    return ids;
  }

 private:
  static lookup::TokenClient register_at(sim::National& national, const crypto::Identity& identity,
                                         const std::string& client_id, const std::string& orgnr) {
    national.register_client(client_id, orgnr);
    national.approve_system_user(client_id, orgnr, "raw-peer");
    return {national.token_url(), national.audience(), client_id, lookup::CertificateCredential{identity},
            national.exchange_url()};
  }

  net::ClientResponse call(const std::string& method, const std::string& path) {
    net::ClientRequest request;
    request.method = method;
    request.url = national_.broker_url() + "/filetransfer" + path;
    request.max_response_bytes = 1024 * 1024;
    const lookup::TokenRequest token{{"altinn:broker.read"}, lookup::SystemUser{"0192:" + orgnr_, "raw-peer"}, {}, {}};
    auto response = lookup::send_with_token(http_, tokens_, token, std::move(request));
    EXPECT_TRUE(response) << response.error().text();
    return response.value_or(net::ClientResponse{});
  }

  sim::National& national_;
  net::HttpClient& http_;
  std::string orgnr_;
  lookup::TokenSource tokens_;
};

}  // namespace kanal::testing
