// The simulated national services with clients of ours in front of them. Never included by product code.
#pragma once

#include <gmock/gmock.h>

#include "lookup/lookup_testing.hpp"
#include "sim/sim_testing.hpp"
#include "transports/dpo/broker_client.hpp"
#include "transports/dpo/package_testing.hpp"

namespace kanal::transports::dpo::testing {

using sim::testing::agency;
using sim::testing::municipality;

/// What a poll asks the broker for.
inline const Search waiting{"Published", "Initialized", {}};
inline const Search begun{"Published", "DownloadStarted", {}};

inline std::string iso6523(const std::string& orgnr) { return "0192:" + orgnr; }

inline std::string md5_of(std::string_view content) {
  return to_hex(crypto::digest(crypto::DigestAlgorithm::md5, bytes_of(content)));
}

/// What a call failed with, as one text: `dpo.BRO-00006 retry`; empty for a success.
template <class T>
std::string failure_of(const Result<T>& result) {
  if (result) return {};
  const auto& error = result.error();
  const char* what = error.disposition == Disposition::retry    ? " retry"
                     : error.disposition == Disposition::reject ? " reject"
                                                                : " bug";
  return error.code + what;
}

class DpoBench : public sim::testing::Bench {
 protected:
  static lookup::SystemUser user_of(const std::string& orgnr) { return {iso6523(orgnr), orgnr + "_user"}; }

  /// Settings of an installation of `orgnr`.
  [[nodiscard]] Settings settings_of(const std::string& orgnr) const {
    const auto& keys = sim::testing::Keys::get();
    Settings settings;
    settings.broker_url = national_.broker_url();
    settings.resource = sim::testing::resource;
    settings.token_client.token_url = national_.token_url();
    settings.token_client.audience = national_.audience();
    settings.token_client.exchange_url = national_.exchange_url();
    settings.token_client.client_id = "MOVE_IP_" + orgnr;
    settings.token_client.credential =
        lookup::CertificateCredential{orgnr == agency ? keys.agency_identity : keys.municipality_identity};
    settings.reportees = {{user_of(orgnr), {}}};
    return settings;
  }

  sim::BrokerState& broker_state() { return national_.broker().state(); }
  [[nodiscard]] sim::Transfer transfer(const std::string& id) {
    const auto found = broker_state().find(id);
    EXPECT_TRUE(found) << id;
    return found ? *found : sim::Transfer{};
  }
  [[nodiscard]] std::string status_of(const std::string& id) {
    return std::string(sim::name_of(transfer(id).current().status));
  }
  /// A published transfer from the agency to the municipality.
  std::string injected(std::string_view content, std::optional<std::string> reference = new_uuid()) {
    auto id = national_.broker().inject(agency, municipality, std::move(reference), bytes_of(content));
    EXPECT_TRUE(id);
    return id.value_or("");
  }
  [[nodiscard]] std::size_t audited(const std::string& simulator, const std::string& action) const {
    return national_.audit().count({.simulator = simulator, .action = action});
  }
  [[nodiscard]] std::size_t tokens_given() const { return audited("maskinporten", "token"); }
  [[nodiscard]] std::uint64_t calls(const std::string& endpoint) const {
    return national_.broker().counts().of(endpoint);
  }
};

/// A broker client and what it needs, for one organisation.
struct Side {
  Side(Settings s, net::HttpClient& http, Clock& clock, Log& log)
      : settings(std::move(s)),
        user(settings.reportees.front().user),
        tokens(settings.token_client, http, clock, log, [](std::chrono::milliseconds) {}),
        broker(settings, http, tokens, clock) {}
  Settings settings;
  lookup::SystemUser user;
  lookup::TokenSource tokens;
  BrokerClient broker;

  [[nodiscard]] Initialization initialization(std::string_view content) const {
    return {new_uuid(), user.organisation, iso6523(municipality), md5_of(content), {}};
  }
  Result<std::string> initialize(std::string_view content = "bytes") {
    return broker.initialize(user, initialization(content));
  }
  Result<void> upload(const std::string& id, std::string_view content = "bytes") {
    MemorySource source(bytes_of(content));
    return broker.upload(user, id, source, content.size(), {});
  }
  Result<std::string> download(const std::string& id, std::stop_token stop = {}) {
    MemorySink sink(std::uint64_t{1} << 30);
    if (auto done = broker.download(user, id, sink, std::move(stop)); !done) return failed(done);
    return std::string(text_of(sink.bytes()));
  }
};

}  // namespace kanal::transports::dpo::testing
