#include "ops/logger.hpp"

#include <condition_variable>
#include <mutex>

#include <gmock/gmock.h>
#include <spdlog/sinks/base_sink.h>
#include <boost/json.hpp>

#include "base/testing.hpp"
#include "ops/async_log.hpp"
#include "ops/log_line.hpp"

namespace kanal::ops {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST(MaskPersonNumbers, HidesExactlyElevenDigits) {
  EXPECT_EQ(mask_person_numbers("01017012345"), "**********");
  EXPECT_EQ(mask_person_numbers("a01017012345b 01017012345."), "a**********b **********.");
  EXPECT_EQ(mask_person_numbers("0101701234"), "0101701234");
  EXPECT_EQ(mask_person_numbers("010170123456"), "010170123456");
  EXPECT_EQ(mask_person_numbers("0192:991825827"), "0192:991825827");
  EXPECT_EQ(mask_person_numbers(""), "");
}

TEST(LogLine, JsonKeepsTheOrderAndEscapes) {
  const std::vector<LogField> fields{
      {"message_id", "a\"b"}, {"receiver", "01017012345"}, {"size", 12}, {"raw", "x\n\x1b\xff"}};
  EXPECT_EQ(json_line(LogLevel::info, "message.sent", fields, "991825827"),
            "\"level\":\"INFO\",\"event\":\"message.sent\",\"message_id\":\"a\\\"b\",\"receiver\":\"**********\","
            "\"size\":\"12\","
            "\"raw\":\"x\\n\\u001b\xEF\xBF\xBD\",\"orgnr\":\"991825827\"}");
}

TEST(LogLine, TextQuotesAndNeverBreaksTheLine) {
  const std::vector<LogField> fields{{"a", "plain"}, {"b", "two words"}, {"c", ""}, {"d", "x\n2026 ERROR forged"}};
  EXPECT_EQ(text_line(LogLevel::warning, "ev", fields),
            "WARN  ev a=plain b=\"two words\" c=\"\" d=\"x\\n2026 ERROR forged\"");
}

TEST(LogLine, CutsLongValuesWithoutShowingPartOfAPersonNumber) {
  const std::string value = std::string(16 * 1024 - 5, 'x') + "01017012345" + std::string(100, 'y');
  const std::string line = text_line(LogLevel::error, "ev", std::vector<LogField>{{"raw", value}});
  EXPECT_LT(line.size(), 17U * 1024);
  EXPECT_EQ(line.find("01017"), std::string::npos);
}

TEST(Logger, WritesJsonLinesToTheFile) {
  const testing::TemporaryFolder folder;
  const auto file = folder.path() / "logs" / "application.log";
  {
    const auto log = make_logger({true, LogLevel::info, file, false, "991825827"});
    log->debug("hidden.event");
    log->info("message.sent", {{"message_id", "m1"}});
  }
  const std::string text = testing::read_file(file);
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  const auto line = boost::json::parse(text).as_object();
  EXPECT_THAT(std::string(line.at("@timestamp").as_string()), MatchesRegex("[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z"));
  std::vector<std::string> names;
  for (const auto& field : line) names.emplace_back(field.key());
  EXPECT_THAT(names, ::testing::ElementsAre("@timestamp", "level", "event", "message_id", "orgnr"));
}

TEST(Logger, WritesText) {
  const testing::TemporaryFolder folder;
  const auto file = folder.path() / "application.log";
  make_logger({false, LogLevel::debug, file, false, ""})->debug("started", {{"port", 9093}});
  EXPECT_THAT(testing::read_file(file), MatchesRegex("[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z DEBUG started port=9093\n"));
}

TEST(Logger, GoesOnWithoutItsFile) {
  const testing::TemporaryFolder folder;
  const auto blocker = folder.write("not-a-folder", "");
  ::testing::internal::CaptureStderr();
  make_logger({false, LogLevel::info, blocker / "application.log", false, ""})->info("started");
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("ERROR log.file_unusable"));
  EXPECT_THAT(said, HasSubstr("INFO  started"));
}

/// Writes nothing until it is let go.
class GatedSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  void let_go() {
    const std::scoped_lock lock(gate_);
    open_ = true;
    opened_.notify_all();
  }
  std::string text;

 private:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    std::unique_lock lock(gate_);
    opened_.wait(lock, [this] { return open_; });
    spdlog::memory_buf_t line;
    formatter_->format(msg, line);
    text.append(line.data(), line.size());
  }
  void flush_() override {}

  std::mutex gate_;
  std::condition_variable opened_;
  bool open_ = false;
};

TEST(Logger, DropsTheOldestLinesWhenTheSinkHangsAndSaysHowMany) {
  const auto sink = std::make_shared<GatedSink>();
  {
    AsyncLog log({}, {sink}, 4);
    for (int i = 0; i < 100; ++i) log.info("line", {{"number", i}});
    sink->let_go();
  }
  EXPECT_THAT(sink->text, HasSubstr("number=99"));
  EXPECT_THAT(sink->text, ::testing::Not(HasSubstr("number=50")));
  EXPECT_THAT(sink->text, HasSubstr("log.dropped count=9"));
}

TEST(Logger, KnowsTheLevelNames) {
  EXPECT_EQ(log_level("debug"), LogLevel::debug);
  EXPECT_EQ(log_level("INFO"), LogLevel::info);
  EXPECT_EQ(log_level("Warning"), LogLevel::warning);
  EXPECT_EQ(log_level("error"), LogLevel::error);
  EXPECT_EQ(log_level("loud"), std::nullopt);
}

}  // namespace
}  // namespace kanal::ops
