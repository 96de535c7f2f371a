// The simulated national services with a transport of ours in front of them. Never included by product code.
#pragma once

#include <list>
#include <map>

#include <gmock/gmock.h>

#include "lookup/lookup_testing.hpp"
#include "sim/sim_testing.hpp"
#include "transports/dpe/dpe_transport.hpp"
#include "transports/dpe/package_testing.hpp"

namespace kanal::transports::dpe::testing {

using ports::testing::TestDispatch;
using sim::testing::agency;
using sim::testing::municipality;

inline const std::string agency_queue = std::string("nextbestqueue") + agency + "innsyn";
inline const std::string journal_queue = std::string("nextbestqueue") + municipality + "data";

/// What a call failed with, as one text: `dpe.away retry`; empty for a success.
template <class T>
std::string failure_of(const Result<T>& result) {
  if (result) return {};
  const auto& error = result.error();
  const char* what = error.disposition == Disposition::retry    ? " retry"
                     : error.disposition == Disposition::reject ? " reject"
                                                                : " bug";
  return error.code + what;
}

/// Routes every document of eInnsyn to one queue.
class OneDirectory final : public ports::Directory {
 public:
  Result<std::vector<ports::ServiceRecord>> lookup(const ports::DirectoryQuery&) override {
    ports::ServiceRecord record;
    record.service = ServiceIdentifier(service);
    record.document_types = {"urn:no:difi:einnsyn:xsd::publisering", "urn:no:difi:einnsyn:xsd::innsynskrav"};
    record.endpoint_url = suffix;
    record.pem_certificate = sim::testing::Keys::get().municipality_identity.certificate.pem();
    return std::vector{record};
  }
  Result<ports::DirectoryEntity> entity(const std::string&) override { return ports::DirectoryEntity{}; }
  Result<std::string> certificate(const Orgnr&) override { return std::string{}; }
  std::string service = "DPE";
  std::string suffix = "data";
};

/// The agency publishes to the municipality, which plays eInnsyn.
class DpeBench : public sim::testing::Bench {
 protected:
  sim::ServiceBusState& bus() { return national_.service_bus().state(); }

  [[nodiscard]] Settings settings_of(const std::string& orgnr, Mode mode) const {
    const auto& keys = sim::testing::Keys::get();
    Settings settings;
    settings.organisation = orgnr;
    settings.base_url = "https://" + national_.service_bus_host();
    settings.policy = "MoveDPE-pilotPolicy";
    settings.mode = mode;
    settings.amqp_host = "127.0.0.1";
    settings.amqp_port = national_.service_bus().amqp_port();
    settings.ca_pem = sim::testing::Keys::get().ca.certificate.pem();
    settings.receive_wait = std::chrono::seconds(0);
    settings.upload_size_limit = 2'000'000;
    settings.limits.max_entries = 50;
    settings.limits.max_total_size = 1 << 26;
    auto& key = settings.key;
    key.registry_endpoint = national_.registry_url();
    key.jwk_url = national_.registry_url() + "/jwk";
    key.token_client.token_url = national_.token_url();
    key.token_client.audience = national_.audience();
    key.token_client.client_id = "MOVE_IP_" + orgnr;
    key.token_client.credential =
        lookup::CertificateCredential{orgnr == agency ? keys.agency_identity : keys.municipality_identity};
    return settings;
  }
  Resources resources_of(const std::string& orgnr) {
    const auto& keys = sim::testing::Keys::get();
    identities_.push_back({orgnr == agency ? keys.agency_identity : keys.municipality_identity});
    Resources resources{config_, http_, directory_, identities_.back(), clock_, log_, "6a2c"};
    resources.kept.recall = [this](std::string_view name) -> std::optional<Secret> {
      const auto found = kept_.find(std::string(name));
      return found == kept_.end() ? std::nullopt : std::optional(Secret(found->second));
    };
    resources.kept.keep = [this](std::string_view name, const Secret& secret) {
      kept_[std::string(name)] = secret.reveal();
    };
    return resources;
  }
  std::unique_ptr<DpeTransport> transport_of(Settings settings) {
    const auto organisation = settings.organisation;
    return std::make_unique<DpeTransport>(std::move(settings), resources_of(organisation));
  }
  std::unique_ptr<DpeTransport> sender() { return transport_of(settings_of(agency, Mode::innsyn)); }
  std::unique_ptr<DpeTransport> einnsyn() { return transport_of(settings_of(municipality, Mode::data)); }

  ports::OutboundDocument publication_with_file(const std::string& content = "{\"@graph\":[]}") {
    return {publication(agency, municipality), domain::DocumentRole::message, {}, one_file(blobs_, content)};
  }
  Result<ports::Sent> send(DpeTransport& transport, const ports::OutboundDocument& document) {
    TestDispatch dispatch(blobs_);
    return transport.send(document, dispatch, {});
  }
  [[nodiscard]] std::size_t audited(const std::string& simulator, const std::string& action) const {
    return national_.audit().count({.simulator = simulator, .action = action});
  }

  OneDirectory directory_;
  ops::Config config_ = *ops::Config::load({folder_.path(), {}, {}});
  MemoryBlobs blobs_;
  lookup::testing::CaptureLog log_;
  std::map<std::string, std::string> kept_;              ///< secrets
  std::list<std::vector<crypto::Identity>> identities_;  ///< transports keep references
};

/// The municipality reads what the agency sends.
class DpeReading : public DpeBench {
 protected:
  explicit DpeReading(bool batch_read = false) : batch_read_(batch_read) {}

  /// A publication in the queue of the municipality; gives its number.
  std::uint64_t arrives() {
    EXPECT_EQ(failure_of(send(*sender_, publication_with_file())), "");
    return bus().messages(journal_queue).back().sequence;
  }
  std::vector<std::string> list() {
    const auto listed = transport_->list(inbox(), {});
    EXPECT_EQ(failure_of(listed), "");
    std::vector<std::string> ids;
    if (!listed) return ids;
    for (const auto& entry : *listed) ids.push_back(entry.remote_id);
    return ids;
  }
  ports::Inbox inbox() { return transport_->inboxes().front(); }
  ports::RemoteItem item(const std::string& id) {
    auto described = transport_->describe(inbox(), id);
    EXPECT_EQ(failure_of(described), "");
    return described.value_or(ports::RemoteItem{});
  }
  /// A publication that is read and completed.
  void comes_and_goes() {
    arrives();
    const auto ids = list();
    ASSERT_THAT(ids, ::testing::SizeIs(1));
    EXPECT_EQ(*transport_->acknowledge(item(ids[0])), ports::Acknowledged::done);
  }
  Result<ports::InboundDocument> taken(const std::string& id) {
    const auto what = item(id);
    auto writer = blobs_.create({});
    if (auto fetched = transport_->fetch(what, **writer, {}); !fetched) return failed(fetched);
    if (auto finished = (*writer)->finish(); !finished) return failed(finished);
    return transport_->open(what, (*writer)->ref(), {blobs_, {}});
  }
  /// Of one who reads the queue of the municipality.
  Settings reading() {
    auto settings = settings_of(municipality, Mode::data);
    settings.batch_read = batch_read_;
    return settings;
  }
  int deliveries() { return bus().messages(journal_queue).front().delivery_count; }

  bool batch_read_;
  std::unique_ptr<DpeTransport> sender_ = sender();
  std::unique_ptr<DpeTransport> transport_ = transport_of(reading());
};

}  // namespace kanal::transports::dpe::testing
