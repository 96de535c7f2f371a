#include "ops/properties_reader.hpp"

#include <gtest/gtest.h>

namespace kanal::ops {
namespace {

struct Row {
  std::string_view content;
  std::string_view key;
  std::string_view value;
};

TEST(PropertiesReader, ReadsEveryFormOfALine) {
  const std::vector<Row> rows{
      {"a=b", "a", "b"},
      {"a = b", "a", "b"},
      {"a:b", "a", "b"},
      {"a : b", "a", "b"},
      {"a b", "a", "b"},
      {"a\tb c", "a", "b c"},
      {"a", "a", ""},
      {"a=", "a", ""},
      {"  a=b", "a", "b"},
      {"a==b", "a", "=b"},
      {"a= :b", "a", ":b"},
      {"a=b ", "a", "b "},
      {"a\\ b=c", "a b", "c"},
      {"a\\=b=c", "a=b", "c"},
      {"a\\:b=c", "a:b", "c"},
      {"a=b\\tc\\nd\\re\\ff", "a", "b\tc\nd\re\ff"},
      {"a=b\\\\c", "a", "b\\c"},
      {"a=\\u00e5\\u20AC", "a", "å€"},
      {"a=\\uD83D\\uDE00", "a", "😀"},
      {"a=b\\\n  c", "a", "bc"},
      {"a=b\\\r\n\tc", "a", "bc"},
      {"a=b\\\\\nc=d", "a", "b\\"},
      {"a=b\\", "a", "b"},
      {"a=\xC3\xA5", "a", "å"},
      {"a=\xE5", "a", "å"},
      {"\xEF\xBB\xBF"
       "a=b",
       "a", "b"},
      {"a=b#c", "a", "b#c"},
  };
  for (const Row& row : rows) {
    const auto file = read_properties(row.content);
    ASSERT_TRUE(file) << row.content << ": " << file.error().message;
    ASSERT_FALSE(file->entries.empty()) << row.content;
    EXPECT_EQ(file->entries[0].key, row.key) << row.content;
    EXPECT_EQ(file->entries[0].value, row.value) << row.content;
  }
}

TEST(PropertiesReader, CountsLinesOverCommentsContinuationsAndLineEnds) {
  const auto file = read_properties("# one\r\n\r\na=1\\\r\n2\rb=3\n! c\n   \nd=4");
  ASSERT_TRUE(file);
  ASSERT_EQ(file->entries.size(), 3U);
  EXPECT_EQ(file->entries[0].line, 3);
  EXPECT_EQ(file->entries[1].line, 5);
  EXPECT_EQ(file->entries[2].line, 8);
}

TEST(PropertiesReader, TellsLatin1FromUtf8) {
  EXPECT_FALSE(read_properties("a=\xC3\xA6")->latin1);
  EXPECT_TRUE(read_properties("a=\xE6")->latin1);
}

TEST(PropertiesReader, CountsDocuments) {
  const auto file = read_properties("a=1\n#---\na=2\n!---\na=3\n#--- not a mark\na=4");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->entries[1].document, 1);
  EXPECT_EQ(file->entries[3].document, 2);
}

TEST(PropertiesReader, NoticesWindowsPaths) {
  EXPECT_TRUE(read_properties("a=C:\\keys\\my.p12")->entries[0].strange_escape);
  EXPECT_FALSE(read_properties("a=C:\\\\keys")->entries[0].strange_escape);
}

TEST(PropertiesReader, RefusesWithTheLine) {
  struct Bad {
    std::string content;
    std::string_view message;
  };
  const std::vector<Bad> rows{
      {"a=1\nb=\\u12", "2: \\u must be followed"},
      {"a=C:\\users", "1: \\u must be followed"},
      {"a=\\uD83D", "1: \\u must be followed"},
      {"a=\\uDE00", "1: \\u must be followed"},
      {std::string("a=1\nb=\0", 7), "2: holds a NUL byte"},
      {"\xFF\xFE", "1: the file is UTF-16"},
      {std::string((1U << 20) + 1, '#'), "1: the file is larger"},
  };
  for (const Bad& row : rows) {
    const auto file = read_properties(row.content);
    ASSERT_FALSE(file) << row.message;
    EXPECT_EQ(file.error().code, "config.syntax");
    EXPECT_TRUE(file.error().message.starts_with(row.message)) << file.error().message;
  }
}

TEST(PropertiesReader, BoundsTheNumberOfKeys) {
  std::string many;
  for (std::size_t i = 0; i <= config_entry_limit; ++i) many += "a=1\n";
  ASSERT_FALSE(read_properties(many));
}

}  // namespace
}  // namespace kanal::ops
