#include "api/trace.hpp"

#include <gtest/gtest.h>

namespace kanal::api {
namespace {

TEST(Trace, AClientsOwnGoesOn) {
  EXPECT_EQ(trace_id_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(Trace, AnythingElseIsReplaced) {
  for (const auto* wrong : {"", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736x00f067aa0ba902b7-01",
                            "00-21838197184\r\n77b34da6a3ce929d0e0e47-00f067aa0ba902b7-01"}) {
    const auto made = trace_id_of(wrong);
    EXPECT_EQ(made.size(), 32U) << wrong;
    EXPECT_EQ(made.find_first_not_of("0123456789abcdef"), std::string::npos) << wrong;
    EXPECT_NE(made, trace_id_of(wrong));
  }
}

}  // namespace
}  // namespace kanal::api
