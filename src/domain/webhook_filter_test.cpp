#include "domain/webhook_filter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kanal::domain {
namespace {

constexpr WebhookEvent delivered{"LEVERT", "DPO", "OUTGOING"};

bool wanted(std::string_view filter, const WebhookEvent& event = delivered) {
  const auto parsed = WebhookFilter::parse(filter);
  EXPECT_TRUE(parsed) << filter;
  return parsed && parsed->matches(event);
}

TEST(WebhookFilter, PartsMustAllHoldAndOneValueOfEach) {
  EXPECT_TRUE(wanted("status=LEVERT"));
  EXPECT_TRUE(wanted("status=levert"));
  EXPECT_TRUE(wanted("status=FEIL,LEVERT&direction=OUTGOING&serviceIdentifier=dpo"));
  EXPECT_FALSE(wanted("status=FEIL"));
  EXPECT_FALSE(wanted("status=LEVERT&direction=INCOMING"));
  EXPECT_FALSE(wanted("status=LEVERT&status=FEIL"));
  EXPECT_FALSE(wanted("serviceIdentifier=DPV,DPI"));
}

TEST(WebhookFilter, ValuesAreTakenAsTheyAre) {
  EXPECT_FALSE(wanted("status= LEVERT"));
  EXPECT_FALSE(wanted("status=LEVERT "));
  EXPECT_FALSE(wanted("status=NO_SUCH_STATUS"));
  EXPECT_TRUE(wanted("status=,LEVERT"));
}

TEST(WebhookFilter, WhatIsNoFilterIsRefused) {
  for (const auto* wrong : {"", "status", "status=", "=LEVERT", "status!=LEVERT", "Status=LEVERT", "sender=1",
                            "status=A&", "&status=A", "status=A&&direction=B", "status>A"}) {
    EXPECT_FALSE(WebhookFilter::parse(wrong)) << wrong;
  }
}

RC_GTEST_PROP(WebhookFilter, AnyTextIsEitherAFilterOrNot, (const std::string& text)) {
  const auto parsed = WebhookFilter::parse(text);
  if (parsed) (void)parsed->matches(delivered);
}

}  // namespace
}  // namespace kanal::domain
