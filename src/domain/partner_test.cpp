#include "domain/partner.hpp"

#include <gtest/gtest.h>

namespace kanal::domain {
namespace {

const Orgnr own("987464291");

std::string rejection(std::string_view authority, std::string_view value) {
  const auto partner = parse_partner(authority, value);
  return partner ? "accepted" : partner.error().code;
}

TEST(Partner, ReadsOrganisations) {
  const auto partner = parse_partner(iso6523_authority, "0192:910076787");
  ASSERT_TRUE(partner);
  EXPECT_EQ(partner->kind, Partner::Kind::organisation);
  EXPECT_EQ(partner->value, "0192:910076787");
  EXPECT_EQ(partner->icd, "0192");
  EXPECT_EQ(partner->primary, "910076787");
  EXPECT_EQ(partner->part, "");
  EXPECT_EQ(partner->part_or_primary(), "910076787");
}

TEST(Partner, ReadsPartAndSource) {
  const auto partner = parse_partner(iso6523_authority, "0192:987464291:910076787:1");
  ASSERT_TRUE(partner);
  EXPECT_EQ(partner->primary, "987464291");
  EXPECT_EQ(partner->part, "910076787");
  EXPECT_EQ(partner->source, "1");
  EXPECT_EQ(partner->part_or_primary(), "910076787");
}

TEST(Partner, CompletesNineBareDigits) {
  const auto partner = parse_partner(iso6523_authority, "910076787");
  ASSERT_TRUE(partner);
  EXPECT_EQ(partner->value, "0192:910076787");
  EXPECT_EQ(partner->icd, "0192");
}

TEST(Partner, CountsCharactersNotBytes) {
  std::string org;
  for (int i = 0; i < 35; ++i) org += "\xc3\xb8";
  EXPECT_TRUE(parse_partner(iso6523_authority, "0192:" + org));
  EXPECT_FALSE(parse_partner(iso6523_authority, "0192:" + org + "x"));
}

TEST(Partner, RefusesMalformedOrganisations) {
  for (const std::string_view value :
       {"", "0192:", "192:910076787", "0192:a:", "0192:a:b c", "0192:a:b:", "0192:a:b:12", "0192:a:b:1:2", "abcd:1",
        "0192:12345678901234567890123456789012345 6", "0192:a:123456789012345678901234567890123456", "12345678",
        "0192:a\nb"}) {
    EXPECT_EQ(rejection(iso6523_authority, value), "partner.value") << value;
  }
}

TEST(Partner, ExplainsTheWithdrawnPrefix) {
  const auto partner = parse_partner(iso6523_authority, "9908:910075918");
  ASSERT_FALSE(partner);
  EXPECT_EQ(partner.error().code, "partner.value");
  EXPECT_NE(partner.error().message.find("0192:"), std::string::npos);
}

TEST(Partner, ReadsPersons) {
  const auto partner = parse_partner(iso6523_authority, "01869000937");
  ASSERT_TRUE(partner);
  EXPECT_EQ(partner->kind, Partner::Kind::person);
  EXPECT_EQ(partner->primary, "01869000937");
  EXPECT_EQ(rejection(iso6523_authority, "01869000938"), "partner.value");
  EXPECT_EQ(rejection(iso6523_authority, "01869000947"), "partner.value");
}

TEST(Partner, PersonNumbersKeepBothControlDigits) {
  // Synthetic ones (month plus 80) too. At most one pair of control digits fits each of the 1000 individual numbers.
  int passed = 0;
  for (int n = 0; n < 100'000; ++n)
    passed += is_person_number("018690" + std::to_string(100'000 + n).substr(1)) ? 1 : 0;
  EXPECT_GT(passed, 700);
  EXPECT_LT(passed, 1'000);
  EXPECT_FALSE(is_person_number("0186900093"));
  EXPECT_FALSE(is_person_number("0186900093x"));
}

TEST(Partner, ReadsFiksioAccounts) {
  const auto partner = parse_partner(iso6523_authority, "5f4b8d0e-1df9-4e53-9d7c-bb3b60c8a111");
  ASSERT_TRUE(partner);
  EXPECT_EQ(partner->kind, Partner::Kind::fiksio_account);
}

TEST(Partner, ReadsHealthActors) {
  const auto actor = parse_partner(nhn_authority, "her-id:8143060");
  ASSERT_TRUE(actor);
  EXPECT_EQ(actor->kind, Partner::Kind::health_actor);
  EXPECT_EQ(actor->primary, "her-id:8143060");
  EXPECT_TRUE(parse_partner(nhn_authority, "fastlege-for:01869000937"));
  for (const std::string_view value : {"her-id:", "her-id:0", "her-id:-1", "her-id:12345678901", "her-id:1x",
                                       "fastlege-for:123", "0192:910076787", ""}) {
    EXPECT_EQ(rejection(nhn_authority, value), "partner.value") << value;
  }
}

TEST(Partner, RefusesOtherAuthorities) {
  EXPECT_EQ(rejection("urn:oid:2.16.578", "910076787"), "partner.authority");
  EXPECT_EQ(rejection("", "910076787"), "partner.authority");
}

TEST(Partner, WritesAndStripsTheIcd) {
  EXPECT_EQ(iso6523(own), "0192:987464291");
  EXPECT_EQ(without_icd("0192:987464291"), "987464291");
  EXPECT_EQ(without_icd("987464291"), "987464291");
  EXPECT_EQ(without_icd("0192"), "0192");
  EXPECT_EQ(without_icd("her-id:8143060"), "her-id:8143060");
}

TEST(Partner, OrganisationNumberIsNineDigits) {
  EXPECT_TRUE(is_orgnr("000000000"));
  EXPECT_FALSE(is_orgnr("00000000"));
  EXPECT_FALSE(is_orgnr("0000000000"));
  EXPECT_FALSE(is_orgnr("00000000x"));
}

// rest-api.md section 9, row by row
TEST(OnBehalfOf, RewritesOtherOrganisationsOnly) {
  const auto rewritten = [](std::string_view sender) { return on_behalf_of(iso6523_authority, sender, own).value(); };
  EXPECT_EQ(rewritten("0192:987464291"), "0192:987464291");
  EXPECT_EQ(rewritten("987464291"), "0192:987464291");
  EXPECT_EQ(rewritten("0192:910076787"), "0192:987464291:910076787");
  EXPECT_EQ(rewritten("910076787"), "0192:987464291:910076787");
  EXPECT_EQ(rewritten("0192:987464291:910076787"), "0192:987464291:910076787");
  EXPECT_EQ(rewritten("0192:310700002:910076787"), "0192:310700002:910076787");
  EXPECT_EQ(rewritten("9915:910076787"), "9915:910076787");
  EXPECT_EQ(rewritten("01869000937"), "01869000937");
  EXPECT_EQ(on_behalf_of(nhn_authority, "her-id:8143060", own).value(), "her-id:8143060");
}

TEST(OnBehalfOf, IsStableWhenRepeated) {
  const auto once = on_behalf_of(iso6523_authority, "0192:910076787", own).value();
  EXPECT_EQ(on_behalf_of(iso6523_authority, once, own).value(), once);
}

TEST(OnBehalfOf, LeavesSendersAloneWithoutAnOwnOrganisation) {
  EXPECT_EQ(on_behalf_of(iso6523_authority, "0192:910076787", Orgnr()).value(), "0192:910076787");
}

TEST(OnBehalfOf, RefusesWhatIsNoIdentifier) {
  EXPECT_EQ(on_behalf_of("x", "0192:910076787", own).error().code, "partner.authority");
  EXPECT_EQ(on_behalf_of(iso6523_authority, "9908:910076787", own).error().code, "partner.value");
}

}  // namespace
}  // namespace kanal::domain
