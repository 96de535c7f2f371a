#include "app/arkivmelding_adapter.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/testing.hpp"

namespace kanal::app {
namespace {

constexpr std::string_view schema = R"(<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
 targetNamespace="http://www.arkivverket.no/standarder/noark5/arkivmelding" elementFormDefault="qualified">
<xs:element name="arkivmelding"><xs:complexType><xs:sequence>
<xs:element name="antallFiler" type="xs:int"/><xs:any processContents="skip" maxOccurs="unbounded"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>)";

std::string document(const std::string& files) {
  return "<arkivmelding xmlns='http://www.arkivverket.no/standarder/noark5/arkivmelding' "
         "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>\n<antallFiler>" +
         files +
         "</antallFiler><mappe xsi:type='saksmappe'><systemID>sak-7</systemID><basisregistrering "
         "xsi:type='journalpost'><offentligTittel>Tittel</offentligTittel></basisregistrering></mappe></arkivmelding>";
}

/// Keeps what was said.
class HeardLog final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
    text += event;
    for (const auto& field : fields) text += " " + field.value;
  }
  std::string text;
};

class ArkivmeldingAdapterTest : public ::testing::Test {
 protected:
  ArkivmeldingAdapterTest() { std::ofstream(folder.path() / "arkivmelding.xsd") << schema; }

  Result<std::optional<SchemaCheck>> check(std::vector<std::string> arguments) {
    ops::ConfigSources sources;
    sources.folder = folder.path();
    sources.arguments = std::move(arguments);
    auto config = ops::Config::load(sources);
    if (!config) return failed(config);
    return read_schema_check(*config);
  }
  Result<ports::ArkivmeldingFacts> read(const std::vector<std::string>& arguments, const std::string& xml) {
    ArkivmeldingAdapter adapter(check(arguments).value(), log);
    MemorySource source(bytes_of(xml));
    return adapter.read(source);
  }

  const std::string named = "--kanal.arkivmelding.schema=arkivmelding.xsd";
  testing::TemporaryFolder folder;
  HeardLog log;
};

TEST_F(ArkivmeldingAdapterTest, OnlyReadsWithoutASchema) {
  const auto facts = read({}, document("secret"));
  ASSERT_TRUE(facts) << facts.error().text();
  EXPECT_EQ(facts->title, "Tittel");
  EXPECT_EQ(log.text, "");
}

TEST_F(ArkivmeldingAdapterTest, WarnsByDefault) {
  ASSERT_TRUE(read({named}, document("1")));
  EXPECT_EQ(log.text, "");
  ASSERT_TRUE(read({named}, document("secret")));
  EXPECT_EQ(
      log.text,
      "arkivmelding_breaks_schema arkivmelding.xml breaks its schema, line 2: element antallFiler: a value of the "
      "wrong form");
}

TEST_F(ArkivmeldingAdapterTest, RefusesWhenTold) {
  const auto refused = read({named, "--kanal.arkivmelding.validate=refuse"}, document("secret"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "arkivmelding.schema");
  EXPECT_EQ(refused.error().message,
            "arkivmelding.xml breaks its schema, line 2: element antallFiler: a value of the wrong form");
  EXPECT_TRUE(read({named, "--kanal.arkivmelding.validate=refuse"}, document("1")));
}

TEST_F(ArkivmeldingAdapterTest, IsSwitchedOff) {
  EXPECT_TRUE(read({named, "--kanal.arkivmelding.validate=off"}, document("secret")));
  EXPECT_EQ(log.text, "");
}

TEST_F(ArkivmeldingAdapterTest, TellsWrongSettings) {
  EXPECT_EQ(check({named, "--kanal.arkivmelding.validate=maybe"}).error().message,
            "kanal.arkivmelding.validate = \"maybe\": must be warn, refuse or off");
  EXPECT_EQ(check({"--kanal.arkivmelding.schema=none.xsd"}).error().code, "schema.unreadable");
}

}  // namespace
}  // namespace kanal::app
