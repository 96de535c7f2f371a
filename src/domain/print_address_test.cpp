#include "domain/print_address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace kanal::domain {
namespace {

using ::testing::EndsWith;
namespace json = boost::json;

json::object object(std::string_view text) { return json::parse(text).as_object(); }

const json::object& record() {
  static const json::object made = object(
      R"({"postAddress":{"name":"Ola Testesen","street":"Storgata 1; Oppgang B","postalCode":"0155","postalArea":"OSLO","country":"Norway"},
          "returnAddress":{"name":"Prøve kommune","street":"Postboks 9","postalCode":"4001","postalArea":"STAVANGER","country":"Norway"}})");
  return made;
}

std::string refusal(const json::object& body) {
  const auto checked = check_print_addresses(body);
  if (checked) return "";
  EXPECT_EQ(checked.error().code, "submit.address");
  return checked.error().message;
}

constexpr const char* complete =
    R"({"mottaker":{"adresselinje1":"a","postnummer":"0155","poststed":"OSLO"},
        "retur":{"mottaker":{"adresselinje1":"b","postnummer":"4001","poststed":"STAVANGER"}}})";

TEST(PrintAddress, BlankMembersAreFilledFromTheRegister) {
  auto body = object(R"({"mottaker":{"navn":"Selvvalgt","postnummer":" "}})");
  fill_print_addresses(body, record());
  const auto& to = body.at("mottaker").as_object();
  EXPECT_EQ(to.at("navn"), "Selvvalgt");
  EXPECT_EQ(to.at("adresselinje1"), "Storgata 1");
  EXPECT_EQ(to.at("adresselinje2"), "Oppgang B");
  EXPECT_EQ(to.at("postnummer"), "0155");
  EXPECT_EQ(to.at("poststed"), "OSLO");
  EXPECT_EQ(to.at("land"), "Norway");
  const auto& back = body.at("retur").as_object();
  EXPECT_EQ(back.at("returhaandtering"), "DIREKTE_RETUR");
  EXPECT_EQ(back.at("mottaker").at("navn"), "Prøve kommune");
  EXPECT_EQ(refusal(body), "");
}

TEST(PrintAddress, TheStreetIsOnlySplitWhereNoLineIsGiven) {
  auto body = object(R"({"mottaker":{"adresselinje1":"Min vei 2"}})");
  fill_print_addresses(body, record());
  EXPECT_EQ(body.at("mottaker").at("adresselinje1"), "Min vei 2");
  EXPECT_FALSE(body.at("mottaker").as_object().contains("adresselinje2"));
}

TEST(PrintAddress, ColourAndClassHaveDefaults) {
  auto body = object(R"({"posttype":"A_PRIORITERT"})");
  fill_print_defaults(body);
  EXPECT_EQ(body.at("posttype"), "A_PRIORITERT");
  EXPECT_EQ(body.at("utskriftsfarge"), "SORT_HVIT");
}

TEST(PrintAddress, NorwegianAddressesNeedAllThree) {
  EXPECT_EQ(refusal(object(complete)), "");
  for (const auto* country : {"Norge", "NORWAY", "norge"}) {
    auto body = object(complete);
    body.at("mottaker").as_object()["land"] = country;
    EXPECT_EQ(refusal(body), "");
    body.at("mottaker").as_object().erase("postnummer");
    EXPECT_THAT(refusal(body), EndsWith("mottaker.postnummer/poststed/adresselinje1")) << country;
  }
  auto foreign = object(complete);
  foreign.at("mottaker") = object(R"({"adresselinje1":"Storgatan 1","land":"Sverige"})");
  EXPECT_EQ(refusal(foreign), "");
  foreign.at("mottaker") = object(R"({"adresselinje1":"Storgatan 1","land":""})");  // an empty text is abroad
  EXPECT_EQ(refusal(foreign), "");
  foreign.at("mottaker") = object(R"({"land":"Sverige"})");
  EXPECT_THAT(refusal(foreign), EndsWith("mottaker.postnummer/poststed/adresselinje1"));
}

TEST(PrintAddress, BothAddressesMustBeThere) {
  auto body = object(complete);
  body.erase("mottaker");
  EXPECT_THAT(refusal(body), EndsWith(": mottaker"));
  body = object(complete);
  body.erase("retur");
  EXPECT_THAT(refusal(body), EndsWith(": retur"));
  body = object(complete);
  body.at("retur").as_object().erase("mottaker");
  EXPECT_THAT(refusal(body), EndsWith(": retur"));
  body = object(complete);
  body.at("retur").at("mottaker").as_object().erase("poststed");
  EXPECT_THAT(refusal(body), EndsWith("retur.postnummer/poststed/adresselinje1"));
}

}  // namespace
}  // namespace kanal::domain
