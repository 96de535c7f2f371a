// Channels on the way out: what a client may name, and the reference that an upload gets (dpo.md 8.3-8.5 and 8.7).
#include "transports/dpo/transport_testing.hpp"

namespace kanal::transports::dpo::testing {
namespace {

using domain::DocumentRole;
using ::testing::HasSubstr;

class DpoChannel : public TransportBench {
 protected:
  static domain::Sbd with_channel(const std::optional<std::string>& channel, const std::string& type = "arkivmelding") {
    auto document = sbd(type);
    document.scopes.push_back({"MessageChannel", "c2f7f3a1-55a0-4f6e-9d43-0a8f2f3b9e03", channel, {}});
    return document;
  }
  static std::size_t channel_scopes(const domain::Sbd& sbd) {
    return static_cast<std::size_t>(
        std::ranges::count(sbd.scopes, std::string(domain::scope_type::message_channel), &domain::Scope::type));
  }
  static std::string refusal(DpoTransport& transport, domain::Sbd sbd) {
    const auto completed = transport.complete(sbd, {});
    if (completed) return {};
    EXPECT_EQ(failure_of(completed), "submit.message_channel reject");
    return completed.error().message;
  }
  /// An answer to a message that came in with `channel`.
  static ports::CreateContext answering(std::optional<std::string> channel) {
    ports::Conversation conversation;
    conversation.message_channel = std::move(channel);
    return {conversation};
  }
  /// `sendersFileTransferReference` of an answer, `-` for a random UUID.
  std::string reference(const std::optional<std::string>& own, const ports::OutboundDocument& document) {
    const auto text = sent(*transport_of(agency, own), document).given.reference.value_or("none");
    return is_uuid(text) ? "-" : text;
  }
};

TEST_F(DpoChannel, TheOwnChannelIsTheDefault) {
  const auto transport = transport_of(agency, "fagsys-A");
  for (auto document : {sbd(), with_channel({}), with_channel(""), with_channel("fagsys-A"),
                        sbd("arkivmelding_kvittering"), sbd("avtalt")}) {
    ASSERT_EQ(failure_of(transport->complete(document, {})), "");
    EXPECT_EQ(document.message_channel(), "fagsys-A");
    EXPECT_EQ(channel_scopes(document), 1U);
    EXPECT_TRUE(document.find_scope(domain::scope_type::message_channel)->instance_identifier);
  }
}

TEST_F(DpoChannel, AnotherChannelIsRefusedWithTheWordsOfTheReference) {
  const auto transport = transport_of(agency, "fagsys-A");
  EXPECT_EQ(refusal(*transport, with_channel("fagsys-B")), "Valid channels: fagsys-A, but found fagsys-B in SBDH");
  EXPECT_EQ(refusal(*transport, with_channel("FAGSYS-A")), "Valid channels: fagsys-A, but found FAGSYS-A in SBDH");
  EXPECT_EQ(refusal(*transport, with_channel("fagsys-B", "arkivmelding_kvittering")),
            "Valid channels: fagsys-A, but found fagsys-B in SBDH");
}

TEST_F(DpoChannel, AMainInstallationHasNoChannelToName) {
  const auto main = transport_of(agency);
  EXPECT_EQ(refusal(*main, with_channel("Z")), "Valid channels: , but found Z in SBDH") << "8.7 case 1";
  EXPECT_EQ(refusal(*main, with_channel("Z", "arkivmelding_kvittering")), "") << "8.7 case 5: it may know better";
  auto plain = with_channel("");
  ASSERT_EQ(failure_of(main->complete(plain, {})), "");
  EXPECT_EQ(channel_scopes(plain), 0U);
  auto settings = settings_of(agency);
  settings.retired_channels = {"old"};
  EXPECT_EQ(refusal(*transport_of(settings), with_channel("old")), "");
  EXPECT_EQ(refusal(*transport_of(settings), with_channel("Z")), "Valid channels: old, but found Z in SBDH");
  settings.refuse_unknown_channel = false;
  auto allowed = with_channel("Z");
  ASSERT_EQ(failure_of(transport_of(settings)->complete(allowed, {})), "");
  EXPECT_EQ(allowed.message_channel(), "Z");
}

TEST_F(DpoChannel, AnAnswerCarriesWhatCameInAndNeverOurOwn) {
  // 8.7 case 4.
  for (const std::optional<std::string>& own : {std::optional<std::string>(), std::optional<std::string>("Y")}) {
    const auto transport = transport_of(agency, own);
    for (auto document : {sbd("arkivmelding_kvittering"), with_channel("Y", "arkivmelding_kvittering"),
                          with_channel("Z", "arkivmelding_kvittering")}) {
      ASSERT_EQ(failure_of(transport->complete(document, answering("A"))), "");
      EXPECT_EQ(document.message_channel(), "A");
      EXPECT_EQ(channel_scopes(document), 1U);
      ASSERT_EQ(failure_of(transport->complete(document, answering({}))), "");
      EXPECT_EQ(channel_scopes(document), 0U) << "the sender has none";
    }
  }
}

TEST_F(DpoChannel, AReporteeMayHaveAChannelOfItsOwn) {
  // 8.7 case 8.
  auto settings = settings_of(agency);
  settings.reportees.front().channel = "own-A";
  settings.reportees.push_back({user_of(represented), "theirs-B"});
  const auto transport = transport_of(settings);
  auto document = sbd();
  document.sender.front().value = "0192:310700002:991825827";
  ASSERT_EQ(failure_of(transport->complete(document, {})), "");
  EXPECT_EQ(document.message_channel(), "theirs-B");
  auto wrong = with_channel("own-A");
  wrong.sender.front().value = "0192:310700002:991825827";
  EXPECT_EQ(refusal(*transport, wrong), "Valid channels: theirs-B, but found own-A in SBDH");
  const auto inboxes = transport->inboxes();
  ASSERT_EQ(inboxes.size(), 2U);
  EXPECT_EQ(inboxes[0].id, "0192:310700002");
  EXPECT_EQ(inboxes[0].channels.own, "own-A");
  EXPECT_EQ(inboxes[1].id, "0192:991825827");
  EXPECT_EQ(inboxes[1].channels.own, "theirs-B");
}

TEST_F(DpoChannel, OrdinaryMessagesGoToTheMainInstallation) {
  EXPECT_EQ(reference({}, message()), "-");
  auto channelled = message();
  channelled.sbd.set_message_channel("fagsys-A");
  EXPECT_EQ(reference("fagsys-A", channelled), "-");
  EXPECT_EQ(reference("other", channelled), "-");
}

TEST_F(DpoChannel, AnswersToAMessageGoBackToItsChannel) {
  EXPECT_EQ(reference({}, answer(DocumentRole::answer_to_message, "A")), "A");
  EXPECT_EQ(reference("Y", answer(DocumentRole::answer_to_message, "A")), "A");
  EXPECT_EQ(reference("A", answer(DocumentRole::answer_to_message, "A")), "A") << "8.7 case 7: by role";
  EXPECT_EQ(reference("Y", answer(DocumentRole::answer_to_message, {})), "-");
  EXPECT_EQ(reference({}, answer(DocumentRole::answer_to_message, "")), "-") << "8.7 case 2";
  EXPECT_EQ(reference({}, answer(DocumentRole::answer_to_message, "A", "arkivmelding_kvittering")), "A");
  EXPECT_EQ(reference({}, answer(DocumentRole::answer_to_message, std::string(5000, 'x'))), "-")
      << "the broker would never take it";
}

TEST_F(DpoChannel, AnswersToAReceiptGoToTheMainInstallation) {
  EXPECT_EQ(reference("A", answer(DocumentRole::answer_to_receipt, "A")), "-");
  EXPECT_EQ(reference({}, answer(DocumentRole::answer_to_receipt, "A")), "A");
}

TEST_F(DpoChannel, ExactlyOneScopeIsWritten) {
  auto document = answer(DocumentRole::answer_to_message, "A", "arkivmelding_kvittering");
  document.sbd = with_channel("Y", "arkivmelding_kvittering");
  document.sbd.scopes.push_back({"MessageChannel", "x", "A", {}});
  const auto written = wire_sbd(sent(*transport_of(agency, "Y"), document));
  EXPECT_EQ(channel_scopes(written), 1U);
  EXPECT_EQ(written.message_channel(), "A");
  EXPECT_EQ(written.find_scope(domain::scope_type::message_channel)->instance_identifier, "x") << "it is copied";
  auto none = answer(DocumentRole::answer_to_message, {});
  none.sbd = with_channel("Y", "status");
  EXPECT_EQ(channel_scopes(wire_sbd(sent(*transport_of(agency, "Y"), none))), 0U);
}

}  // namespace
}  // namespace kanal::transports::dpo::testing
