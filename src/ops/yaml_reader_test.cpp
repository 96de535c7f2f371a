#include "ops/yaml_reader.hpp"

#include <gmock/gmock.h>

namespace kanal::ops {
namespace {

std::vector<std::string> flat(std::string_view content) {
  std::vector<std::string> out;
  const auto entries = read_yaml(content);
  if (!entries) return {entries.error().message};
  for (const FileEntry& entry : *entries) {
    out.push_back(entry.key + "=" + entry.value + "@" + std::to_string(entry.line));
  }
  return out;
}

TEST(YamlReader, FlattensAsSpringDoes) {
  using ::testing::ElementsAre;
  EXPECT_THAT(flat("difi:\n  move:\n    org:\n      number: 991825827\n"),
              ElementsAre("difi.move.org.number=991825827@4"));
  EXPECT_THAT(flat("difi.move.org: {number: 1}"), ElementsAre("difi.move.org.number=1@1"));
  EXPECT_THAT(flat("a:\n  - x\n  - y\n"), ElementsAre("a[0]=x@2", "a[1]=y@3"));
  EXPECT_THAT(flat("a:\n  - b: 1\n    c: 2\n  - b: 3\n"), ElementsAre("a[0].b=1@2", "a[0].c=2@3", "a[1].b=3@4"));
  EXPECT_THAT(flat("a: ~\nb: []\nc: {}\nd: ''"), ElementsAre("a=@1", "b=@2", "c=@3", "d=@4"));
  EXPECT_THAT(flat("a: yes\nb: 007"), ElementsAre("a=yes@1", "b=007@2"));
  EXPECT_THAT(flat("x: &v {a: 1}\ny: *v"), ElementsAre("x.a=1@1", "y.a=1@1"));
  EXPECT_THAT(flat("paa-vegne-av:\n  991825827:\n    username: u"), ElementsAre("paa-vegne-av.991825827.username=u@3"));
  EXPECT_THAT(flat(""), ElementsAre());
}

TEST(YamlReader, CountsDocuments) {
  const auto entries = read_yaml("a: 1\n---\na: 2\n");
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[1].document, 1);
}

TEST(YamlReader, RefusesWithTheLine) {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "[";
  for (int i = 0; i < 40; ++i) deep += "]";
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string inner = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + inner;
    for (int j = 0; j < 9; ++j) bomb += ", " + inner;
    bomb += "]\n";
  }
  struct Bad {
    std::string content;
    std::string_view start;
    std::string_view part;
  };
  const std::vector<Bad> rows{
      {"a: 1\nb: [", "2: ", ""},
      // The library gives endless empty documents for this one.
      {",a ", "1: ", "stray character"},
      {"just text", "1: ", "must be a map"},
      {"a: 1\nb:\n  <<: {c: 1}", "3: ", "merge keys"},
      {"a: " + deep, "1: ", "nested deeper"},
      {bomb, "", "more than 10000 keys"},
      {"a: &a [*a]", "", "nested deeper"},
      {"a: \xE5", "1: ", "not UTF-8"},
      {std::string("a: \0", 4), "1: ", "NUL"},
      {std::string((1U << 20) + 1, '#'), "1: ", "larger"},
      {"? [a, b]\n: 1", "1: ", "plain text"},
  };
  for (const Bad& row : rows) {
    const auto entries = read_yaml(row.content);
    ASSERT_FALSE(entries) << row.content.substr(0, 40);
    EXPECT_EQ(entries.error().code, "config.syntax");
    EXPECT_TRUE(entries.error().message.starts_with(row.start)) << entries.error().message;
    EXPECT_THAT(entries.error().message, ::testing::HasSubstr(std::string(row.part)));
  }
}

}  // namespace
}  // namespace kanal::ops
