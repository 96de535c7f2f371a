#include "transports/dpi/channels.hpp"

#include <gmock/gmock.h>

namespace kanal::transports::dpi {
namespace {

TEST(DpiChannelName, Rules) {
  EXPECT_TRUE(is_channel_name("a"));
  EXPECT_TRUE(is_channel_name("Arkiv_1-x"));
  EXPECT_TRUE(is_channel_name(std::string(28, 'a')));
  for (const auto& name : {std::string(), std::string(29, 'a'), std::string("a b"), std::string("å"),
                           std::string("a.b"), std::string("a\n"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(is_channel_name(name)) << name;
  }
  EXPECT_TRUE(is_builtin_name("no_difi_move_integrasjonspunkt"));
  EXPECT_TRUE(same_channel("Arkiv", "aRKIV"));
  EXPECT_FALSE(same_channel("Arkiv", "Arkiv2"));
}

TEST(DpiChannelTurns, GoesRound) {
  ChannelTurns turns({"a", "b", "c"});
  int asked = 0;
  const auto last = [&]() -> std::optional<std::string> {
    ++asked;
    return std::nullopt;
  };
  std::string order;
  for (int i = 0; i < 7; ++i) order += turns.next(last);
  EXPECT_EQ(order, "abcabca");
  EXPECT_EQ(asked, 1) << "only after a start";
}

TEST(DpiChannelTurns, GoesOnAfterARestart) {
  const auto first_after = [](const std::string& last) {
    return ChannelTurns({"a", "b", "c"}).next([&] { return std::optional(last); });
  };
  EXPECT_EQ(first_after("a"), "b");
  EXPECT_EQ(first_after("B"), "c") << "without regard to case";
  EXPECT_EQ(first_after("c"), "a");
  EXPECT_EQ(first_after("retired"), "a");
  EXPECT_EQ(ChannelTurns({"a", "b"}).next({}), "a");
}

}  // namespace
}  // namespace kanal::transports::dpi
