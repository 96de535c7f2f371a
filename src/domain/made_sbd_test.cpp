#include "domain/made_sbd.hpp"

#include <gtest/gtest.h>

namespace kanal::domain {
namespace {

using namespace std::chrono_literals;

TEST(MadeSbd, KeepsEveryRuleOfTheHeader) {
  const Time now = Time(*parse_date("2026-11-01")) + 12h;
  auto sbd = make_sbd({"0192:991825827", "0192:987464291", "no.example.v1", "fiksio", MessageId(new_uuid()),
                       ConversationId(new_uuid()), "no.example.v1"},
                      24h, now);
  add_scope(sbd, scope_type::receiver_ref, new_uuid());
  EXPECT_TRUE(validate_header(sbd, now).empty());
  const auto again = read_sbd(write_sbd(sbd));
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_TRUE(again->violations.empty());
  EXPECT_EQ(again->sbd.process(), "no.example.v1");
  EXPECT_EQ(again->sbd.expected_response()->utc, now + 24h);
  EXPECT_LT(again->sbd.document.creation->utc, now);
  EXPECT_NE(again->sbd.find_scope(scope_type::receiver_ref), nullptr);
}

}  // namespace
}  // namespace kanal::domain
