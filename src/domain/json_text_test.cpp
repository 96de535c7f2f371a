#include "domain/json_text.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <boost/json/serialize.hpp>

namespace kanal::domain {
namespace {

TEST(JsonText, EscapesControlCharactersInsideStrings) {
  EXPECT_EQ(escape_control_characters("{\"a\":\"x\ny\t\x1f\"}"), "{\"a\":\"x\\u000ay\\u0009\\u001f\"}");
  EXPECT_EQ(escape_control_characters(std::string_view("\"\0\"", 3)), "\"\\u0000\"");
}

TEST(JsonText, LeavesWhiteSpaceBetweenTokens) {
  const std::string_view json = "{\r\n\t\"a\" :\n 1 }\n";
  EXPECT_EQ(escape_control_characters(json), json);
}

TEST(JsonText, SeesEscapedQuotesAndBackslashes) {
  EXPECT_EQ(escape_control_characters("\"a\\\"\n\""), "\"a\\\"\\u000a\"");
  EXPECT_EQ(escape_control_characters("\"a\\\\\"\n"), "\"a\\\\\"\n");
}

TEST(JsonText, DoesNotRepairAFaultyEscape) { EXPECT_EQ(escape_control_characters("\"a\\\nb\""), "\"a\\\nb\""); }

TEST(JsonText, KeepsOtherBytes) {
  EXPECT_EQ(escape_control_characters("\"\xc3\xa6\x7f\""), "\"\xc3\xa6\x7f\"");
  EXPECT_EQ(escape_control_characters("\"open\n"), "\"open\\u000a");
  EXPECT_EQ(escape_control_characters(""), "");
}

std::string rewritten(std::string_view text) {
  const auto value = parse_json(text, 8);
  return value ? boost::json::serialize(*value) : value.error().code;
}

TEST(JsonText, ReadsEveryKindOfValue) {
  EXPECT_EQ(rewritten(R"( {"a" : [ ] , "b" : { "c" : "æ\u0041\n" } , "d" : [true,false,null,"",{}] } )"),
            R"({"a":[],"b":{"c":"æA\n"},"d":[true,false,null,"",{}]})");
  EXPECT_EQ(rewritten("[0,-1,9223372036854775807,-9223372036854775808,18446744073709551615]"),
            "[0,-1,9223372036854775807,-9223372036854775808,18446744073709551615]");
}

TEST(JsonText, RefusesWhatIsNoJson) {
  for (const std::string_view text :
       {"", " ", "[", "[1,]", "{\"a\"}", "01", "1 2", "[1]]", "NaN", "'a'", "\"\xff\"", "// x\n1", "\"a\\\nb\""}) {
    EXPECT_EQ(rewritten(text), "sbd.json") << text;
  }
}

TEST(JsonText, BoundsDepth) {
  EXPECT_EQ(rewritten("[[[[[[[[]]]]]]]]"), "[[[[[[[[]]]]]]]]");
  EXPECT_EQ(rewritten("[[[[[[[[[]]]]]]]]]"), "sbd.json");
}

TEST(JsonText, NumbersAreTheNearestDouble) {
  EXPECT_EQ(parse_json("1234.56", 8)->as_double(), 1234.56);
  EXPECT_EQ(parse_json("2.2222222222222222E79", 8)->as_double(), 2.2222222222222222E79);
  EXPECT_EQ(parse_json("0.30000000000000004", 8)->as_double(), 0.30000000000000004);
  EXPECT_EQ(parse_json("-1.7976931348623157e308", 8)->as_double(), -1.7976931348623157e308);
  EXPECT_EQ(parse_json("5e-324", 8)->as_double(), 5e-324);
  EXPECT_EQ(parse_json("1e-400", 8)->as_double(), 0.0);
  EXPECT_EQ(parse_json(std::string(40, '2'), 8)->as_double(), 2222222222222222222222222222222222222222.0);
  EXPECT_EQ(rewritten("1e400"), "sbd.json");
  EXPECT_EQ(rewritten("-" + std::string(400, '9')), "sbd.json");
}

RC_GTEST_PROP(JsonTextProperty, DoublesSurvive, (double value)) {
  RC_PRE(std::isfinite(value));
  RC_ASSERT(parse_json(boost::json::serialize(boost::json::value(value)), 8)->as_double() == value);
}

TEST(JsonText, ExcerptsAreCutAtCharacterBorders) {
  EXPECT_EQ(excerpt("short"), "short");
  EXPECT_EQ(excerpt(std::string(81, 'x')), std::string(80, 'x') + "...");
  const std::string text = std::string(79, 'x') + "\xc3\xa6\xc3\xa6";
  EXPECT_EQ(excerpt(text), std::string(79, 'x') + "...");
}

TEST(JsonText, AMemberThatIsNoTextIsEmpty) {
  const boost::json::object object{{"a", "æ"}, {"b", 1}, {"c", nullptr}};
  EXPECT_EQ(text_member(object, "a"), "æ");
  for (const auto* name : {"b", "c", "d"}) EXPECT_EQ(text_member(object, name), "") << name;
}

}  // namespace
}  // namespace kanal::domain
