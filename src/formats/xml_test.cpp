#include "formats/xml.hpp"

#include <gtest/gtest.h>

#include "formats/xml_scan.hpp"

namespace kanal::formats {
namespace {

Result<XmlDocument> parse(std::string_view text) { return XmlDocument::parse(bytes_of(text)); }

std::string code_of(std::string_view text) {
  const auto document = parse(text);
  return document ? "" : document.error().code;
}

std::string nested(int depth) {
  std::string open;
  std::string close;
  for (int i = 0; i < depth; ++i) {
    open += "<a>";
    close += "</a>";
  }
  return open + close;
}

TEST(Xml, ReadsElementsAttributesAndText) {
  const auto document = parse(
      "<?xml version='1.0' encoding='UTF-8'?><!-- c --><p:root xmlns:p='urn:p' id='1' p:id='2'>\n"
      " <child>  bl&#229;b&aelig_no;</child></p:root>");
  EXPECT_FALSE(document) << "an entity that nobody declared";
  const auto good = parse(
      "<?xml version='1.0' encoding='UTF-8'?><!-- c --><p:root xmlns:p='urn:p' p:id='2' id='1' p:other='3'>\n"
      " <child>  bl&#229;b&#xE6;r <b>&lt;bold&gt;</b><!-- no --> "
      "<![CDATA[<raw>]]>\r\n</child>text<child/><p:last/></p:root>");
  ASSERT_TRUE(good) << good.error().text();
  const auto root = good->root();
  EXPECT_EQ(root.name(), "root");
  EXPECT_EQ(root.namespace_uri(), "urn:p");
  EXPECT_EQ(root.attribute("id"), "1") << "the one without a namespace wins";
  EXPECT_EQ(root.attribute("other"), "3");
  EXPECT_EQ(root.attribute("none"), std::nullopt);
  EXPECT_EQ(root.children().size(), 3U);
  EXPECT_EQ(root.children("child").size(), 2U);
  EXPECT_EQ(root.child("child")->text(), "blåbær <bold> <raw>");
  EXPECT_EQ(root.child("child")->namespace_uri(), "");
  EXPECT_EQ(root.child("last")->text(), "");
  EXPECT_FALSE(root.child("b")) << "a grandchild";
}

TEST(Xml, AnElementOutlivesTheVariableOfItsDocument) {
  auto document = parse("<a><b>text</b></a>");
  ASSERT_TRUE(document);
  const XmlDocument copy = *document;
  document = parse("<other/>");
  EXPECT_EQ(copy.root().child("b")->text(), "text");
}

TEST(Xml, ReadsTheEncodingsOfOldArchives) {
  const auto latin = parse("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>bl\xE5</a>");
  ASSERT_TRUE(latin) << latin.error().text();
  EXPECT_EQ(latin->root().text(), "blå");
  const auto marked = parse("\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><a>bl\xC3\xA5</a>");
  ASSERT_TRUE(marked) << marked.error().text();
  EXPECT_EQ(marked->root().text(), "blå");
}

TEST(Xml, RefusesEncodingsThatHideMarkup) {
  EXPECT_EQ(code_of("<?xml version='1.0' encoding='UTF-7'?><a>+ADw-b/+AD4-</a>"), "xml.malformed");
  EXPECT_EQ(code_of("<?xml version='1.0' encoding='EBCDIC-US'?><a/>"), "xml.malformed");
  EXPECT_EQ(code_of(std::string_view("\xFF\xFE<\0a\0/\0>\0", 10)), "xml.malformed");
  EXPECT_EQ(code_of(std::string_view("\0<\0a\0/\0>", 8)), "xml.malformed");
  EXPECT_EQ(code_of("\x4C\x6F\xA7\x94"), "xml.malformed");
  EXPECT_EQ(code_of("<a>\xE5</a>"), "xml.malformed") << "not the UTF-8 that it claims to be";
}

TEST(Xml, SaysWhereItIsNotWellFormed) {
  const auto document = parse("<a>\n<b>\n</a>");
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code, "xml.malformed");
  EXPECT_EQ(document.error().disposition, Disposition::reject);
  EXPECT_NE(document.error().message.find("line 3"), std::string::npos) << document.error().message;
}

TEST(Xml, RefusesWhatIsNotWellFormed) {
  for (const char* text : {"", " ", "text", "<a>", "<a></b>", "<a/><b/>", "<a b=1/>", "<a b='1' b='2'/>",
                           "<a>&nothing;</a>", "<a>&#0;</a>", "<p:a/>", "<a p:b='1'/>", "<a>\x01</a>", "<a",
                           "<!-- <a/>", "<a><![CDATA[x</a>", "<a>]]></a>", "</a>"}) {
    EXPECT_EQ(code_of(text), "xml.malformed") << text;
  }
}

TEST(Xml, RefusesAnyDoctypeBeforeItHasAnEffect) {
  EXPECT_EQ(code_of("<!DOCTYPE a><a/>"), "xml.doctype");
  EXPECT_EQ(code_of("<?xml version='1.0'?>\n<!-- x -->\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), "xml.doctype");
  EXPECT_EQ(code_of("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"), "xml.doctype");
  EXPECT_EQ(code_of("<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/'>%p;]><a/>"), "xml.doctype");
}

TEST(Xml, RefusesABillionLaughs) {
  std::string text = "<!DOCTYPE l [<!ENTITY l0 'lol'>";
  for (int i = 1; i < 10; ++i) {
    text += "<!ENTITY l" + std::to_string(i) + " '";
    for (int j = 0; j < 10; ++j) text += "&l" + std::to_string(i - 1) + ";";
    text += "'>";
  }
  EXPECT_EQ(code_of(text + "]><l>&l9;</l>"), "xml.doctype");
}

TEST(Xml, ADoctypeInTextIsText) {
  EXPECT_EQ(code_of("<a><![CDATA[<!DOCTYPE a>]]><!-- <!DOCTYPE a> --><?pi <!DOCTYPE a>?></a>"), "");
}

TEST(Xml, CapsTheDepth) {
  EXPECT_EQ(code_of(nested(max_xml_depth)), "");
  EXPECT_EQ(code_of(nested(max_xml_depth + 1)), "xml.too_deep");
  EXPECT_EQ(code_of(nested(1'000'000)), "xml.too_deep");
  std::string siblings = "<a>";
  for (int i = 0; i < 1'000; ++i) siblings += "<b c='>'/><d></d>";
  EXPECT_EQ(code_of(siblings + "</a>"), "") << "width is not depth";
}

TEST(Xml, CapsTheSize) {
  const std::string frame = "<a></a>";
  EXPECT_EQ(code_of("<a>" + std::string(max_xml_bytes - frame.size(), 'x') + "</a>"), "");
  EXPECT_EQ(code_of("<a>" + std::string(max_xml_bytes - frame.size() + 1, 'x') + "</a>"), "xml.too_large");
}

TEST(Xml, CapsAttributesOfAnElement) {
  const auto element = [](int count) {
    std::string text = "<a";
    for (int i = 0; i < count; ++i) text += " b" + std::to_string(i) + "=''";
    return text + "/>";
  };
  EXPECT_EQ(code_of(element(max_xml_attributes)), "");
  EXPECT_EQ(code_of(element(max_xml_attributes + 1)), "xml.malformed");
}

TEST(Xml, CapsNamespacesInScope) {
  const auto nested = [](int depth, int each, std::string_view name = "xmlns:p") {
    std::string text = "<r>";
    for (int i = 0; i < depth; ++i) {
      text += "<a";
      for (int j = 0; j < each; ++j) text += "\n" + std::string(name) + std::to_string(i * each + j) + " = 'u'";
      text += ">";
    }
    for (int i = 0; i < depth; ++i) text += "</a>";
    return text + "</r>";
  };
  EXPECT_EQ(code_of(nested(2, max_xml_namespaces / 2)), "");
  EXPECT_EQ(code_of(nested(2, max_xml_namespaces / 2 + 1)), "xml.malformed");
  EXPECT_EQ(code_of(nested(2, max_xml_namespaces / 2 + 1, "b")), "") << "plain attributes";
  std::string siblings = "<r>";
  for (int i = 0; i < 2 * max_xml_namespaces; ++i) siblings += "<a xmlns='u'/><a xmlns:b='u'></a>";
  EXPECT_EQ(code_of(siblings + "</r>"), "") << "one after another";
}

TEST(Xml, CapsTagsAndComments) {
  const std::string filler(max_xml_markup - 10, 'x');
  EXPECT_EQ(code_of("<a b='" + filler + "'/>"), "");
  EXPECT_EQ(code_of("<a b='" + filler + "xxxxxxxxxxxx'/>"), "xml.malformed");
  EXPECT_EQ(code_of("<!--" + filler + "xxxxxxxxxxxx--><a/>"), "xml.malformed");
}

TEST(Xml, ReadsATextNodeBeyondTheParsersUsualLimit) {
  const std::string text(12'000'000, 'x');
  const auto document = parse("<a>" + text + "</a>");
  ASSERT_TRUE(document) << document.error().text();
  EXPECT_TRUE(document->root().text() == text);
}

TEST(Xml, StopsAtAnErrorBeforeCrowdedElementsBehindIt) {
  // The scan takes all this for the content of a CDATA section. A parser that goes on behind the forbidden character
  // would see an element with a million attributes, and compare each with each, for minutes.
  std::string text = "<a><![CDATA[\x01<b";
  for (int i = 0; i < 1'000'000; ++i) text += " b" + std::to_string(i) + "=\"\"";
  EXPECT_EQ(code_of(text + "/>]]></a>"), "xml.malformed");
}

TEST(Xml, EscapesSoThatTextComesBack) {
  EXPECT_EQ(xml_escape("<a b=\"c\">'&'</a>"), "&lt;a b=&quot;c&quot;&gt;&apos;&amp;&apos;&lt;/a&gt;");
  using namespace std::string_view_literals;
  EXPECT_EQ(xml_escape("a\0b\x01\x1f\xFF\xED\xA0\x80\xEF\xBF\xBE\n\tc"sv), "ab\n\tc") << "what XML forbids is dropped";
  const std::string text = "blåbær & 'tyttebær' <\"€\"> \xF0\x9F\x98\x80";
  const auto document = parse("<a b=\"" + xml_escape(text) + "\">" + xml_escape(text) + "</a>");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().text(), text);
  EXPECT_EQ(document->root().attribute("b"), text);
}

}  // namespace
}  // namespace kanal::formats
