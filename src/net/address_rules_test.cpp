#include "net/address_rules.hpp"

#include <gtest/gtest.h>

namespace kanal::net {
namespace {

AddressRules rules(const std::vector<std::string>& entries) {
  auto parsed = AddressRules::parse(entries);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().text());
  return std::move(*parsed);
}

TEST(AddressRules, MatchesBlocksOfBothKinds) {
  const auto some = rules({"10.0.0.0/8", "192.0.2.7", "2001:db8::/33", "fe80::/10", "172.16.0.0/12"});
  for (const auto* inside : {"10.0.0.0", "10.255.255.255", "192.0.2.7", "2001:db8::1", "2001:db8:7fff::", "febf::1",
                             "fe80::1%eth0", "172.31.255.255", "::ffff:10.1.2.3"}) {
    EXPECT_TRUE(some.matches(inside)) << inside;
  }
  for (const auto* outside : {"9.255.255.255", "11.0.0.0", "192.0.2.8", "2001:db8:8000::", "fec0::1", "172.32.0.0",
                              "::1", "127.0.0.1", "", "localhost", "10.0.0", "::ffff:11.1.2.3", "::10.1.2.3"}) {
    EXPECT_FALSE(some.matches(outside)) << outside;
  }
}

TEST(AddressRules, LoopbackAndEverything) {
  const auto loopback = rules({"loopback"});
  EXPECT_TRUE(loopback.matches("127.8.0.1"));
  EXPECT_TRUE(loopback.matches("::1"));
  EXPECT_TRUE(loopback.matches("::ffff:127.0.0.1"));
  EXPECT_FALSE(loopback.matches("10.0.0.1"));
  EXPECT_TRUE(rules({"0.0.0.0/0"}).matches("198.51.100.1"));
  EXPECT_FALSE(rules({"0.0.0.0/0"}).matches("2001:db8::1"));
  EXPECT_TRUE(rules({"::/0"}).matches("2001:db8::1"));
  EXPECT_TRUE(rules({}).empty());
  EXPECT_FALSE(rules({}).matches("127.0.0.1"));
}

TEST(AddressRules, RefusesWhatIsNoAddress) {
  for (const auto* wrong : {"", "10.0.0.0/33", "2001:db8::/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/8x", "example.no",
                            "10.0.0.0/-1", "10.0.0"}) {
    const auto parsed = AddressRules::parse({wrong});
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code, "address.rule");
  }
}

}  // namespace
}  // namespace kanal::net
