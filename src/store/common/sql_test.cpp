#include "store/common/sql.hpp"

#include <gtest/gtest.h>

namespace kanal::store {
namespace {

constexpr Dialect plain{false, "", "", "", "", true, "CROSS JOIN", "ifnull(message_channel, '')", false};
constexpr Dialect rich{true, "lower(", ")", "lower(", " COLLATE \"C\")", false, "JOIN", "coalesce(message_channel, '')",
                       true};

TEST(SqlMarks, ValuesGetNumbersWhereTheDatabaseWantsThem) {
  EXPECT_EQ(expand("a = ? AND b = ? OR c = ?", plain), "a = ? AND b = ? OR c = ?");
  EXPECT_EQ(expand("a = ? AND b = ? OR c = ?", rich), "a = $1 AND b = $2 OR c = $3");
  EXPECT_EQ(expand("a = ?2 AND b = ?12", plain), "a = ?2 AND b = ?12");
  EXPECT_EQ(expand("a = ?2 AND b = ?12", rich), "a = $2 AND b = $12");
}

TEST(SqlMarks, IdsAreComparedWithoutCase) {
  constexpr auto sql = "WHERE @id(c.message_id) = @id(?) AND x = ?";
  EXPECT_EQ(expand(sql, plain), "WHERE c.message_id = ? AND x = ?");
  EXPECT_EQ(expand(sql, rich), "WHERE lower(c.message_id) = lower($1 COLLATE \"C\") AND x = $2");
}

TEST(SqlMarks, IndexesJoinsAndLocks) {
  constexpr auto sql = "FROM job j @index(job_due) @join blob b WHERE @channel > '' @skip(j)";
  EXPECT_EQ(expand(sql, plain),
            "FROM job j INDEXED BY job_due CROSS JOIN blob b WHERE ifnull(message_channel, '') > '' ");
  EXPECT_EQ(expand(sql, rich),
            "FROM job j  JOIN blob b WHERE coalesce(message_channel, '') > '' FOR NO KEY UPDATE OF j SKIP LOCKED");
  EXPECT_EQ(expand("SELECT 1 FROM job @hold(job)", rich), "SELECT 1 FROM job FOR NO KEY UPDATE OF job");
}

TEST(SqlMarks, AnEndInTheMiddleOfAMarkIsTheEnd) {
  for (const auto* sql : {"@", "@id", "@id(", "@id(?", "@index(x", "?"}) {
    (void)expand(sql, plain);
    EXPECT_EQ(expand(std::string("a ") + sql, rich).substr(0, 2), "a ");
  }
}

TEST(SqlParams, KnowTheirTypeAlsoWhenNull) {
  EXPECT_EQ(param_of(std::optional<Time>{}).type, Param::Type::integer);
  EXPECT_TRUE(param_of(std::optional<Time>{}).null);
  EXPECT_EQ(param_of(std::optional<std::string>{}).type, Param::Type::text);
  EXPECT_EQ(param_of(std::optional<Bytes>{}).type, Param::Type::bytes);
  EXPECT_EQ(param_of(Value{}).type, Param::Type::unknown);
  EXPECT_EQ(param_of(true).integer, 1);
  EXPECT_EQ(text_of(param_of(MessageId("m")).bytes), "m");
  EXPECT_FALSE(param_of("").null);
}

}  // namespace
}  // namespace kanal::store
