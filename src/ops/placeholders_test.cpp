#include "ops/placeholders.hpp"

#include <map>

#include <gmock/gmock.h>

namespace kanal::ops {
namespace {

std::string resolved(std::string_view text) {
  std::map<std::string, std::string, std::less<>> values{
      {"a", "1"},      {"b", "<${a}>"},       {"name", "a"}, {"c1", "${c2}"},
      {"c2", "${c1}"}, {"self", "${self:x}"}, {"empty", ""},
  };
  values["l0"] = "0123456789";
  for (int i = 1; i < 40; ++i) {
    const std::string inner = "${l" + std::to_string(i - 1) + "}";
    values["l" + std::to_string(i)] = inner + inner;
  }
  values["d0"] = "end";
  for (int i = 1; i < 40; ++i) values["d" + std::to_string(i)] = "${d" + std::to_string(i - 1) + "}";
  const auto out = resolve_placeholders(text, [&](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  });
  if (out) return out->text;
  EXPECT_EQ(out.error().code, "config.syntax");
  return "! " + out.error().message;
}

TEST(Placeholders, AreResolvedRecursively) {
  EXPECT_EQ(resolved("plain"), "plain");
  EXPECT_EQ(resolved("${a}"), "1");
  EXPECT_EQ(resolved("x${b}y${a}"), "x<1>y1");
  EXPECT_EQ(resolved("${none:default}"), "default");
  EXPECT_EQ(resolved("${none:}"), "");
  EXPECT_EQ(resolved("${empty:default}"), "");
  EXPECT_EQ(resolved("${none:${b}}"), "<1>");
  EXPECT_EQ(resolved("${none:http://host:80}"), "http://host:80");
  EXPECT_EQ(resolved("${${name}}"), "1");
  EXPECT_EQ(resolved("$a $correspondenceRecipientName$: {a}"), "$a $correspondenceRecipientName$: {a}");
  EXPECT_EQ(resolved("\\${a}"), "${a}");
  EXPECT_EQ(resolved("${a"), "${a");
}

TEST(Placeholders, RefuseMissingValuesCirclesAndFloods) {
  using ::testing::HasSubstr;
  EXPECT_THAT(resolved("${none}"), HasSubstr("! placeholder ${none} has no value: set none, write ${none:default}"));
  EXPECT_THAT(resolved("${c1}"), HasSubstr("refers to itself: c1 -> c2 -> c1"));
  EXPECT_THAT(resolved("${self}"), HasSubstr("refers to itself"));
  EXPECT_THAT(resolved("${l30}"), HasSubstr("! "));
  EXPECT_THAT(resolved("${d39}"), HasSubstr("nested too deep"));
  EXPECT_EQ(resolved("${d20}"), "end");
}

}  // namespace
}  // namespace kanal::ops
