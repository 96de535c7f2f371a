#include "api/json_writer.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace kanal::api {
namespace {

TEST(JsonWriter, PrintsAsTheJavaVersionDoes) {
  const auto value = boost::json::parse(
      R"({"a":{"b":[1,{"c":null},[]],"d":{}},"e":"x","f":-1.5,"g":true,"h":2.0,"i":2,"j":1e300,"k":1.25e-4,"l":12345678.5,"m":0.0})");
  EXPECT_EQ(write_pretty(value), R"({
  "a" : {
    "b" : [ 1, {
      "c" : null
    }, [ ] ],
    "d" : { }
  },
  "e" : "x",
  "f" : -1.5,
  "g" : true,
  "h" : 2.0,
  "i" : 2,
  "j" : 1.0E300,
  "k" : 1.25E-4,
  "l" : 1.23456785E7,
  "m" : 0.0
})");
}

TEST(JsonWriter, EscapesAndRoundTrips) {
  const std::string nasty("\"\\\n\r\t\b\x01\x1f /æ\xF0\x9F\x98\x80\0", 17);
  const boost::json::value value = {{nasty, nasty}};
  const auto text = write_pretty(value);
  EXPECT_NE(text.find(R"(\"\\\n\r\t\u0008\u0001\u001f /æ)"), std::string::npos) << text;
  EXPECT_EQ(boost::json::parse(text), value);
}

TEST(JsonWriter, RepairsWhatIsNotUtf8) {
  EXPECT_EQ(as_utf8("blå"), "blå");
  EXPECT_EQ(as_utf8("bl\xE5r"), "bl\uFFFDr");
  EXPECT_EQ(as_utf8("\xC3"), "\uFFFD");
  EXPECT_EQ(as_utf8("\xC0\x80"), "\uFFFD\uFFFD");
  EXPECT_EQ(as_utf8(""), "");
}

}  // namespace
}  // namespace kanal::api
