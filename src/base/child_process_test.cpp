// Child processes: what they read, see and inherit, and how they end.
#include "base/child_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "base/testing.hpp"

namespace kanal {
namespace {

using namespace std::chrono;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr seconds patience{30};

class ChildProcessTest : public ::testing::Test {
 protected:
  ChildProcess shell(const std::string& script, const ChildProcess::Options& options = {}) {
    auto started = ChildProcess::start("/bin/sh", {"-c", script}, log_, options);
    EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().text());
    return std::move(*started);
  }
  /// Waits until the child has written this.
  bool says(const std::string& text) {
    const auto limit = steady_clock::now() + patience;
    while (kanal::testing::read_file(log_).find(text) == std::string::npos) {
      if (steady_clock::now() > limit) return false;
      ::usleep(5000);
    }
    return true;
  }
  kanal::testing::TemporaryFolder folder_;
  std::filesystem::path log_ = folder_.path() / "log";
};

TEST_F(ChildProcessTest, ReadsAndSeesWhatItIsGiven) {
  ChildProcess::Options options;
  options.input = folder_.write("input", "from the file");
  options.environment = {"GIVEN=yes", "PATH=/bin:/usr/bin"};
  EXPECT_EQ(shell("cat; echo; env; exit 7", options).wait(patience), 7);
  const auto written = kanal::testing::read_file(log_);
  EXPECT_THAT(written, HasSubstr("from the file"));
  EXPECT_THAT(written, HasSubstr("GIVEN=yes"));
  EXPECT_THAT(written, Not(HasSubstr("HOME=")));
}

TEST_F(ChildProcessTest, InheritsTheEnvironmentButNoFile) {
  ::setenv("KANAL_TEST_INHERITED", "yes", 1);
  const int open = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  ASSERT_GE(open, 0);
  EXPECT_EQ(shell("echo $KANAL_TEST_INHERITED; ls -l /proc/$$/fd/" + std::to_string(open)).wait(patience), 2);
  ::close(open);
  ::unsetenv("KANAL_TEST_INHERITED");
  EXPECT_THAT(kanal::testing::read_file(log_), HasSubstr("yes"));
}

TEST_F(ChildProcessTest, AGroupIsEndedWithItsChildren) {
  ChildProcess::Options options;
  options.own_group = true;
  pid_t grandchild = 0;
  {
    auto child = shell("sleep 600 & echo \"child $!.\"; wait", options);
    ASSERT_TRUE(says("."));
    const auto written = kanal::testing::read_file(log_);
    grandchild = std::stoi(written.substr(written.find("child ") + 6));
    EXPECT_EQ(::kill(grandchild, 0), 0);
  }
  const auto gone = [&] {
    const auto state = kanal::testing::read_file("/proc/" + std::to_string(grandchild) + "/stat");
    return state.empty() || state.find(") Z") != std::string::npos;  // nobody may have looked at its end yet
  };
  const auto limit = steady_clock::now() + patience;
  while (!gone() && steady_clock::now() < limit) ::usleep(5000);
  EXPECT_TRUE(gone());
}

TEST_F(ChildProcessTest, OneThatDoesNotListenIsKilled) {
  auto child = shell("trap '' TERM; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(says("ready"));
  EXPECT_FALSE(child.ended());
  child.stop(milliseconds(100));
  EXPECT_EQ(child.ended(), 128 + SIGKILL);
}

TEST_F(ChildProcessTest, WhatCannotBeStartedIsAnError) {
  ChildProcess::Options options;
  options.input = folder_.path() / "missing";
  EXPECT_EQ(ChildProcess::start("/bin/true", {}, log_, options).error().code, "process.input");
  EXPECT_EQ(ChildProcess::start("/bin/true", {}, folder_.path() / "missing" / "log").error().code, "process.log");
  auto none = ChildProcess::start("/no/such/program", {}, log_);
  ASSERT_TRUE(none.has_value());
  EXPECT_EQ(none->wait(patience), 127);
}

}  // namespace
}  // namespace kanal
