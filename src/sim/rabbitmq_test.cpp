// RabbitMQ as a child: starts, stops, dies with its owner, asks who may log in.
#include "sim/rabbitmq.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <sstream>

#include "base/child_process.hpp"
#include "sim/rabbitmq_testing.hpp"

namespace kanal::sim {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class RabbitMqTest : public testing::RabbitTest {};

/// Processes in whose environment a text stands.
std::vector<std::string> processes_with(const std::string& text) {
  std::vector<std::string> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const auto id = entry.path().filename().string();
    if (id.find_first_not_of("0123456789") != std::string::npos || id == std::to_string(::getpid())) continue;
    if (kanal::testing::read_file(entry.path() / "environ").find(text) == std::string::npos) continue;
    out.push_back(id + " " + kanal::testing::read_file(entry.path() / "comm"));
  }
  return out;
}

/// Addresses, as the kernel writes them, on which a process listens.
std::vector<std::string> listens_on(const std::string& process) {
  std::vector<std::string> sockets;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc/" + process + "/fd", ignored)) {
    const auto target = fs::read_symlink(entry.path(), ignored).string();
    if (target.starts_with("socket:[")) sockets.push_back(target.substr(8, target.size() - 9));
  }
  std::vector<std::string> out;
  for (const char* table : {"tcp", "tcp6"}) {
    std::ifstream in("/proc/" + process + "/net/" + table);
    std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    for (std::string line; std::getline(in, line);) {
      std::istringstream(line) >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
          timeout >> inode;
      if (state == "0A" && std::find(sockets.begin(), sockets.end(), inode) != sockets.end()) out.push_back(local);
    }
  }
  return out;
}

void expect(const testing::AuthSite::Question& asked, const testing::AuthSite::Question& wanted) {
  for (const auto& [name, value] : wanted) EXPECT_THAT(asked, Contains(Pair(name, value)));
}

TEST_F(RabbitMqTest, AsksWhoMayLogIn) {
  {
    const auto name = queue(*administrator());
    rabbit_.auth.set_password("right");
    const auto connection = open(client());
    ASSERT_TRUE(connection);
    ASSERT_TRUE(connection->consume(name).has_value());
    const auto asked = rabbit_.auth.asked();
    ASSERT_GE(asked.size(), 3U);
    expect(asked[0], {{"path", "user"}, {"username", "integration"}, {"password", "right"}});
    expect(asked[1], {{"path", "vhost"}, {"vhost", "/"}, {"ip", "127.0.0.1"}});
    expect(asked[2], {{"path", "resource"}, {"resource", "queue"}, {"name", name}, {"permission", "read"}});
  }
  EXPECT_EQ(code_of(client("wrong")), "amqp.refused");
}

TEST_F(RabbitMqTest, PersistentMessagesOutliveARestartAndACrash) {
  auto ours = administrator();
  const auto classic = queue(*ours);
  const auto quorum = queue(*ours, {{"x-queue-type", "quorum"}});
  ASSERT_TRUE(ours->confirm_mode().has_value());
  for (const auto& name : {classic, quorum}) put(*ours, name, bytes_of("kept"));
  const auto port = rabbit_.broker.port();
  const auto begin = steady_clock::now();
  ASSERT_TRUE(rabbit_.broker.restart().has_value());
  RecordProperty("restart_ms", static_cast<int>(duration_cast<milliseconds>(steady_clock::now() - begin).count()));
  EXPECT_EQ(rabbit_.broker.port(), port);
  EXPECT_EQ(error_of(*ours).code, "amqp.closed");
  ours = administrator();
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->count(classic)->messages, 1U);
  ASSERT_TRUE(ours->confirm_mode().has_value());
  put(*ours, classic, bytes_of("kept too"));

  rabbit_.broker.kill();
  EXPECT_EQ(error_of(*ours).code, "amqp.closed");
  EXPECT_EQ(code_of(client()), "amqp.connect");
  ASSERT_TRUE(rabbit_.broker.start().has_value());
  ASSERT_TRUE(rabbit_.broker.start().has_value());  // and once more changes nothing
  ours = administrator();
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->count(classic)->messages, 2U);
  EXPECT_TRUE(testing::eventually([&] { return ours->count(quorum)->messages == 1U; }));
}

TEST_F(RabbitMqTest, ADeadLetterThatFindsNobodyIsSentAgainSoon) {
  const auto ours = administrator();
  ASSERT_TRUE(ours);
  const auto exchange = "dead." + new_uuid();
  ASSERT_TRUE(ours->declare_exchange(exchange, "fanout").has_value());
  const auto short_lived = queue(*ours, {{"x-queue-type", std::string("quorum")},
                                         {"x-message-ttl", std::int64_t{1}},
                                         {"x-dead-letter-exchange", exchange},
                                         {"x-dead-letter-strategy", std::string("at-least-once")},
                                         {"x-overflow", std::string("reject-publish")}});
  ASSERT_TRUE(ours->confirm_mode().has_value());
  put(*ours, short_lived, bytes_of("late"));
  ASSERT_TRUE(testing::eventually([&] { return ours->count(short_lived)->messages == 0U; }));
  const auto dead = queue(*ours);
  ASSERT_TRUE(ours->bind(dead, exchange, "").has_value());
  EXPECT_TRUE(testing::eventually([&] { return ours->count(dead)->messages == 1U; }));
}

TEST_F(RabbitMqTest, ConnectionsOfAUserAreEnded) {
  const auto theirs = open(client());
  const auto ours = administrator();
  ASSERT_TRUE(theirs && ours);
  Error error;
  // The broker learns of a new connection a moment after it was opened.
  ASSERT_TRUE(testing::eventually([&] {
    EXPECT_TRUE(rabbit_.broker.close_connections(testing::AuthSite::user, "token \"expired\" é").has_value());
    const auto got = theirs->receive(milliseconds(100));
    if (!got) error = got.error();
    return !got.has_value();
  }));
  EXPECT_EQ(error.code, "amqp.closed");
  EXPECT_THAT(error.message, HasSubstr("320 CONNECTION_FORCED - token \"expired\" é"));
  EXPECT_TRUE(ours->receive(milliseconds(0)).has_value());
}

TEST_F(RabbitMqTest, SecretsAreInFilesOfTheOwnerOnly) {
  const auto folder = rabbit_.folder.path() / "rabbit";
  struct stat state {};
  ASSERT_EQ(::stat(folder.c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777U, 0700U);
  for (const char* name : {"rabbitmq.conf", ".erlang.cookie", "administrator", "server.key"}) {
    ASSERT_EQ(::stat((folder / name).c_str(), &state), 0) << name;
    EXPECT_EQ(state.st_mode & 0777U & ~0600U, 0U) << name;
  }
}

TEST_F(RabbitMqTest, ListensOnLoopbackOnlyAndNeedsNoDaemon) {
  const auto folder = rabbit_.folder.path() / "rabbit";
  const auto server = processes_with("HOME=" + folder.string());
  EXPECT_THAT(server, Contains(HasSubstr("beam.smp")));
  EXPECT_THAT(server, ::testing::Not(Contains(HasSubstr("epmd"))));
  std::size_t listeners = 0;
  for (const auto& process : server) {
    for (const auto& address : listens_on(process.substr(0, process.find(' ')))) {
      EXPECT_THAT(address, ::testing::StartsWith("0100007F:")) << process;
      ++listeners;
    }
  }
  EXPECT_EQ(listeners, 2U);
}

constexpr const char* folder_variable = "KANAL_TEST_RABBIT_FOLDER";

/// Run by the next test in a process of its own.
TEST(RabbitMqOwner, DISABLED_HoldsABroker) {
  RabbitMqOptions options;
  options.folder = std::getenv(folder_variable);
  RabbitMq broker(options);
  const auto started = broker.start();
  EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().text());
  std::ofstream(options.folder / "started") << "yes";
  std::this_thread::sleep_for(minutes(15));
}

TEST(RabbitMqOwner, NothingOutlivesTheOwner) {
  ASSERT_TRUE(RabbitMq::installed());
  const kanal::testing::TemporaryFolder folder;
  const auto rabbit = folder.path() / "rabbit";
  ::setenv(folder_variable, rabbit.c_str(), 1);
  auto owner = ChildProcess::start(
      own_program(), {"--gtest_filter=RabbitMqOwner.DISABLED_HoldsABroker", "--gtest_also_run_disabled_tests"},
      folder.path() / "log");
  ::unsetenv(folder_variable);
  ASSERT_TRUE(owner.has_value());
  const auto limit = steady_clock::now() + minutes(10);
  while (!fs::exists(rabbit / "started") && steady_clock::now() < limit && !owner->ended()) {
    std::this_thread::sleep_for(milliseconds(50));
  }
  ASSERT_TRUE(fs::exists(rabbit / "started")) << kanal::testing::read_file(folder.path() / "log");
  const auto mark = "HOME=" + rabbit.string();
  EXPECT_THAT(processes_with(mark), Contains(HasSubstr("beam.smp")));
  owner->signal(SIGKILL);
  owner->wait(testing::patience);
  EXPECT_TRUE(testing::eventually([&] { return processes_with(mark).empty(); }));
  EXPECT_THAT(processes_with(mark), IsEmpty());
}

TEST(RabbitMqStart, TellsWhyItDoesNot) {
  const kanal::testing::TemporaryFolder folder;
  RabbitMqOptions options;
  options.folder = folder.write("a file", "");
  EXPECT_EQ(RabbitMq(options).start().error().code, "sim.rabbitmq");
  options.folder = folder.path() / "rabbit";
  options.address = "192.0.2.1";  // of nobody
  const auto started = RabbitMq(options).start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, "sim.rabbitmq");
  EXPECT_THAT(started.error().message, HasSubstr("eaddrnotavail"));
}

}  // namespace
}  // namespace kanal::sim
