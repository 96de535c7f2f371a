#include "transports/dpf/dpf_transport.hpp"

#include <gtest/gtest.h>

#include "lookup/lookup_testing.hpp"
#include "transports/dpf/dpf_testing.hpp"

namespace kanal::transports::dpf::testing {
namespace {

using lookup::testing::code_of;

class DpfTransportTest : public ::testing::Test {
 protected:
  DpfTransport make(Settings settings, InnSettings in = {}) {
    return {std::move(settings), std::move(in),
            Resources{config_, http_, directory_, identities_, clock_, log_, "6a2c"}};
  }
  kanal::testing::TemporaryFolder folder_;
  net::HttpClient http_{net::ClientOptions{}};
  lookup::testing::ManualClock clock_;
  lookup::testing::CaptureLog log_;
  ops::Config config_ = *ops::Config::load({folder_.path(), {}, {}});
  DpfDirectory directory_;
  std::vector<crypto::Identity> identities_{DpfKeys::get().own};
  ports::testing::MemoryBlobs blobs_;
};

TEST_F(DpfTransportTest, TellsWhatTheFlowNeedsToKnow) {
  auto settings = dpf_settings(SvarUtType::soap);
  settings.soap_logins.clear();  // nobody to knock for
  settings.upload_size_limit = 7;
  settings.longest_status_interval = std::chrono::minutes(45);
  const auto transport = make(settings);
  const auto& told = transport.descriptor();
  EXPECT_EQ(told.service, ServiceIdentifier("DPF"));
  EXPECT_EQ(told.message_types, std::vector<std::string>{"arkivmelding"});
  EXPECT_EQ(told.isolation, domain::Isolation::by_switch);
  EXPECT_EQ(told.isolation_property, "difi.move.fiks.inn.enable");
  EXPECT_EQ(told.upload_size_limit, 7U);
  EXPECT_EQ(told.local_receipt, domain::ReceiptStatus::lest);
  EXPECT_TRUE(told.follow.after_delivery && told.follow.pollable);
  EXPECT_EQ(told.follow.interval, std::chrono::minutes(1));
  EXPECT_EQ(told.follow.longest, std::chrono::minutes(45));
  EXPECT_GT(told.follow.batch, 1);
  EXPECT_FALSE(told.answers_with_status);
}

TEST_F(DpfTransportTest, OneThatOnlyReceivesSendsNothing) {
  auto settings = dpf_settings();
  settings.sends = false;
  auto transport = make(settings);
  EXPECT_TRUE(transport.descriptor().message_types.empty());
  auto sbd = dpf_sbd();
  EXPECT_EQ(code_of(transport.complete(sbd, {})), "submit.service_disabled");
  ports::testing::TestDispatch dispatch(blobs_);
  const auto sent = transport.send({sbd, domain::DocumentRole::message, {}, whole_files(blobs_)}, dispatch, {});
  EXPECT_EQ(code_of(sent), "dpf.off");
  EXPECT_EQ(sent.error().disposition, Disposition::retry) << "it waits until sending is switched on";
  EXPECT_EQ(code_of(transport.status({ks_id, "0192:310700002"})), "dpf.off");
  EXPECT_TRUE(transport.health().up);
}

TEST_F(DpfTransportTest, OneThatDoesNotReceiveAsksForNothing) {
  auto settings = dpf_settings(SvarUtType::soap);
  settings.soap_logins.clear();
  auto transport = make(settings);
  EXPECT_FALSE(transport.descriptor().receives);
  EXPECT_TRUE(transport.inboxes().empty());
  EXPECT_EQ(code_of(transport.list({"0192:310700002", {}, false}, {})), "dpf.off");
  EXPECT_EQ(code_of(transport.acknowledge({})), "dpf.off");
}

TEST_F(DpfTransportTest, OneThatReceivesSaysSo) {
  auto settings = dpf_settings();
  settings.sends = false;
  InnSettings in;
  in.enabled = true;
  in.root = "http://127.0.0.1:1/svarinn";
  in.accounts = {{own_number, "mottak", Secret("hemmelig"), "difi.move.fiks.inn."}};
  in.polling_interval = std::chrono::seconds(7);
  auto transport = make(settings, in);
  const auto& told = transport.descriptor();
  EXPECT_TRUE(told.receives && told.leaves_unreadable);
  EXPECT_EQ(told.list_window, 200U);
  EXPECT_EQ(told.polling_interval, std::chrono::seconds(7));
  ASSERT_EQ(transport.inboxes().size(), 1U);
  EXPECT_FALSE(transport.list(transport.inboxes()[0], {}));
  EXPECT_FALSE(transport.health().up);
}

TEST(DpfFactory, EitherSwitchIsEnough) {
  const auto made = factory();
  EXPECT_EQ(made.service, ServiceIdentifier("DPF"));
  EXPECT_EQ(made.enable_property, "difi.move.feature.enableDPF");
  EXPECT_EQ(made.or_property, "difi.move.fiks.inn.enable");
  EXPECT_EQ(made.registry_scopes, std::vector<std::string>{"eformidling:dpf"});
}

}  // namespace
}  // namespace kanal::transports::dpf::testing
