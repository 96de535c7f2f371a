#include "domain/channel.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/ids.hpp"

namespace kanal::domain {
namespace {

const std::string uuid = "5d0f9a0e-8a1b-4a43-9f5e-6a3c0e9b7c11";

ChannelSet main_installation() { return {}; }
ChannelSet installation(std::string own) { return {std::move(own), {}, false}; }

TEST(Channel, NamesMatchThePatternInFull) {
  for (const std::string_view name : {"", "A", "fagsys-A", "a_b-C9", "1234567890123456789012345"}) {
    EXPECT_TRUE(is_channel_name(name)) << name;
  }
  for (const std::string_view name : {"12345678901234567890123456", "a b", "a.b", "\xc3\xa6", "a\n", uuid.c_str()}) {
    EXPECT_FALSE(is_channel_name(name)) << name;
  }
}

TEST(Channel, IsolationsAndVerdictsHaveNames) {
  EXPECT_EQ(name_of(Isolation::by_channel), "by_channel");
  EXPECT_EQ(name_of(Isolation::by_message_id), "by_message_id");
  EXPECT_EQ(name_of(Isolation::by_switch), "by_switch");
  EXPECT_EQ(name_of(Isolation::by_account), "by_account");
  EXPECT_EQ(name_of(Isolation::single_installation), "single_installation");
  for (const auto value : {Verdict::ours, Verdict::other_channel, Verdict::unknown}) {
    EXPECT_EQ(verdict(name_of(value)), value);
  }
  EXPECT_EQ(verdict("theirs"), std::nullopt);
}

// dpo.md 8.2
TEST(ReceiveRule, MainTakesWhatNamesNoChannel) {
  EXPECT_EQ(receive_rule(main_installation(), std::nullopt), Verdict::ours);
  EXPECT_EQ(receive_rule(main_installation(), uuid), Verdict::ours);
  EXPECT_EQ(receive_rule(main_installation(), "sak 2026"), Verdict::ours);
  EXPECT_EQ(receive_rule(main_installation(), "12345678901234567890123456"), Verdict::ours);
}

TEST(ReceiveRule, MainLeavesWhatNamesAChannel) {
  EXPECT_EQ(receive_rule(main_installation(), "A"), Verdict::other_channel);
  EXPECT_EQ(receive_rule(main_installation(), "sak-2026-77"), Verdict::other_channel);
  EXPECT_EQ(receive_rule(main_installation(), ""), Verdict::other_channel);
}

TEST(ReceiveRule, ChannelTakesItsOwnNameOnly) {
  EXPECT_EQ(receive_rule(installation("A"), "A"), Verdict::ours);
  EXPECT_EQ(receive_rule(installation("A"), "a"), Verdict::other_channel);
  EXPECT_EQ(receive_rule(installation("A"), "A2"), Verdict::other_channel);
  EXPECT_EQ(receive_rule(installation("A"), uuid), Verdict::other_channel);
  EXPECT_EQ(receive_rule(installation("A"), std::nullopt), Verdict::other_channel);
}

TEST(ReceiveRule, EmptyOwnChannelIsTheMainInstallation) {
  EXPECT_EQ(receive_rule(installation(""), uuid), Verdict::ours);
  EXPECT_EQ(receive_rule(installation(""), ""), Verdict::other_channel);
}

// dpo.md 8.7 cases 10 and 11
TEST(ReceiveRule, RetiredNamesAreListenedTo) {
  EXPECT_EQ(receive_rule({"A2", {"A", "B"}, false}, "A"), Verdict::ours);
  EXPECT_EQ(receive_rule({std::nullopt, {"A"}, false}, "A"), Verdict::ours);
  EXPECT_EQ(receive_rule({std::nullopt, {"A"}, false}, "B"), Verdict::other_channel);
}

// dpo.md 8.7 case 12
TEST(ReceiveRule, UnchannelledAnswersAreWatchedButNotTaken) {
  const ChannelSet channels{"A", {}, true};
  EXPECT_EQ(receive_rule(channels, uuid), Verdict::unknown);
  EXPECT_EQ(receive_rule(channels, std::nullopt), Verdict::unknown);
  EXPECT_EQ(receive_rule(channels, "B"), Verdict::other_channel);
  EXPECT_EQ(receive_rule(channels, "A"), Verdict::ours);
}

// dpo.md 8.5 and the rows of 8.6
TEST(ReferenceRule, OrdinaryMessagesCarryARandomReference) {
  EXPECT_EQ(reference_channel(DocumentRole::message, "A", "A"), std::nullopt);
  EXPECT_EQ(reference_channel(DocumentRole::message, "A", std::nullopt), std::nullopt);
}

TEST(ReferenceRule, AnswersToMessagesCarryTheSendersChannel) {
  EXPECT_EQ(reference_channel(DocumentRole::answer_to_message, "A", std::nullopt), "A");
  EXPECT_EQ(reference_channel(DocumentRole::answer_to_message, "A", "B"), "A");
}

// dpo.md 8.7 case 7
TEST(ReferenceRule, SameNameInTwoOrganisationsDoesNotMix) {
  EXPECT_EQ(reference_channel(DocumentRole::answer_to_message, "A", "A"), "A");
  EXPECT_EQ(reference_channel(DocumentRole::answer_to_receipt, "A", "A"), std::nullopt);
  EXPECT_EQ(reference_channel(DocumentRole::answer_to_receipt, "A", "B"), "A");
  EXPECT_EQ(reference_channel(DocumentRole::answer_to_receipt, "A", std::nullopt), "A");
}

// dpo.md 8.7 case 2; the broker refuses empty and overlong references for ever (3.3).
TEST(ReferenceRule, NothingUnusableIsEchoed) {
  for (const auto role : {DocumentRole::answer_to_message, DocumentRole::answer_to_receipt}) {
    EXPECT_EQ(reference_channel(role, std::nullopt, std::nullopt), std::nullopt);
    EXPECT_EQ(reference_channel(role, "", std::nullopt), std::nullopt);
    EXPECT_EQ(reference_channel(role, "", ""), std::nullopt);
    EXPECT_EQ(reference_channel(role, std::string(4097, 'x'), std::nullopt), std::nullopt);
    EXPECT_EQ(reference_channel(role, std::string(4096, 'x'), std::nullopt), std::string(4096, 'x'));
  }
}

RC_GTEST_PROP(ChannelProperty, ExactlyOneOfTheInstallationsTakesAFile, ()) {
  const std::vector<std::string> channels{"A", "B", "fagsys-C"};
  const auto reference = *rc::gen::oneOf(rc::gen::elementOf(channels), rc::gen::exec([] { return new_uuid(); }),
                                         rc::gen::just(std::string("x y")));
  int takers = receive_rule(main_installation(), reference) == Verdict::ours ? 1 : 0;
  for (const auto& channel : channels)
    takers += receive_rule(installation(channel), reference) == Verdict::ours ? 1 : 0;
  RC_ASSERT(takers == 1);
}

RC_GTEST_PROP(ChannelProperty, AnswersReachTheInstallationThatSent, ()) {
  const auto name = [] { return rc::gen::elementOf(std::vector<std::string>{"", "A", "B", "C"}); };
  const auto optional = [](std::string text) { return text.empty() ? std::nullopt : std::optional(std::move(text)); };
  const auto senders = optional(*name());
  const auto answerers = optional(*name());
  const auto reference = reference_channel(DocumentRole::answer_to_message, senders, answerers).value_or(new_uuid());
  RC_ASSERT(receive_rule({senders, {}, false}, reference) == Verdict::ours);
}

}  // namespace
}  // namespace kanal::domain
