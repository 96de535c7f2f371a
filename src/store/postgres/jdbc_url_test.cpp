#include "store/postgres/jdbc_url.hpp"

#include <gmock/gmock.h>

namespace kanal::store::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::Pair;

ConnectSettings parse(std::string_view url, const std::string& user = "u", const std::string& password = "p") {
  auto parsed = parse_jdbc_url(url, user, password, "/conf");
  EXPECT_TRUE(parsed) << url << ": " << parsed.error().text();
  return parsed.value_or(ConnectSettings{});
}

TEST(JdbcUrl, HostPortAndDatabase) {
  EXPECT_THAT(parse("jdbc:postgresql://db.example.no:5433/kanal").parameters,
              IsSupersetOf({Pair("host", "db.example.no"), Pair("port", "5433"), Pair("dbname", "kanal"),
                            Pair("user", "u"), Pair("password", "p")}));
  EXPECT_THAT(parse("JDBC:PostgreSQL://db/kanal").parameters, IsSupersetOf({Pair("host", "db"), Pair("port", "5432")}));
  EXPECT_THAT(parse("jdbc:postgresql:kanal").parameters,
              IsSupersetOf({Pair("host", "localhost"), Pair("dbname", "kanal")}));
  EXPECT_THAT(parse("jdbc:postgresql://[::1]:77/kanal").parameters,
              IsSupersetOf({Pair("host", "::1"), Pair("port", "77")}));
  EXPECT_THAT(parse("jdbc:postgresql://db/").parameters, IsSupersetOf({Pair("dbname", "u")}));
  EXPECT_THAT(parse("jdbc:postgresql://db/my%20db").parameters, IsSupersetOf({Pair("dbname", "my db")}));
}

TEST(JdbcUrl, SeveralHostsMeanTheOneThatTakesWrites) {
  EXPECT_THAT(parse("jdbc:postgresql://a:1,b/kanal?targetServerType=primary").parameters,
              IsSupersetOf({Pair("host", "a,b"), Pair("port", "1,5432"), Pair("target_session_attrs", "read-write")}));
}

TEST(JdbcUrl, ParametersOfTheDriver) {
  const auto settings = parse(
      "jdbc:postgresql://db/k?sslmode=verify-ca&sslrootcert=ca.pem&sslcert=%2Fetc%2Fc.pem&currentSchema=kanal,public&"
      "connectTimeout=7&socketTimeout=30&ApplicationName=x&prepareThreshold=3&&reWriteBatchedInserts=true");
  EXPECT_THAT(settings.parameters, IsSupersetOf({Pair("sslmode", "verify-ca"), Pair("sslrootcert", "/conf/ca.pem"),
                                                 Pair("sslcert", "/etc/c.pem"), Pair("application_name", "x")}));
  EXPECT_EQ(settings.schema, "kanal");
  EXPECT_EQ(settings.connect_timeout, std::chrono::seconds(7));
  EXPECT_EQ(settings.statement_timeout, std::chrono::seconds(30));
  EXPECT_THAT(parse("jdbc:postgresql://db/k?ssl=true").parameters, IsSupersetOf({Pair("sslmode", "verify-full")}));
  EXPECT_THAT(parse("jdbc:postgresql://db/k?ssl&sslfactory=org.postgresql.ssl.NonValidatingFactory").parameters,
              IsSupersetOf({Pair("sslmode", "require")}));
  EXPECT_THAT(parse("jdbc:postgresql://db/k?user=a&password=b%26c", "", "").parameters,
              IsSupersetOf({Pair("user", "a"), Pair("password", "b&c")}));
  EXPECT_THAT(parse("jdbc:postgresql://db/k?user=a", "own").parameters, IsSupersetOf({Pair("user", "own")}));
}

TEST(JdbcUrl, WhatCannotBeUnderstoodIsRefusedWithoutItsSecrets) {
  for (const auto* url :
       {"jdbc:mysql://db/k", "jdbc:postgresql://db", "jdbc:postgresql://db:x/k?password=s3cret",
        "jdbc:postgresql://db:0/k", "jdbc:postgresql://db/k?password=s3cret%2", "jdbc:postgresql://db/a/b",
        "jdbc:postgresql://db/k?connectTimeout=s3cret", "jdbc:postgresql://db/%00", ""}) {
    const auto refused = parse_jdbc_url(url, "u", "s3cret", "/conf");
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().code, "config.datasource");
    EXPECT_THAT(refused.error().text(), Not(HasSubstr("s3cret")));
  }
  EXPECT_FALSE(parse_jdbc_url("jdbc:postgresql://db/", "", "", "/conf"));
}

}  // namespace
}  // namespace kanal::store::postgres
