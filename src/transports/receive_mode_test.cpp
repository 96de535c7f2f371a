#include "transports/receive_mode.hpp"

#include <gmock/gmock.h>

#include "base/testing.hpp"

namespace kanal::transports {
namespace {

using ::testing::HasSubstr;

class ReceiveModes : public ::testing::Test {
 protected:
  ops::Config config(const std::string& lines) {
    folder_.write("integrasjonspunkt-local.properties", "difi.move.org.number=310700002\n" + lines);
    auto read = ops::Config::load({folder_.path(), {}, {}});
    EXPECT_TRUE(read) << read.error().text();
    return std::move(*read);
  }
  kanal::testing::TemporaryFolder folder_;
};

TEST_F(ReceiveModes, AreReadAsWritten) {
  EXPECT_EQ(read_receive_mode(config(""), "kanal.dpo.receive").value(), ReceiveMode::all);
  for (const auto& [text, mode] : {std::pair{"all", ReceiveMode::all},
                                   {"Answers", ReceiveMode::answers},
                                   {"NONE", ReceiveMode::none},
                                   {"true", ReceiveMode::all},
                                   {"false", ReceiveMode::none}}) {
    EXPECT_EQ(read_receive_mode(config("kanal.dpo.receive=" + std::string(text)), "kanal.dpo.receive").value(), mode)
        << text;
    EXPECT_EQ(read_receive_mode(config("kanal.dpo.receive=" + std::string(text)), "kanal.dpv.receive").value(),
              ReceiveMode::all);
  }
  const auto wrong = read_receive_mode(config("kanal.dpi.receive=some"), "kanal.dpi.receive");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, "config.value");
  EXPECT_THAT(wrong.error().text(), HasSubstr("kanal.dpi.receive"));
}

TEST_F(ReceiveModes, AnswersAloneNeedSomebodyToSortThem) {
  const std::string answers = "kanal.dpe.receive=answers\n";
  const auto wrong = read_whole_receive_mode(config(answers), "kanal.dpe.receive", "DPE");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().text(), HasSubstr("only a hub can sort them"));
  const std::string hub = "kanal.hub.url=https://hub.example.no:9443\n";
  EXPECT_EQ(read_whole_receive_mode(config(answers + hub), "kanal.dpe.receive", "DPE").value(), ReceiveMode::answers);
  EXPECT_FALSE(read_whole_receive_mode(config(answers + hub + "kanal.hub.services=DPO\n"), "kanal.dpe.receive", "DPE"));
  EXPECT_EQ(read_whole_receive_mode(config("kanal.dpe.receive=none"), "kanal.dpe.receive", "DPE").value(),
            ReceiveMode::none);
}

TEST_F(ReceiveModes, SayWhyNothingIsAsked) {
  const auto why = [&](const std::string& lines) { return why_no_answers(config(lines), "kanal.dpv.receive").value(); };
  const std::string off = "difi.move.feature.enableReceipts=false\n";
  EXPECT_EQ(why(""), "");
  EXPECT_EQ(why("kanal.dpv.receive=answers"), "");
  EXPECT_EQ(why("kanal.dpv.receive=none"), "kanal.dpv.receive is none");
  EXPECT_EQ(why(off + "kanal.dpv.receive=none"), "difi.move.feature.enableReceipts is false");
  EXPECT_FALSE(why_no_answers(config("kanal.dpv.receive=some"), "kanal.dpv.receive"));
}

}  // namespace
}  // namespace kanal::transports
