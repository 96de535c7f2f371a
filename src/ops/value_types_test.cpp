#include "ops/value_types.hpp"

#include <gtest/gtest.h>

#include "ops/value_rules.hpp"

namespace kanal::ops {
namespace {

using std::chrono::milliseconds;

TEST(ValueTypes, Booleans) {
  for (const auto* text : {"true", "TRUE", "yes", "on", "1"}) EXPECT_EQ(parse_boolean(text), true) << text;
  for (const auto* text : {"false", "No", "off", "0"}) EXPECT_EQ(parse_boolean(text), false) << text;
  for (const auto* text : {"", "tru", "2", "true "}) EXPECT_EQ(parse_boolean(text), std::nullopt) << text;
}

TEST(ValueTypes, Sizes) {
  EXPECT_EQ(parse_size("500"), 500U);
  EXPECT_EQ(parse_size("10KB"), 10240U);
  EXPECT_EQ(parse_size("2mb"), 2097152U);
  EXPECT_EQ(parse_size("1 GB"), 1073741824U);
  EXPECT_EQ(parse_size("1TB"), 1099511627776U);
  EXPECT_EQ(parse_size("7B"), 7U);
  EXPECT_EQ(parse_size("-1"), no_size_limit);
  for (const auto* text : {"", "MB", "-2", "1.5MB", "1PB", "99999999999999999999", "17179869184GB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(ValueTypes, Times) {
  EXPECT_EQ(parse_milliseconds("1500"), milliseconds(1500));
  EXPECT_EQ(parse_milliseconds("1500ms"), milliseconds(1500));
  EXPECT_EQ(parse_milliseconds("30s"), milliseconds(30'000));
  EXPECT_EQ(parse_milliseconds("5m"), milliseconds(300'000));
  EXPECT_EQ(parse_milliseconds("2h"), milliseconds(7'200'000));
  EXPECT_EQ(parse_milliseconds("1d"), milliseconds(86'400'000));
  for (const auto* text : {"", "-1", "1w", "x", "9999999999999999999"}) {
    EXPECT_EQ(parse_milliseconds(text), std::nullopt) << text;
  }
}

TEST(ValueTypes, ListsAndAddresses) {
  EXPECT_EQ(parse_list(" a, b,,c "), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(parse_list("").empty());
  for (const auto* text : {"https://a", "http://a:80/b?c", "HTTPS://a/b", "file:/out"})
    EXPECT_TRUE(is_url(text)) << text;
  for (const auto* text : {"", "a", "ftp://a", "https://", "https:///x", "https://:80", "https://a b"}) {
    EXPECT_FALSE(is_url(text)) << text;
  }
}

TEST(ValueRules, EveryRuleOfTheSpecification) {
  struct Row {
    std::string_view key;
    std::string_view value;
    std::string_view broken;  ///< empty: good
  };
  const std::string long_channel(26, 'a');
  const std::vector<Row> rows{
      {"difi.move.org.number", "991825827", ""},
      {"difi.move.org.number", "99182582", "must be an organisation number: nine digits"},
      {"difi.move.org.number", "99182582x", "must be an organisation number: nine digits"},
      {"difi.move.dpo.message-channel", "Arkiv_2-b", ""},
      {"difi.move.dpo.message-channel", "", ""},
      {"difi.move.dpo.message-channel", "a b", "must match ^[a-zA-Z0-9-_]{0,25}$"},
      {"difi.move.dpo.message-channel", "sak.1", "must match ^[a-zA-Z0-9-_]{0,25}$"},
      {"difi.move.dpo.message-channel", long_channel, "must match ^[a-zA-Z0-9-_]{0,25}$"},
      {"difi.move.dpo.reportees[3].message-channel", "å", "must match ^[a-zA-Z0-9-_]{0,25}$"},
      {"kanal.dpo.retired-channels", "a,b c", "must match ^[a-zA-Z0-9-_]{0,25}$"},
      {"kanal.dpo.retired-channels[0]", "a.b", "must match ^[a-zA-Z0-9-_]{0,25}$"},
      {"difi.move.dpo.systemUser.orgId", "0192:991825827", ""},
      {"difi.move.dpo.systemUser.orgId", "991825827", "must be 0192: and an organisation number of nine digits"},
      {"difi.move.dpi.mpcId", "no.difi.move.integrasjonspunkt", ""},
      {"difi.move.dpi.mpcId", "no_difi_move_integrasjonspunkt-staging", ""},
      {"difi.move.dpi.mpcId", "æ", "must match ^[A-Za-z0-9_-]{1,28}$ (a dot counts as _)"},
      {"difi.move.fiks.ut.konteringsKode", "Øre-1.2", ""},
      {"difi.move.fiks.ut.konteringsKode", "a_b", "must match ^[a-zA-Z0-9\\-\\.øæåØÆÅ]{0,20}$"},
      {"difi.move.fiks.ut.konteringsKode", "ååååååååååååååååååååå", "must match ^[a-zA-Z0-9\\-\\.øæåØÆÅ]{0,20}$"},
      {"difi.move.org.keystore.type", "jks", ""},
      {"difi.move.org.keystore.type", "Windows-MY",
       "must be one of PKCS12, JKS; export the key from any other kind of store to a PKCS12 file"},
      {"difi.move.dpo.oidc.keystore.type", "BKS",
       "must be one of PKCS12, JKS; export the key from any other kind of store to a PKCS12 file"},
      {"difi.move.dpo.oidc.authenticationType", "PIN", "must be one of CERTIFICATE, JWK"},
      {"difi.move.nextmove.status-services", "DPO, DPX", "must be one of DPO, DPV, DPI, DPF, DPE, DPH, DPFIO"},
      {"difi.move.nextmove.serviceBus.mode", "Data", ""},
      {"difi.move.fiks.ut.type", "soap", "must be one of ws, rest"},
      {"kanal.asic.verify", "maybe", "must be one of require, warn, off"},
      {"server.port", "70000", "must be from 0 to 65535"},
      {"server.port", "http", "must be a whole number"},
      {"difi.move.nextmove.statusPollingBackoffThresholdDays", "0", "must be at least 1"},
      {"difi.move.dpo.default-ttl-hours", "0", "must be at least 1"},
      {"difi.move.queue.maximum-retry-hours", "0", ""},
      {"difi.move.queue.maximum-retry-hours", "-1", "must be at least 0"},
      {"difi.move.feature.enableDPO", "ja", "must be true or false"},
      {"difi.move.dpo.upload-size-limit", "1 gigabyte", "must be a size such as 500, 10KB, 2MB or 1GB"},
      {"difi.move.dpo.pollingrate", "0", "must be more than 0"},
      {"difi.move.dpo.brokerserviceUrl", "platform.altinn.no", "must be an address such as https://host/path"},
  };
  for (const Row& row : rows) {
    const Setting* setting = find_setting(row.key);
    ASSERT_NE(setting, nullptr) << row.key;
    EXPECT_EQ(broken_rule(*setting, row.value).value_or(""), row.broken) << row.key << " = " << row.value;
  }
  const auto cron = broken_rule(*find_setting("difi.move.nextmove.statusPollingCron"), "* * *");
  EXPECT_TRUE(cron && cron->starts_with("must be a cron expression"));
}

TEST(ValueRules, DefaultsKeepTheirOwnRules) {
  for (const Setting& setting : settings_catalogue()) {
    if (setting.fallback.find("${") != std::string_view::npos) continue;
    EXPECT_EQ(broken_rule(setting, setting.fallback).value_or(""), "") << setting.key;
  }
}

}  // namespace
}  // namespace kanal::ops
