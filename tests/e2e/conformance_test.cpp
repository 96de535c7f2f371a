// What every message service has to stand, whatever it is: one row each, and a service without a row fails the build's
// tests. Its remote end is slow, cuts connections, loses answers, forgets tokens, asks for patience, answers nonsense,
// and the installation dies: the message arrives, once.
#include "sim/faults.hpp"
#include "tests/e2e/einnsyn.hpp"
#include "tests/e2e/fiks.hpp"
#include "tests/e2e/ks.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

const std::string digital_resident = "21868110187";

/// One message service.
struct Row {
  std::string service;
  Names settings;
  std::string limit_property;  ///< of the sum of a message's files
  std::function<app::Letter()> letter;
  Names wanted;                                          ///< statuses of a message that arrived
  std::function<std::size_t(const std::string&)> count;  ///< how often the service has it, by message id
  Names faults;                                          ///< what the remote end does, one at a time
  std::string receiver{};                  ///< the installation that takes what comes back or arrives; empty: none does
  std::function<void()> start_receiver{};  ///< again, with the same store
  std::function<std::string(const std::string&)> id_there{};  ///< what the receiver calls a message; empty: the same
};

class Conformance : public ::testing::TestWithParam<std::string>, protected Bench {
 protected:
  Conformance() : Bench({.fiks_io = GetParam() == "DPFIO"}) {
    sim::Resident digital;
    digital.id = digital_resident;
    digital.name = "Kari Nordvik";
    digital.mailbox.emplace();
    digital.mailbox->address = "kari.nordvik#7QXD";
    EXPECT_TRUE(national.register_resident(digital));
  }

  Row row_of(const std::string& service) {
    if (service == "DPO") return dpo();
    if (service == "DPI") return dpi();
    if (service == "DPV") return dpv();
    if (service == "DPF") return dpf();
    if (service == "DPE") return dpe();
    if (service == "DPFIO") return dpfio();
    ADD_FAILURE() << service << " has no row: add one";
    return {};
  }
  void start_sender(const Row& row, const Names& more = {}) {
    auto settings = row.settings;
    settings.insert(settings.end(), more.begin(), more.end());
    start({"S", s_org, "", settings});
  }
  void expect_arrival(const Row& row, const std::string& id) {
    ASSERT_TRUE(eventually([&] {
      clock.advance(seconds(1));
      if (installations.contains("R")) serve("R", row.service == "DPO");
      serve("S");
      // Some services tell of a delivery before there is one.
      return has("S", id, row.wanted) && (!installations.contains("R") || receivers_of(there(row, id)) == Names{"R"});
    })) << ::testing::PrintToString(statuses("S", id));
    EXPECT_THAT(statuses("S", id), UnorderedElementsAreArray(row.wanted));
    EXPECT_EQ(row.count(id), 1U) << "the service has it once";
    if (installations.contains("R")) {
      EXPECT_EQ(receivers_of(there(row, id)), Names{"R"}) << "and so has the receiver's client";
    }
  }
  static std::string there(const Row& row, const std::string& id) { return row.id_there ? row.id_there(id) : id; }
  std::string post(const Row& row) {
    auto id = client("S").send(row.letter());
    EXPECT_TRUE(id) << id.error().text();
    return id.value_or("");
  }

 private:
  Row dpo() {
    const auto start_receiver = [this] { start({"R", r_org}); };
    start_receiver();
    const auto count = [this](const std::string& id) {
      const auto all = ledger.read();
      return static_cast<std::size_t>(std::ranges::count_if(
          all, [&](const auto& one) { return one.type == "arkivmelding" && one.message_id == id; }));
    };
    return {"DPO",
            {},
            "difi.move.dpo.upload-size-limit",
            [] { return letter(r_org); },
            {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"},
            count,
            {"broker.slow", "broker.initialize.lost_answer", "broker.upload.lost_answer", "broker.upload.cut",
             "broker.401", "broker.initialize.429", "broker.upload.503", "broker.overview.unknown_status",
             "broker.download.cut", "broker.confirm.lost_answer", "maskinporten.expired", "exchange.object"},
            "R",
            start_receiver,
            {}};
  }
  Row dpi() {
    const auto count = [this](const std::string& id) {
      const auto all = national.corner2().state().messages(10'000);
      return static_cast<std::size_t>(
          std::ranges::count_if(all, [&](const auto& one) { return one.message.id == id; }));
    };
    return {"DPI",
            {"--difi.move.feature.enableDPI=true", "--difi.move.dpi.mpcId=kanal",
             "--difi.move.dpi.uri=" + national.corner2_url(),
             "--difi.move.dpi.krr-print-url=" + national.krr_print_url(), "--difi.move.dpi.pollingrate=50"},
            "difi.move.dpi.upload-size-limit",
            [] {
              return app::letter_to_resident("digital", digital_resident,
                                             {{"brev.pdf", "application/pdf", app::make_pdf("post")}});
            },
            {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"},
            count,
            {"corner2.slow", "corner2.reset", "corner2.lost_answer", "corner2.503_after_store", "corner2.expired_token",
             "corner2.post.429", "corner2.post.503", "corner2.single_object", "corner2.cut_array",
             "corner2.read_lost_answer", "corner2.receipt.repeated", "corner2.receipt.duplicate"}};
  }
  Row dpv() {
    national.register_organisation({t_org, "HAVNA BYGG AS", std::set<std::string>{}, {}});
    return {"DPV",
            {"--difi.move.feature.enableDPV=true",
             "--difi.move.dpv.correspondenceServiceUrl=" + national.correspondence_url(),
             "--difi.move.dpv.altinnTokenExchangeUrl=" + national.exchange_url(),
             "--difi.move.dpv.health-check-url=", "--kanal.status.interval=500"},
            "difi.move.dpv.upload-size-limit",
            [] { return letter(t_org); },
            {"OPPRETTET", "SENDT", "LEVERT", "LEST"},
            [this](const std::string& id) { return national.correspondence().state().find_by_reference(id).size(); },
            {"correspondence.slow", "correspondence.reset", "correspondence.upload.lost_answer",
             "correspondence.upload.503_after_store", "correspondence.revoked_token", "correspondence.upload.429",
             "correspondence.upload.null_list", "correspondence.empty_body", "correspondence.outage",
             "correspondence.overview.unknown_members", "exchange.object"}};
  }
  Row dpf() {
    ks::set_up(national);
    auto settings = ks::sending(national);
    settings.emplace_back("--kanal.status.interval=500");
    const auto start_receiver = [this] { start({"R", t_org, "", ks::receiving(national)}); };
    start_receiver();
    const auto count = [this](const std::string& id) {
      return national.svarut().state().by_ekstern_ref(id, ks::konto).size();
    };
    return {"DPF",
            settings,
            "difi.move.fiks.ut.upload-size-limit",
            [] { return letter(t_org); },
            {"OPPRETTET", "SENDT", "LEVERT", "LEST"},
            count,
            {"svarut.slow",
             "svarut.reset",
             "svarut.send.lost_answer",
             "svarut.send.503_after_store",
             "svarut.send.401",
             "svarut.send.429",
             "svarut.send.empty_200",
             "svarut.send.no_id",
             "svarut.status.unknown_status",
             "svarut.status.missing",
             "svarut.status.foreign_id",
             "svarinn.slow",
             "svarinn.reset",
             "svarinn.list.cut",
             "svarinn.401",
             "svarinn.429",
             "svarinn.download.reset",
             "svarinn.download.truncated",
             "svarinn.kvitterMottak.lost_answer",
             "svarinn.kvitterMottak.500_after"},
            "R",
            start_receiver,
            [this](const std::string& id) {
              const auto all = national.svarut().state().by_ekstern_ref(id, ks::konto);
              return all.empty() ? std::string() : all.front().id;
            }};
  }
  Row dpe() {
    einnsyn::set_up(national);
    const auto start_receiver = [this] { start({"R", r_org, "", einnsyn::settings(national, "data")}); };
    start_receiver();
    // What is sent again after a lost answer is the same message to its receiver, who is held to once.
    const auto count = [this](const std::string& id) {
      return std::min<std::size_t>(national.audit().count({.simulator = "servicebus", .action = "send", .subject = id}),
                                   1);
    };
    return {"DPE",
            einnsyn::settings(national, "innsyn"),
            "difi.move.nextmove.serviceBus.upload-size-limit",
            [] { return einnsyn::publication(); },
            {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"},
            count,
            {"servicebus.slow", "servicebus.reset", "servicebus.401", "servicebus.429", "servicebus.503",
             "servicebus.send.lost_answer", "servicebus.send.503_after_store", "servicebus.send.quota",
             "servicebus.head.no_properties", "servicebus.head.text_sequence", "servicebus.complete.lost_answer",
             "servicebus.complete.lock_lost", "servicebus.complete.500", "registry.503"},
            "R",
            start_receiver,
            {}};
  }
  Row dpfio() {
    fiks::set_up(national);
    const auto start_receiver = [this] { start({"R", r_org, "", fiks::settings_of_r(national)}); };
    start_receiver();
    // What is sent again after a lost answer is the same message to its receiver, who is held to once.
    const auto count = [this](const std::string& id) {
      return std::min<std::size_t>(fiks::ids_of(national, id).size(), 1);
    };
    return {"DPFIO",
            fiks::settings_of_s(national),
            "difi.move.fiks.io.upload-size-limit",
            [] { return fiks::letter(); },
            {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"},
            count,
            {"fiksio.slow", "fiksio.reset", "fiksio.send.401", "fiksio.send.429", "fiksio.send.503",
             "fiksio.send.lost_answer", "fiksio.send.500_after_store", "fiksio.send.empty_200", "fiksio.nokkel.missing",
             "fiksio.nokkel.malformed", "fiksio.deliver.duplicate", "maskinporten.expired"},
            "R",
            start_receiver,
            [this](const std::string& id) {
              Names delivered;
              for (const auto& one : fiks::ids_of(national, id)) {
                if (!receivers_of(one).empty()) delivered.push_back(one);
              }
              return delivered.size() == 1 ? delivered.front()
                                           : "delivered " + std::to_string(delivered.size()) + " times";
            }};
  }
};

TEST_P(Conformance, ArrivesOnceWhateverTheRemoteEndDoes) {
  const auto row = row_of(GetParam());
  start_sender(row);
  for (const auto& fault : row.faults) {
    SCOPED_TRACE(fault);
    // Past the life of tokens and answers that are kept.
    clock.advance(hours(2));
    arm(fault);
    expect_arrival(row, post(row));
    national.faults().disarm_all();
  }
}

TEST_P(Conformance, ArrivesOnceWhereverTheInstallationDies) {
  const auto row = row_of(GetParam());
  start_sender(row);
  for (const std::string point : {"send.leased", "send.uploaded", "send.committed"}) {
    SCOPED_TRACE(point);
    hooks("S").die_at(point);
    const auto id = post(row);
    ASSERT_TRUE(eventually([&] { return hooks("S").dead(); }));
    stop("S");
    hooks("S").revive();
    start_sender(row);
    clock.advance(minutes(3));  // the lease of the dead
    expect_arrival(row, id);
  }
}

TEST_P(Conformance, ReceivedOnceWhereverTheInstallationDies) {
  auto row = row_of(GetParam());
  start_sender(row);
  if (row.service == "DPI") {
    row.receiver = "S";  // of receipts
    row.start_receiver = [&] { start_sender(row); };
  }
  if (row.receiver.empty()) GTEST_SKIP() << "nothing is received over " << row.service;
  for (const std::string point : {"receive.taking_stored", "receive.downloaded", "receive.unpacked",
                                  "receive.committed", "receive.acknowledged"}) {
    SCOPED_TRACE(point);
    hooks(row.receiver).die_at(point);
    const auto id = post(row);
    ASSERT_TRUE(eventually([&] {
      clock.advance(seconds(1));
      return hooks(row.receiver).dead();
    }));
    stop(row.receiver);
    hooks(row.receiver).revive();
    row.start_receiver();
    clock.advance(minutes(3));
    expect_arrival(row, id);
  }
}

TEST_P(Conformance, WhatIsTooLargeIsRefusedBeforeItIsTaken) {
  const auto row = row_of(GetParam());
  start_sender(row, {"--" + row.limit_property + "=1KB"});
  auto letter = row.letter();
  letter.message_id = new_uuid();
  letter.files.front().content.resize(4096, 'x');
  const auto sent = client("S").send(letter);
  ASSERT_FALSE(sent);
  EXPECT_THAT(sent.error().text(), HasSubstr("MaxFileSizeExceeded"));
  EXPECT_EQ(row.count(letter.message_id), 0U);
}

Names registered_services() {
  Names names;
  for (const auto& factory : transports::all_factories()) names.push_back(factory.service.str());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Services, Conformance, ::testing::ValuesIn(registered_services()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace kanal::testing
