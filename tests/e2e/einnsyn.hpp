// The agency S and eInnsyn, played by R: their registrations and settings for DPE.
#pragma once

#include "sim/faults.hpp"
#include "tests/e2e/bench.hpp"

namespace kanal::testing::einnsyn {

inline const std::string agency_queue = "nextbestqueue" + s_org + "innsyn";
inline const std::string journal_queue = "nextbestqueue" + r_org + "data";

/// Both are known for everything that eInnsyn carries.
inline void set_up(sim::National& national) {
  for (const auto& orgnr : {s_org, r_org}) {
    auto processes = sim::processes_of(sim::ProcessCategory::arkivmelding);
    processes.merge(sim::processes_of(sim::ProcessCategory::avtalt));
    processes.merge(sim::processes_of(sim::ProcessCategory::einnsyn));
    national.register_organisation(
        {orgnr, "Org " + orgnr, processes, BenchKeys::get().organisations.at(orgnr).certificate});
  }
}

/// Of an installation that reads the queue of `mode`, by REST or by AMQP.
inline Names settings(sim::National& national, const std::string& mode, bool batch_read = false) {
  const std::string bus = "--difi.move.nextmove.serviceBus.";
  return {"--difi.move.feature.enableDPE=true",
          bus + "baseUrl=" + national.service_bus_host(),
          bus + "mode=" + mode,
          bus + "pollingrate=50",
          bus + "connectTimeout=2000",
          bus + "batchRead=" + (batch_read ? "true" : "false"),
          "--kanal.dpe.amqp-port=" + std::to_string(national.service_bus().amqp_port()),
          "--kanal.dpe.receive-wait=0"};
}

inline app::Letter publication(const std::string& content = R"({"@graph":[]})") {
  return app::letter_to_einnsyn("publisering", "0192:" + r_org, s_org,
                                {{"journal.jsonld", "application/ld+json", content}});
}
inline app::Letter request() {
  return app::letter_to_einnsyn("innsynskrav", "0192:" + s_org, s_org,
                                {{"krav.pdf", "application/pdf", app::make_pdf("krav")}});
}

/// What eInnsyn says about a document.
inline app::Letter receipt() {
  app::Letter receipt;
  receipt.type = "einnsyn_kvittering";
  receipt.receiver = "0192:" + s_org;
  receipt.process = app::einnsyn_response_process;
  receipt.body = {
      {"dokumentId", "http://data.oslo.no/1"}, {"status", "{\"ok\":true}"}, {"referanseType", "publisering"}};
  return receipt;
}

}  // namespace kanal::testing::einnsyn

namespace kanal::testing {

/// The agency S and eInnsyn R, and what happens between them.
class EinnsynTest : public BenchTest {
 protected:
  explicit EinnsynTest(bool batch_read = false) : batch_read_(batch_read) { einnsyn::set_up(national); }
  sim::ServiceBusState& bus() { return national.service_bus().state(); }
  void start_agency(const Names& more = {}, const std::string& name = "S") {
    auto settings = einnsyn::settings(national, "innsyn", batch_read_);
    settings.insert(settings.end(), more.begin(), more.end());
    start({name, s_org, "", settings});
  }
  void start_einnsyn() { start({"R", r_org, "", einnsyn::settings(national, "data", batch_read_)}); }
  void start_both() {
    start_agency();
    start_einnsyn();
  }
  std::string post(const std::string& name, const app::Letter& letter) {
    auto id = client(name).send(letter);
    EXPECT_TRUE(id) << id.error().text();
    return id.value_or("");
  }
  /// Clients take what waits, time passes, until it holds.
  bool in_time(const std::function<bool()>& holds, std::chrono::seconds step = std::chrono::seconds(1)) {
    return eventually([&] {
      clock.advance(step);
      for (const auto& [name, installation] : installations) serve(name, false);
      return holds();
    });
  }
  void expect_once(const std::string& id, const std::string& sender, const std::string& receiver) {
    ASSERT_TRUE(in_time([&] {
      return has(sender, id, {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"});
    })) << ::testing::PrintToString(statuses(sender, id));
    EXPECT_EQ(receivers_of(id), Names{receiver});
    EXPECT_TRUE(in_time([&] { return is_empty(); })) << "everything is completed";
    EXPECT_THAT(bus().messages(einnsyn::journal_queue + "/$deadletterqueue"), ::testing::IsEmpty());
  }
  /// Once, when a remote end does this to a publication.
  void expect_once_with(const std::string& fault) {
    start_both();
    arm(fault, 1, einnsyn::journal_queue);
    expect_once(post("S", einnsyn::publication()), "S", "R");
    EXPECT_EQ(national.faults().met(fault), 1U) << fault;
  }
  bool is_empty() {
    return bus().messages(einnsyn::journal_queue).empty() && bus().messages(einnsyn::agency_queue).empty();
  }
  std::string management(const std::string& name, const std::string& path) {
    net::ClientRequest request;
    request.url = installations.at(name)->url() + "/manage/" + path;
    const auto answer = http.send(request);
    EXPECT_TRUE(answer && answer->ok());
    return answer ? answer->body : "";
  }
  /// The lookout has had its chance.
  void let_time_pass() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    EXPECT_TRUE(in_time([&] { return std::chrono::steady_clock::now() > until; }, std::chrono::seconds(0)));
  }
  std::size_t orphans(const std::string& name) {
    return boost::json::parse(management(name, "channels/orphans")).as_array().size();
  }

 private:
  bool batch_read_;
};

}  // namespace kanal::testing
