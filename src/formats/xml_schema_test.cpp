#include "formats/xml_schema.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/testing.hpp"

namespace kanal::formats {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view small_schema = R"(<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:include schemaLocation="types.xsd"/>
<xs:element name="a"><xs:complexType><xs:sequence>
<xs:element name="number" type="xs:int"/><xs:element name="code" type="code" minOccurs="0"/>
<xs:any processContents="lax" minOccurs="0"/>
</xs:sequence><xs:attribute name="kind" type="code"/></xs:complexType></xs:element></xs:schema>)";
constexpr std::string_view types = R"(<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:simpleType name="code"><xs:restriction base="xs:string"><xs:enumeration value="x"/></xs:restriction></xs:simpleType>
</xs:schema>)";

class XmlSchemaTest : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, std::string_view text) {
    const auto path = folder.path() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  XmlSchema small() {
    write("types.xsd", types);
    return XmlSchema::load(write("a.xsd", small_schema)).value();
  }
  testing::TemporaryFolder folder;
};

std::string told(const XmlSchema& schema, std::string_view xml) {
  const auto breach = schema.validate(bytes_of(xml));
  if (!breach) return breach.error().code;
  if (!*breach) return "valid";
  return "line " + std::to_string((*breach)->line) + ", " + (*breach)->text;
}

TEST_F(XmlSchemaTest, TellsLineNameAndRuleButNoValue) {
  const auto schema = small();
  EXPECT_EQ(told(schema, "<a><number>1</number></a>"), "valid");
  EXPECT_EQ(told(schema, "<a kind='x'><number>1</number><code>x</code></a>"), "valid");
  EXPECT_EQ(told(schema, "<a>\n<number>secret</number></a>"), "line 2, element number: a value of the wrong form");
  EXPECT_EQ(told(schema, "<a><number>1</number>\n\n<code>secret</code></a>"),
            "line 3, element code: a value that is not one of those allowed");
  EXPECT_EQ(told(schema, "<a kind='secret'><number>1</number></a>"),
            "line 1, element a: a value that is not one of those allowed");
  EXPECT_EQ(told(schema, "<a/>"),
            "line 1, element a: not what belongs here, or something that must be there is missing");
  EXPECT_EQ(told(schema, "<b/>"), "line 1, element b: an element that the schema does not know");
  EXPECT_EQ(told(schema, "<a more='secret'><number>1</number></a>"),
            "line 1, element a: an attribute that does not belong here");
}

TEST_F(XmlSchemaTest, CountsWhatIsBroken) {
  const auto breach = small().validate(bytes_of("<a kind='y'><number>z</number><code>z</code></a>"));
  ASSERT_TRUE(breach && *breach);
  EXPECT_EQ((*breach)->count, 3);
}

TEST_F(XmlSchemaTest, RefusesWhatXmlRefuses) {
  const auto schema = small();
  EXPECT_EQ(told(schema, "<a>"), "xml.malformed");
  EXPECT_EQ(told(schema, "<!DOCTYPE a><a/>"), "xml.doctype");
}

TEST_F(XmlSchemaTest, FollowsNoHintOfADocument) {
  const auto schema = small();
  // Were it read, `other` would be known, and its content wrong.
  const auto other = write("other.xsd", R"(<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="u:o">
<xs:element name="other" type="xs:int"/></xs:schema>)");
  const std::string document =
      "<a xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><number>1</number><code>x</code><o:other xmlns:o='u:o' "
      "xsi:schemaLocation='u:o " +
      other.string() + "'>text</o:other></a>";
  EXPECT_EQ(told(schema, document), "valid");
}

TEST_F(XmlSchemaTest, RefusesSchemasThatCannotBeUsed) {
  const auto code = [&](std::string_view text) {
    const auto schema = XmlSchema::load(write("s.xsd", text));
    return schema ? std::string("good") : schema.error().code;
  };
  const std::string begin = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>";
  EXPECT_EQ(XmlSchema::load(folder.path() / "none.xsd").error().code, "schema.unreadable");
  EXPECT_EQ(code("no xml"), "schema.unreadable");
  EXPECT_EQ(code("<html/>"), "schema.unreadable");
  EXPECT_EQ(code(begin + "<xs:element name='a' type='nothing'/></xs:schema>"), "schema.unreadable");
  EXPECT_EQ(code(begin + "<xs:include schemaLocation='none.xsd'/></xs:schema>"), "schema.unreadable");
  EXPECT_EQ(code(begin + "<xs:import namespace='n' schemaLocation='http://127.0.0.1:1/a.xsd'/></xs:schema>"),
            "schema.remote");
  EXPECT_EQ(code(begin + "<xs:include schemaLocation='file:///etc/passwd'/></xs:schema>"), "schema.remote");
}

TEST_F(XmlSchemaTest, KnowsTheSchemaOfArkivmelding) {
  const fs::path data = kanal::testing::shared_data() / "rest";
  if (!fs::exists(data / "arkivmelding.xsd")) GTEST_SKIP() << "no schema at " << data;
  const auto schema = XmlSchema::load(data / "arkivmelding.xsd");
  ASSERT_TRUE(schema) << schema.error().text();
  const auto told_of = [&](const std::string& name) {
    std::ifstream file(data / name, std::ios::binary);
    const std::string xml{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return told(*schema, xml);
  };
  EXPECT_EQ(told_of("arkivmelding_ok.xml"), "valid");
  EXPECT_EQ(told_of("arkivmelding_docs_example.xml"), "valid");
  const auto error = told_of("arkivmelding_error.xml");
  EXPECT_TRUE(error.ends_with(": not what belongs here, or something that must be there is missing")) << error;
}

}  // namespace
}  // namespace kanal::formats
