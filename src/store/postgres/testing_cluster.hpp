// A PostgreSQL server of a test program's own: a fresh cluster in a temporary folder, on a free port, ended with the
// program. Only for tests.
#pragma once

#include <gtest/gtest.h>

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/reserved_port.hpp"
#include "base/testing.hpp"
#include "store/postgres/connection.hpp"

namespace kanal::store::postgres {

class TestCluster {
 public:
  /// The program's cluster, started at first use.
  static TestCluster& get() {
    static TestCluster cluster;
    return cluster;
  }
  TestCluster(const TestCluster&) = delete;
  TestCluster& operator=(const TestCluster&) = delete;
  ~TestCluster() { stop(SIGINT); }

  /// A new, empty database; its name.
  std::string new_database() {
    const auto name = "test_" + std::to_string(++databases_);
    auto connection = Connection::open(settings("postgres"));
    EXPECT_TRUE(connection) << connection.error().text();
    const auto made = (*connection)->script("CREATE DATABASE " + name);
    EXPECT_TRUE(made) << made.error().text();
    return name;
  }

  [[nodiscard]] ConnectSettings settings(const std::string& database) const {
    ConnectSettings settings;
    settings.parameters = {{"host", "127.0.0.1"},
                           {"port", std::to_string(port())},
                           {"dbname", database},
                           {"user", user},
                           {"password", password}};
    return settings;
  }
  [[nodiscard]] std::string jdbc_url(const std::string& database) const {
    return "jdbc:postgresql://127.0.0.1:" + std::to_string(port()) + "/" + database;
  }
  static constexpr const char* user = "kanal_test";
  static constexpr const char* password = "not a secret";

  /// One row, one column, of a database.
  std::string value(const std::string& database, const std::string& sql) const {
    auto connection = Connection::open(settings(database));
    EXPECT_TRUE(connection) << connection.error().text();
    auto row = (*connection)->query_once(sql, {});
    const auto there = row.step();
    EXPECT_TRUE(there) << there.error().text();
    return there.value_or(false) ? row.text(0) : "";
  }
  /// However long it takes: a checkpoint waits for a disk that others use too.
  void script(const std::string& database, const std::string& sql) const {
    auto patient = settings(database);
    patient.statement_timeout = std::chrono::minutes(10);
    auto connection = Connection::open(patient);
    ASSERT_TRUE(connection) << connection.error().text();
    const auto done = (*connection)->script(sql);
    ASSERT_TRUE(done) << done.error().text();
  }

  /// Ends the server at once, as a crash would, or in good order, and starts it again.
  void restart(bool crash) {
    stop(crash ? SIGQUIT : SIGINT);
    start();
  }
  [[nodiscard]] std::uint16_t port() const { return reserved_.number(); }
  [[nodiscard]] std::filesystem::path data() const { return folder_.path() / "data"; }

 private:
  TestCluster() {
    if (::geteuid() == 0) {
      owner_ = ::getpwnam("postgres");
      EXPECT_NE(owner_, nullptr) << "install the package postgresql";
      EXPECT_EQ(::chown(folder_.path().c_str(), owner_->pw_uid, owner_->pw_gid), 0);
    }
    const auto secret = folder_.write("password", std::string(password) + "\n");
    std::filesystem::permissions(secret, std::filesystem::perms::all);
    run({"initdb", "-D", data(), "-U", user, "--auth-host=scram-sha-256", "--auth-local=reject",
         "--pwfile=" + secret.string(), "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"});
    start();
  }

  void start() {
    server_ =
        spawn({"postgres", "-D", data(), "-p", std::to_string(port()), "-c", "listen_addresses=127.0.0.1", "-c",
               "unix_socket_directories=", "-c", "max_connections=200", "-c", "recovery_init_sync_method=syncfs"});
    for (int i = 0; i < 900; ++i) {
      if (Connection::open(settings("postgres"))) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    FAIL() << "PostgreSQL does not start:\n" << testing::read_file(folder_.path() / "log");
  }

  void stop(int signal) {
    if (server_ <= 0) return;
    ::kill(server_, signal);
    ::waitpid(server_, nullptr, 0);
    server_ = 0;
  }

  void run(const std::vector<std::string>& command) {
    int status = 0;
    ::waitpid(spawn(command), &status, 0);
    ASSERT_EQ(status, 0) << testing::read_file(folder_.path() / "log");
  }

  pid_t spawn(std::vector<std::string> command) const {
    const auto program = std::string("/usr/lib/postgresql/15/bin/") + command.front();
    const auto log = folder_.path() / "log";
    std::vector<char*> arguments;
    for (auto& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (owner_ != nullptr && (::setgid(owner_->pw_gid) != 0 || ::setuid(owner_->pw_uid) != 0)) ::_exit(126);
    // The server ends with the test, however that ends.
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    if (::chdir("/") != 0) ::_exit(126);
    ::execv(program.c_str(), arguments.data());
    ::_exit(127);
  }

  testing::TemporaryFolder folder_;
  passwd* owner_ = nullptr;
  ReservedPort reserved_;
  pid_t server_ = 0;
  std::atomic<int> databases_ = 0;
};

}  // namespace kanal::store::postgres
