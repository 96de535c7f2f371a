#include "domain/message_body.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace kanal::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace json = boost::json;

const MessageType& type(std::string_view name) { return *find_message_type(name); }

std::vector<std::string> missing(std::string_view name, std::string_view body) {
  std::vector<std::string> paths;
  for (const auto& violation : check_body_constraints(type(name), json::parse(body))) {
    paths.push_back(violation.path + " " + violation.code);
  }
  return paths;
}

bool readable(std::string_view name, std::string_view body) {
  const auto checked = check_body_readable(type(name), json::parse(body));
  if (!checked) {
    EXPECT_EQ(checked.error().code, "sbd.body");
    EXPECT_THAT(checked.error().message, HasSubstr(std::string(name) + "."));
  }
  return checked.has_value();
}

TEST(MessageBody, EveryTypeOfTheCatalogueThatHasABodyDeclaresIt) {
  for (const auto* name :
       {"arkivmelding", "arkivmelding_kvittering", "avtalt", "digital", "digital_dpv", "print", "innsynskrav",
        "publisering", "einnsyn_kvittering", "fiksio", "dialogmelding", "dialogmelding_kvittering"}) {
    EXPECT_FALSE(body_fields(type(name)).empty()) << name;
  }
}

TEST(MessageBody, TellsEveryDeclaredMemberThatIsMissing) {
  EXPECT_THAT(missing("arkivmelding", "{}"), IsEmpty());
  EXPECT_THAT(missing("avtalt", "{}"), IsEmpty());
  EXPECT_THAT(missing("innsynskrav", "{}"), ElementsAre("innsynskrav.orgnr NotNull", "innsynskrav.epost NotNull"));
  EXPECT_THAT(missing("publisering", R"({"orgnr":null})"), ElementsAre("publisering.orgnr NotNull"));
  EXPECT_THAT(missing("digital_dpv", R"({"tittel":"a","innhold":""})"), ElementsAre("digital_dpv.sammendrag NotNull"));
  EXPECT_THAT(missing("digital", "{}"),
              ElementsAre("digital.hoveddokument NotNull", "digital.sikkerhetsnivaa NotNull", "digital.tittel NotNull",
                          "digital.spraak NotNull", "digital.digitalPostInfo NotNull"));
  EXPECT_THAT(missing("digital", R"({"hoveddokument":"a","sikkerhetsnivaa":4,"tittel":"t","spraak":"no",
                                     "digitalPostInfo":{"virkningsdato":"2026-09-01"}})"),
              ElementsAre("digital.digitalPostInfo.aapningskvittering NotNull"));
  EXPECT_THAT(missing("dialogmelding", R"({"hoveddokument":"a","pasient":{"fnr":"x","fornavn":"","etternavn":"b"}})"),
              ElementsAre("dialogmelding.pasient.fornavn NotEmpty"));
  EXPECT_THAT(missing("print", R"({"hoveddokument":"a","retur":{}})"),
              ElementsAre("print.retur.returhaandtering NotNull"));
}

TEST(MessageBody, ValuesMustBeOfTheirKind) {
  EXPECT_TRUE(readable("arkivmelding", R"({"sikkerhetsnivaa":3,"unknown":[1],"dpv":{"dagerTilSvarfrist":"7"}})"));
  EXPECT_TRUE(readable("arkivmelding", R"({"sikkerhetsnivaa":"3","hoveddokument":5,"dpv":null})"));
  EXPECT_TRUE(readable("avtalt", R"({"content":[{"any":{"thing":1}}]})"));
  EXPECT_TRUE(
      readable("digital", R"({"metadataFiler":{"a.pdf":"a.xml"},"digitalPostInfo":{"aapningskvittering":"true"}})"));
  for (const auto& [name, body] : std::vector<std::pair<const char*, const char*>>{
           {"arkivmelding", R"({"sikkerhetsnivaa":"høy"})"},
           {"arkivmelding", R"({"sikkerhetsnivaa":3.5})"},
           {"arkivmelding", R"({"sikkerhetsnivaa":99999999999})"},
           {"arkivmelding", R"({"hoveddokument":{}})"},
           {"arkivmelding", R"({"dpv":"x"})"},
           {"arkivmelding", R"({"dpv":{"varselType":"Brev"}})"},
           {"arkivmelding_kvittering", R"({"messages":{"code":"a"}})"},
           {"arkivmelding_kvittering", R"({"messages":["a"]})"},
           {"digital", R"({"digitalPostInfo":{"virkningsdato":"01.09.2026"}})"},
           {"digital", R"({"digitalPostInfo":{"aapningskvittering":1}})"},
           {"digital", R"({"metadataFiler":{"a.pdf":[]}})"},
           {"print", R"({"posttype":"a_prioritert"})"},
           {"einnsyn_kvittering", R"({"referanseType":"annet"})"}}) {
    EXPECT_FALSE(readable(name, body)) << body;
  }
}

TEST(MessageBody, AnErrorNeverRepeatsAValue) {
  const auto checked = check_body_readable(type("arkivmelding"), json::parse(R"({"sikkerhetsnivaa":"21838197184x"})"));
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().text(), Not(HasSubstr("21838197184")));
}

TEST(MessageBody, TheSecurityLevelIsThatOfTypesThatHaveOne) {
  EXPECT_EQ(security_level(type("arkivmelding"), json::parse(R"({"sikkerhetsnivaa":4})")), 4);
  EXPECT_EQ(security_level(type("digital"), json::parse(R"({"sikkerhetsnivaa":"3"})")), 3);
  EXPECT_EQ(security_level(type("arkivmelding"), json::parse("{}")), std::nullopt);
  EXPECT_EQ(security_level(type("innsynskrav"), json::parse(R"({"sikkerhetsnivaa":4})")), std::nullopt);
}

TEST(MessageBody, MetadataFilesOfADigitalMessageMustBeThere) {
  const auto body = json::parse(R"({"metadataFiler":{"a.pdf":"a.xml","b.pdf":"a.xml"}})");
  const std::vector<std::string> files{"a.pdf"};
  EXPECT_THAT(missing_metadata_files(type("digital"), body, files), ElementsAre("a.xml", "b.pdf"));
  EXPECT_THAT(missing_metadata_files(type("dialogmelding"), body, files), IsEmpty());
  EXPECT_THAT(missing_metadata_files(type("digital"), json::parse("{}"), files), IsEmpty());
}

}  // namespace
}  // namespace kanal::domain
