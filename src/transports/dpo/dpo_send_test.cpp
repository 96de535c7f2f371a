// send() and what follows it: every document arrives once, whatever is lost on the way (dpo.md 6.2 and 6.4).
#include "transports/dpo/transport_testing.hpp"

namespace kanal::transports::dpo::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class DpoSend : public TransportBench {
 protected:
  [[nodiscard]] std::size_t initialized() const { return audited("broker", "initialize"); }
  [[nodiscard]] std::size_t uploaded() const { return audited("broker", "upload"); }
  std::size_t published() {
    std::size_t count = 0;
    for (const auto& one : broker_state().list({}, 1000)) {
      count += one.current().status == sim::FileStatus::published ? 1 : 0;
    }
    return count;
  }
  Result<ports::Sent> send(const ports::OutboundDocument& document) {
    return transport_->send(document, dispatch_, {});
  }

  std::unique_ptr<DpoTransport> transport_ = transport_of(agency);
  TestDispatch dispatch_{blobs_};
};

TEST_F(DpoSend, CarriesAMessageAcross) {
  const auto document = message_with_files();
  const auto before = blobs_.count();
  const auto result = send(document);
  ASSERT_EQ(failure_of(result), "");
  EXPECT_TRUE(result->follow) << "the virus scan may still refuse it";
  EXPECT_EQ(blobs_.count(), before) << "no package is left";
  const auto made = transfer(result->remote_reference);
  EXPECT_EQ(made.given.sender, iso6523(agency));
  EXPECT_THAT(made.given.recipients, ::testing::ElementsAre(municipality));
  EXPECT_TRUE(is_uuid(made.given.reference.value_or("")));
  EXPECT_EQ(made.given.checksum, made.md5);

  const auto receiver = transport_of(municipality);
  const auto inbox = receiver->inboxes().at(0);
  const auto listed = receiver->list(inbox, {});
  ASSERT_EQ(failure_of(listed), "");
  ASSERT_EQ(listed->size(), 1U);
  const auto item = receiver->describe(inbox, listed->at(0).remote_id);
  ASSERT_EQ(failure_of(item), "");
  auto raw = blobs_.create({.md5 = true, .scratch = true});
  ASSERT_EQ(failure_of(receiver->fetch(*item, **raw, {})), "");
  ASSERT_TRUE((*raw)->finish());
  const auto opened = receiver->open(*item, (*raw)->ref(), {blobs_, {}});
  ASSERT_EQ(failure_of(opened), "");
  EXPECT_FALSE(opened->damage) << opened->damage->text();
  EXPECT_EQ(domain::write_sbd(opened->sbd), domain::write_sbd(document.sbd));
  EXPECT_THAT(blobs_.content(*opened->package), HasSubstr("vedtak.pdf"));
  EXPECT_EQ(*receiver->acknowledge(*item), ports::Acknowledged::done);
  const auto report = transport_->status({result->remote_reference, document.sbd.sender_value()});
  EXPECT_TRUE(report->settled);
  EXPECT_TRUE(report->statuses.empty());
  EXPECT_TRUE(report->taken_by_receiver);
}

TEST_F(DpoSend, AStatusIsNotFollowed) {
  const auto document = answer(domain::DocumentRole::answer_to_message, {});
  arm("broker.upload.lost_answer");
  EXPECT_EQ(failure_of(send(document)), "http.broken retry");
  const auto result = send(document);
  ASSERT_EQ(failure_of(result), "");
  EXPECT_FALSE(result->follow) << "not after a lost answer either";
}

TEST_F(DpoSend, ALostAnswerToTheUploadIsNoSecondTransfer) {
  const auto document = message_with_files();
  arm("broker.upload.lost_answer");
  EXPECT_EQ(failure_of(send(document)), "http.broken retry");
  const auto result = send(document);
  ASSERT_EQ(failure_of(result), "");
  EXPECT_EQ(initialized(), 1U);
  EXPECT_EQ(uploaded(), 1U);
  EXPECT_EQ(status_of(result->remote_reference), "Published");
}

TEST_F(DpoSend, ALostAnswerToInitializeIsAtWorstAnEmptyTransfer) {
  arm("broker.initialize.lost_answer");
  EXPECT_EQ(failure_of(send(message())), "http.broken retry");
  EXPECT_EQ(failure_of(send(message())), "");
  EXPECT_EQ(initialized(), 2U);
  EXPECT_EQ(published(), 1U);
}

TEST_F(DpoSend, AFailedTransferIsBegunAnew) {
  arm("broker.upload.cut");
  const auto document = message_with_files();
  EXPECT_EQ(failure_of(send(document)), "http.broken retry");
  ASSERT_TRUE(dispatch_.kept) << "the bytes for the next attempt";
  const auto result = send(document);
  ASSERT_EQ(failure_of(result), "");
  EXPECT_EQ(initialized(), 2U);
  EXPECT_EQ(published(), 1U);
  EXPECT_EQ(transfer(result->remote_reference).md5, to_hex(dispatch_.kept->md5)) << "the same bytes";
}

TEST_F(DpoSend, AnUnavailableBrokerGetsTheSameTransferLater) {
  arm("broker.upload.503", 3);
  const auto document = message_with_files();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(failure_of(send(document)), "dpo.http retry");
  EXPECT_EQ(failure_of(send(document)), "");
  EXPECT_EQ(initialized(), 1U);
  EXPECT_EQ(published(), 1U);
}

TEST_F(DpoSend, AnUploadThatSomebodyMadeBeforeIsDone) {
  Side other(settings_of(agency), http_, clock_, log_);
  dispatch_.at_point = [&](std::string_view point) {
    if (point != "send.reference_stored") return;
    // As if an earlier attempt's bytes came through only now: 409 for this one.
    const auto id = std::string(boost::json::parse(dispatch_.state).at("id").as_string());
    broker_state().force_status(id, sim::FileStatus::published, "Ready for download");
  };
  EXPECT_EQ(failure_of(send(message())), "dpo.BRO-00004 retry");
  dispatch_.at_point = {};
  EXPECT_EQ(failure_of(send(message())), "");
  EXPECT_EQ(initialized(), 1U);
  EXPECT_EQ(uploaded(), 0U);
}

TEST_F(DpoSend, ACrashBeforeTheIdIsKeptLeavesAnEmptyTransfer) {
  dispatch_.at_point = [](std::string_view point) {
    if (point == "send.initialized") throw Crash{};
  };
  EXPECT_THROW(static_cast<void>(send(message())), Crash);
  dispatch_.at_point = {};
  EXPECT_EQ(failure_of(send(message())), "");
  EXPECT_EQ(initialized(), 2U);
  EXPECT_EQ(published(), 1U);
}

TEST_F(DpoSend, ACrashBeforeTheUploadStartsOver) {
  dispatch_.at_point = [](std::string_view point) {
    if (point == "send.reference_stored") throw Crash{};
  };
  EXPECT_THROW(static_cast<void>(send(message_with_files())), Crash);
  EXPECT_FALSE(dispatch_.kept);
  dispatch_.at_point = {};
  EXPECT_EQ(failure_of(send(message_with_files())), "");
  EXPECT_EQ(published(), 1U);
}

TEST_F(DpoSend, AnUploadThatTheBrokerStillWorksOnIsWaitedFor) {
  const auto begun = transfer(*Side(settings_of(agency), http_, clock_, log_).initialize());
  dispatch_.state = R"({"id":")" + begun.id + "\"}";
  broker_state().force_status(begun.id, sim::FileStatus::upload_started, "Upload started");
  EXPECT_EQ(failure_of(send(message())), "dpo.upload_unsettled retry");
  clock_.advance(std::chrono::minutes(10));
  EXPECT_EQ(failure_of(send(message())), "dpo.upload_unsettled retry");
  EXPECT_EQ(initialized(), 1U);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(failure_of(send(message())), "") << "it never will be";
  EXPECT_EQ(initialized(), 2U);
}

TEST_F(DpoSend, WhatTheBrokerHasForgottenIsBegunAnew) {
  dispatch_.state = R"({"id":")" + new_uuid() + "\"}";
  EXPECT_EQ(failure_of(send(message())), "");
  EXPECT_EQ(published(), 1U);
  dispatch_.state = "no JSON";
  EXPECT_EQ(failure_of(send(message())), "");
  EXPECT_EQ(published(), 2U);
}

TEST_F(DpoSend, WhatWentOnIsDone) {
  for (const auto status : {sim::FileStatus::upload_processing, sim::FileStatus::published,
                            sim::FileStatus::all_confirmed_downloaded, sim::FileStatus::purged}) {
    const auto id = injected("x");
    broker_state().force_status(id, status, "");
    dispatch_.state = R"({"id":")" + id + "\"}";
    const auto result = send(message());
    ASSERT_EQ(failure_of(result), "") << sim::name_of(status);
    EXPECT_EQ(result->remote_reference, id);
  }
  EXPECT_EQ(initialized(), 0U);
}

TEST_F(DpoSend, MalwareIsNeverSentAgain) {
  arm("broker.scan.malware");
  const auto result = send(message());
  ASSERT_EQ(failure_of(result), "");
  const auto report = transport_->status({result->remote_reference, iso6523(agency)});
  ASSERT_EQ(report->statuses.size(), 1U);
  EXPECT_EQ(report->statuses[0].status, domain::ReceiptStatus::feil);
  EXPECT_EQ(report->statuses[0].description, "Malware scan failed: Malware");
  EXPECT_TRUE(report->settled);
  const auto again = send(message());
  EXPECT_EQ(failure_of(again), "dpo.malware reject");
  EXPECT_EQ(initialized(), 1U);
}

TEST_F(DpoSend, StatusIsPendingUntilTheScanIsOver) {
  broker_state().set_scan_time(std::chrono::seconds(30));
  const auto id = send(message())->remote_reference;
  EXPECT_FALSE(transport_->status({id, iso6523(agency)})->settled);
  arm("broker.overview.unknown_status", 1, id);
  EXPECT_FALSE(transport_->status({id, iso6523(agency)})->settled) << "not known, not failed";
  clock_.advance(std::chrono::seconds(30));
  const auto report = transport_->status({id, iso6523(agency)});
  EXPECT_TRUE(report->settled);
  EXPECT_TRUE(report->statuses.empty());
  EXPECT_FALSE(report->taken_by_receiver);
}

TEST_F(DpoSend, APermanentRefusalKeepsNothing) {
  auto document = message_with_files();
  document.sbd.receiver.front().value = "0192:310701378:part";
  const auto before = blobs_.count();
  EXPECT_EQ(failure_of(send(document)), "dpo.http reject");
  document = message_with_files();
  sim::ResourceSettings small;
  small.max_size = 10;
  broker_state().set_resource(sim::testing::resource, small);
  EXPECT_EQ(failure_of(send(document)), "dpo.BRO-00016 reject");
  EXPECT_FALSE(dispatch_.kept);
  EXPECT_EQ(blobs_.count(), before + 2) << "the two files of the second message";
}

TEST_F(DpoSend, WithoutRoomForThePackageItIsMadeAnew) {
  arm("broker.upload.503");
  const auto document = message_with_files();
  blobs_.fail_after(1, Error{"spool.full", "no room", Disposition::retry, {}, {}});
  EXPECT_EQ(failure_of(send(document)), "dpo.http retry");
  EXPECT_THAT(log_.text(), HasSubstr("package_not_kept"));
  EXPECT_FALSE(dispatch_.kept);
  blobs_.fail_after(1000, {});
  EXPECT_EQ(failure_of(send(document)), "");
  EXPECT_EQ(published(), 1U);
}

TEST_F(DpoSend, AnOrganisationActsAsItselfOrAsAReportee) {
  auto settings = settings_of(agency);
  settings.reportees.push_back({user_of(represented), {}});
  const auto vendor = transport_of(settings);
  auto document = message();
  EXPECT_EQ(sent(*vendor, document).given.sender, "0192:310700002");
  document.sbd.sender.front().value = "0192:310700002:991825827";
  const auto on_behalf = sent(*vendor, document);
  EXPECT_EQ(on_behalf.given.sender, "0192:991825827") << "the broker knows no parts";
  EXPECT_EQ(wire_sbd(on_behalf).sender_value(), "0192:991825827");
  EXPECT_TRUE(vendor->status({on_behalf.id, "0192:310700002:991825827"})->settled);
  document.sbd.sender.front().value = "0192:310700002:987464291";
  TestDispatch dispatch(blobs_);
  const auto nobody = vendor->send(document, dispatch, {});
  EXPECT_EQ(failure_of(nobody), "dpo.no_system_user retry");
  EXPECT_THAT(nobody.error().message, HasSubstr("0192:987464291: add it to difi.move.dpo.reportees"));
}

TEST_F(DpoSend, WireSender) {
  EXPECT_EQ(wire_sender("0192:310700002"), "0192:310700002");
  EXPECT_EQ(wire_sender("0192:310700002:991825827"), "0192:991825827");
  EXPECT_EQ(wire_sender("somebody"), "somebody");
  EXPECT_EQ(wire_sender(""), "");
}

TEST_F(DpoSend, NeedsBothParties) {
  auto document = message();
  document.sbd.sender.clear();
  EXPECT_EQ(failure_of(send(document)), "dpo.parties reject");
  document = message();
  document.sbd.receiver.clear();
  EXPECT_EQ(failure_of(send(document)), "dpo.parties reject");
}

TEST_F(DpoSend, FilesNeedAUsableCertificateOfTheReceiver) {
  const auto document = message_with_files();
  directory_.service = "DPV";
  EXPECT_EQ(failure_of(send(document)), "dpo.route_changed retry");
  directory_.service = "DPO";
  const auto& keys = sim::testing::Keys::get();
  const auto old =
      crypto::issue(keys.ca, {"Old", "Old", municipality, {}, keys.from, keys.from + std::chrono::days(1)});
  directory_.certificate_pem = old.certificate.pem();
  const auto expired = send(document);
  EXPECT_EQ(failure_of(expired), "dpo.receiver_certificate retry");
  EXPECT_THAT(expired.error().message, HasSubstr("2020-01-01T00:00:00Z to 2020-01-02T00:00:00Z"));
  directory_.certificate_pem = "nothing";
  EXPECT_FALSE(send(document));
  EXPECT_EQ(initialized(), 0U);
  EXPECT_EQ(failure_of(send(message())), "") << "without files nobody asks";
  dispatch_.state.clear();
  directory_.certificate_pem = keys.agency_identity.certificate.pem();
  EXPECT_EQ(failure_of(send(document)), "");
  EXPECT_THAT(log_.text(), HasSubstr("receiver_certificate_of_other receiver=310701378 certificate=310700002"));
}

TEST_F(DpoSend, DescribesTheInstallationOnlyWhenAsked) {
  EXPECT_THAT(sent(*transport_, message()).given.properties, IsEmpty());
  auto settings = settings_of(agency);
  settings.describe_installation = true;
  EXPECT_THAT(sent(*transport_of(settings), message()).given.properties,
              UnorderedElementsAre(Pair("ip.instance", "6a2c"), Pair("ip.channel", "-"),
                                   Pair("ip.version", ::testing::StartsWith("kanal "))));
  settings.reportees.front().channel = "fagsys-A";
  EXPECT_EQ(sent(*transport_of(settings), message()).given.properties.at("ip.channel"), "fagsys-A");
}

}  // namespace
}  // namespace kanal::transports::dpo::testing
