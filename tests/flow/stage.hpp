// A flow with a real store and spool, a clock that is turned by hand, and a message service that does what the test
// scripts.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "base/testing.hpp"
#include "base/worker_pool.hpp"
#include "crypto/digest.hpp"
#include "flow/engine.hpp"
#include "store/spool/spool.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/documents.hpp"

namespace kanal::testing {

/// Shows what the test says that the service saw of everybody.
class ScriptedSurveillance final : public ports::Surveillance {
 public:
  Result<std::vector<std::string>> departures(const ports::Inbox&, Time since, std::stop_token) override {
    const std::scoped_lock lock(mutex);
    asked_since.push_back(since);
    std::vector<std::string> ids;
    for (const auto& departure : left) {
      if (departure.created > since) ids.push_back(departure.remote_id);
    }
    return ids;
  }
  Result<std::optional<ports::Departure>> departure(const ports::Inbox&, const std::string& id) override {
    const std::scoped_lock lock(mutex);
    ++described[id];
    if (never_left.contains(id)) return std::optional<ports::Departure>{};
    return std::optional(*std::ranges::find(left, id, &ports::Departure::remote_id));
  }
  Result<std::vector<std::string>> confirmed(const ports::Inbox&, Time, std::stop_token) override {
    const std::scoped_lock lock(mutex);
    return confirmed_ids;
  }
  Result<ports::Whereabouts> whereabouts(const ports::RemoteItem&) override { return where; }
  Result<int> fetches(const ports::RemoteItem&) override { return fetch_count; }

  std::mutex mutex;
  std::vector<ports::Departure> left;
  std::set<std::string> never_left;
  std::vector<std::string> confirmed_ids;
  std::map<std::string, int> described;
  std::vector<Time> asked_since;
  ports::Whereabouts where = ports::Whereabouts::taken;
  int fetch_count = 0;
};

/// Hands out what the test has put in, and writes down what it was asked to do.
class ScriptedTransport final : public ports::Transport {
 public:
  ScriptedTransport() {
    descriptor_.service = ServiceIdentifier("DPO");
    descriptor_.isolation = domain::Isolation::by_channel;
    descriptor_.isolation_property = "scripted.channel";
    descriptor_.default_ttl = std::chrono::hours(24);
    descriptor_.upload_size_limit = 1024 * 1024;
    descriptor_.upload_size_text = "1MB";
    descriptor_.receives = true;
    descriptor_.answers_with_status = true;
    descriptor_.polling_interval = std::chrono::hours(1);
  }
  struct Waiting {
    domain::Sbd sbd;
    std::optional<std::string> reference;
    bool touched = false;
    std::optional<Error> open_error{};
    std::optional<Error> damage{};
    std::optional<std::string> package{};
  };
  struct SentDocument {
    domain::Sbd sbd;
    domain::DocumentRole role;
    std::optional<std::string> channel;
    std::size_t files;
    std::string remembered;
  };

  [[nodiscard]] const ports::Descriptor& descriptor() const override { return descriptor_; }
  Result<void> complete(domain::Sbd&, const ports::CreateContext&) override { return {}; }

  Result<ports::Sent> send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                           std::stop_token) override {
    const std::scoped_lock lock(mutex);
    sent.push_back(
        {document.sbd, document.role, document.answer_channel, document.files.size(), dispatch.remembered()});
    if (!remember.empty()) {
      if (auto kept = dispatch.remember(remember, {}, "remote-" + document.sbd.document.instance_identifier); !kept)
        return failed(kept);
    }
    if (!send_errors.empty()) {
      auto error = send_errors.front();
      send_errors.erase(send_errors.begin());
      return tl::unexpected(error);
    }
    const bool follow = document.sbd.document.type != "status" && at_once.empty();
    return ports::Sent{"remote-" + document.sbd.document.instance_identifier, follow, {}, at_once};
  }

  Result<ports::StatusReport> status(const ports::StatusQuestion& question) override {
    const std::scoped_lock lock(mutex);
    ++status_calls;
    questions.push_back(question);
    if (status_error) return tl::unexpected(*status_error);
    return report;
  }
  std::vector<Result<ports::StatusReport>> statuses(const std::vector<ports::StatusQuestion>& all) override {
    {
      const std::scoped_lock lock(mutex);
      batches.push_back(all.size());
    }
    return Transport::statuses(all);
  }
  [[nodiscard]] std::vector<ports::Inbox> inboxes() const override {
    return sends_only ? std::vector<ports::Inbox>{} : std::vector<ports::Inbox>{inbox};
  }

  Result<std::vector<ports::Listed>> list(const ports::Inbox&, std::stop_token) override {
    const std::scoped_lock lock(mutex);
    std::vector<ports::Listed> listed;
    for (const auto& [id, item] : waiting) listed.push_back({id, item.touched});
    return listed;
  }
  Result<ports::RemoteItem> describe(const ports::Inbox& box, const std::string& id) override {
    const std::scoped_lock lock(mutex);
    ++described[id];
    const auto& entry = waiting.at(id);
    ports::RemoteItem item;
    item.service = descriptor_.service;
    item.inbox = box.id;
    item.remote_id = id;
    item.channel_seen = entry.reference;
    item.sender = entry.sbd.sender_value();
    item.created = item.published = entry.sbd.document.creation->utc;
    return item;
  }
  Result<void> fetch(const ports::RemoteItem& item, Sink& into, std::stop_token) override {
    const std::scoped_lock lock(mutex);
    ++fetched[item.remote_id];
    if (fetch_error) return tl::unexpected(*fetch_error);
    return into.write(bytes_of(item.remote_id));
  }
  Result<ports::InboundDocument> open(const ports::RemoteItem& item, const ports::BlobRef&,
                                      ports::OpenContext context) override {
    const std::scoped_lock lock(mutex);
    const auto& entry = waiting.at(item.remote_id);
    if (entry.open_error) return tl::unexpected(*entry.open_error);
    ports::InboundDocument document{entry.sbd, {}, entry.damage};
    if (entry.package) {
      auto writer = context.blobs.create({});
      if (!writer) return failed(writer);
      if (auto written = (*writer)->write(bytes_of(*entry.package)); !written) return failed(written);
      if (auto done = (*writer)->finish(); !done) return failed(done);
      document.package = (*writer)->ref();
    }
    return document;
  }
  Result<ports::Acknowledged> acknowledge(const ports::RemoteItem& item) override {
    const std::scoped_lock lock(mutex);
    if (before_acknowledge) before_acknowledge(item);
    ++acknowledged[item.remote_id];
    if (acknowledge_error) return tl::unexpected(*acknowledge_error);
    waiting.erase(item.remote_id);
    return acknowledge_answer;
  }
  Result<ports::Acknowledged> refuse(const ports::RemoteItem& item) override {
    const std::scoped_lock lock(mutex);
    ++refused[item.remote_id];
    if (refuse_error) return tl::unexpected(*refuse_error);
    return ports::Acknowledged::done;
  }
  [[nodiscard]] ports::TransportHealth health() const override { return {}; }
  [[nodiscard]] ports::Surveillance* surveillance() override { return shows_traffic ? &traffic : nullptr; }

  std::mutex mutex;
  ports::Inbox inbox{own_org, {}};
  bool sends_only = false;
  std::map<std::string, Waiting> waiting;
  std::vector<SentDocument> sent;
  std::vector<Error> send_errors;
  std::string remember;
  std::map<std::string, int> described, fetched, acknowledged, refused;
  std::optional<Error> fetch_error, acknowledge_error, refuse_error, status_error;
  ports::Acknowledged acknowledge_answer = ports::Acknowledged::done;
  std::function<void(const ports::RemoteItem&)> before_acknowledge;
  ports::StatusReport report{{}, true, false};
  int status_calls = 0;
  std::vector<ports::StatusQuestion> questions;
  std::vector<std::size_t> batches;  ///< of questions asked together
  std::vector<domain::ReceiptStatus> at_once;
  bool shows_traffic = true;
  ScriptedSurveillance traffic;
  /// Set before anything runs.
  ports::Descriptor& rules() { return descriptor_; }

 private:
  ports::Descriptor descriptor_;
};

/// Every receiver takes everything over DPO.
class EveryoneDirectory final : public ports::Directory {
 public:
  Result<std::vector<ports::ServiceRecord>> lookup(const ports::DirectoryQuery& query) override {
    if (error) return tl::unexpected(*error);
    ports::ServiceRecord record;
    record.service = ServiceIdentifier("DPO");
    record.process = query.process.value_or("");
    record.document_types = {"urn:no:difi:arkivmelding:xsd::arkivmelding",
                             "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering", "urn:no:difi:avtalt:xsd::avtalt"};
    return std::vector{record};
  }
  Result<ports::DirectoryEntity> entity(const std::string&) override { return ports::DirectoryEntity{}; }
  Result<std::string> certificate(const Orgnr&) override { return std::string{}; }
  std::optional<Error> error;
};

class GoodCertificate final : public ports::OwnCertificate {
 public:
  Result<void> check(bool) override { return {}; }
};

class NoArkivmelding final : public ports::ArkivmeldingReader {
 public:
  Result<ports::ArkivmeldingFacts> read(Source&) override { return ports::ArkivmeldingFacts{"Tittel", "sys-1", {}}; }
};

/// Everything a flow needs, in one folder.
class FlowStage : public ::testing::Test {
 protected:
  FlowStage() {
    settings.own_organisation = Orgnr("310700002");
    settings.status.document_type = "urn:no:difi:eformidling:xsd::status";
    settings.status.arkivmelding_process = response_process;
    settings.status.avtalt_process = "urn:no:difi:profile:avtalt:response:ver1.0";
    settings.status.einnsyn_process = "urn:no:difi:profile:einnsyn:response:ver1.0";
    settings.send_workers = 2;
    settings.receive_workers = 2;
    auto scripted = std::make_unique<ScriptedTransport>();
    transport = scripted.get();
    services.add(std::move(scripted));
  }

  flow::SubmitParts parts() {
    return {*database, *spool, directory, certificate, arkivmelding, points, services, settings, clock, log};
  }

  /// Runs the dispatcher until `done`, or fails after a while.
  void run_dispatcher(const std::function<bool()>& done) {
    flow::Dispatcher dispatcher(*database, *spool, services, settings, points, clock, log);
    dispatcher.start();
    dispatcher.hint();
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    dispatcher.stop();
    EXPECT_TRUE(done());
  }

  int poll(const std::stop_token& stop = {}) {
    WorkerPool pool(2);
    flow::Reception reception(*transport, *database, *spool, guard, intake, pool, board, settings, points, clock, log,
                              [] {});
    auto taken = reception.poll_once(transport->inbox, stop);
    EXPECT_TRUE(taken) << taken.error().text();
    return taken ? taken->became_ours : -1;
  }

  /// Created, one file uploaded, sent; gives the id.
  std::string submit(const std::string& id, std::optional<Time> ttl = {}, std::optional<std::string> channel = {}) {
    flow::Submit submit(parts(), [] {});
    auto created =
        submit.create(make_sbd("arkivmelding", own_org, other_org, id, {}, clock.now(), std::move(channel), ttl));
    EXPECT_TRUE(created) << created.error().text();
    auto upload = submit.upload(MessageId(id), {"arkivmelding.xml", {}, "application/xml"}, {});
    EXPECT_TRUE(upload && (*upload)->write(bytes_of("<x/>")) && (*upload)->finish());
    auto sent = submit.send(MessageId(id));
    EXPECT_TRUE(sent) << sent.error().text();
    return id;
  }

  std::vector<std::string> statuses(const std::string& id, ports::Direction direction = ports::Direction::outgoing) {
    std::vector<std::string> names;
    EXPECT_TRUE(database->read([&](ports::View& view) -> Result<void> {
      if (const auto conversation = view.conversation(MessageId(id), direction)) {
        for (const auto& status : conversation->statuses) names.emplace_back(domain::name_of(status.status));
      }
      return {};
    }));
    return names;
  }

  template <class T>
  T look(const std::function<T(ports::View&)>& at) {
    T out{};
    EXPECT_TRUE(database->read([&](ports::View& view) -> Result<void> {
      out = at(view);
      return {};
    }));
    return out;
  }

  std::vector<std::string> detections() {
    return look<std::vector<std::string>>([](ports::View& view) {
      std::vector<std::string> names;
      for (const auto& finding : view.findings()) names.push_back(finding.detection);
      return names;
    });
  }

  std::optional<ports::RemoteItem> item(const std::string& id) {
    return look<std::optional<ports::RemoteItem>>(
        [&](ports::View& view) { return view.remote_item(ServiceIdentifier("DPO"), id); });
  }

  TemporaryFolder folder;
  ManualClock clock;
  SilentLog log;
  std::unique_ptr<store::Spool> spool = store::open_spool({folder.path() / "spool", crypto::Key256{}}).value();
  std::unique_ptr<store::SqlStore> database =
      store::open_sqlite_store({folder.path() / "kanal.db"}, *spool, clock, log).value();
  EveryoneDirectory directory;
  GoodCertificate certificate;
  NoArkivmelding arkivmelding;
  ports::NoCrashPoints points;
  flow::Services services;
  flow::Settings settings;
  flow::StatusBoard board;
  ScriptedTransport* transport = nullptr;
  flow::ChannelGuard guard{*database, clock, log};
  flow::Intake intake{guard, nullptr, settings, clock, log};
};

}  // namespace kanal::testing
