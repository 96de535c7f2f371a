// DPO transports in front of the simulated national services, and what the flow would give them. Never included by
// product code.
#pragma once

#include <functional>
#include <list>

#include "transports/dpo/dpo_testing.hpp"
#include "transports/dpo/dpo_transport.hpp"

namespace kanal::transports::dpo::testing {

using ports::testing::Crash;
using ports::testing::TestDispatch;

/// An organisation that the agency acts for.
constexpr const char* represented = "991825827";

/// Routes everything over one service, with one certificate.
class OneDirectory final : public ports::Directory {
 public:
  Result<std::vector<ports::ServiceRecord>> lookup(const ports::DirectoryQuery&) override {
    ports::ServiceRecord record;
    record.service = ServiceIdentifier(service);
    record.document_types = {"urn:no:difi:arkivmelding:xsd::arkivmelding"};
    record.pem_certificate = certificate_pem;
    return std::vector{record};
  }
  Result<ports::DirectoryEntity> entity(const std::string&) override { return ports::DirectoryEntity{}; }
  Result<std::string> certificate(const Orgnr&) override { return certificate_pem; }
  std::string service = "DPO";
  std::string certificate_pem = sim::testing::Keys::get().municipality_identity.certificate.pem();
};

class TransportBench : public DpoBench {
 protected:
  TransportBench() {
    national_.approve_system_user("MOVE_IP_" + std::string(agency), represented, std::string(represented) + "_user");
  }

  std::unique_ptr<DpoTransport> transport_of(Settings settings) {
    const auto& keys = sim::testing::Keys::get();
    const bool sends = settings.reportees.front().user.organisation == iso6523(agency);
    identities_.push_back({sends ? keys.agency_identity : keys.municipality_identity});
    return std::make_unique<DpoTransport>(
        std::move(settings),
        Resources{config_, http_, directory_, *std::prev(identities_.end()), clock_, log_, "6a2c"});
  }
  std::unique_ptr<DpoTransport> transport_of(const std::string& orgnr, std::optional<std::string> channel = {}) {
    auto settings = settings_of(orgnr);
    settings.reportees.front().channel = std::move(channel);
    return transport_of(std::move(settings));
  }

  /// From the agency to the municipality.
  static domain::Sbd sbd(const std::string& type = "arkivmelding") {
    auto value = domain::samples::arkivmelding();
    namespace samples = domain::samples;
    const std::string header = "/standardBusinessDocumentHeader";
    samples::set(value, header + "/sender/0/identifier/value", "\"0192:310700002\"");
    samples::set(value, header + "/receiver/0/identifier/value", "\"0192:310701378\"");
    samples::set(value, header + "/documentIdentification/type", "\"" + type + "\"");
    if (type != "arkivmelding") {
      samples::remove(value, "/arkivmelding");
      samples::set(value, "/" + type, "{}");
    }
    return domain::read_sbd(boost::json::serialize(value))->sbd;
  }
  static ports::OutboundDocument message() { return {sbd(), domain::DocumentRole::message, {}, {}}; }
  ports::OutboundDocument message_with_files() { return {sbd(), domain::DocumentRole::message, {}, two_files(blobs_)}; }
  static ports::OutboundDocument answer(domain::DocumentRole role, std::optional<std::string> channel,
                                        const std::string& type = "status") {
    return {sbd(type), role, std::move(channel), {}};
  }

  /// Sends, and gives the transfer.
  sim::Transfer sent(DpoTransport& transport, const ports::OutboundDocument& document) {
    TestDispatch dispatch(blobs_);
    const auto result = transport.send(document, dispatch, {});
    EXPECT_EQ(failure_of(result), "");
    return result ? transfer(result->remote_reference) : sim::Transfer{};
  }
  /// The SBD inside a transfer.
  domain::Sbd wire_sbd(const sim::Transfer& transfer) {
    EXPECT_TRUE(transfer.content) << "nothing was uploaded";
    if (!transfer.content) return {};
    MemorySink sink(1 << 24);
    auto source = sim::Content::open(transfer.content, 0, transfer.size);
    EXPECT_TRUE(source && copy(**source, sink));
    MemorySource zip(sink.bytes());
    domain::Sbd found;
    const auto read =
        formats::for_each_entry(zip, {}, [&](const formats::ZipEntry& entry, Source& content) -> Result<void> {
          if (entry.name != "sbd.json") return {};
          found = domain::read_sbd(text_of(*read_all(content, 1 << 20)))->sbd;
          return {};
        });
    EXPECT_TRUE(read);
    return found;
  }

  OneDirectory directory_;
  ops::Config config_ = *ops::Config::load({folder_.path(), {}, {}});
  MemoryBlobs blobs_;
  lookup::testing::CaptureLog log_;
  std::list<std::vector<crypto::Identity>> identities_;  ///< transports keep references
};

}  // namespace kanal::transports::dpo::testing
