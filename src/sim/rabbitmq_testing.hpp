// One RabbitMQ for a whole test program, with a site that says who may do what and notes what it was asked. Never
// included by product code.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/testing.hpp"
#include "crypto/issue.hpp"
#include "sim/answers.hpp"
#include "sim/eventually_testing.hpp"
#include "sim/rabbitmq.hpp"
#include "sim/simulator.hpp"

namespace kanal::sim::testing {

/// Says yes to one user with one password, who may read queues that begin with `open.`.
class AuthSite {
 public:
  static constexpr const char* user = "integration";
  using Question = std::map<std::string, std::string>;

  AuthSite() {
    site_.routes().add("POST", "/amqp-auth/{question}", [this](const auto&, const auto& variables) {
      return net::collect_body(
          1U << 20U,
          [this, path = variables.front()](const Bytes& body) {
            net::Response response;
            response.body = std::string(answer(path, body) ? "allow" : "deny");
            return response;
          },
          [] {
            net::Response response;
            response.status = 413;
            return response;
          });
    });
    const auto started = site_.start();
    EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().text());
  }
  [[nodiscard]] std::string url() const { return site_.url() + "/amqp-auth"; }
  void set_password(const std::string& password) {
    const std::scoped_lock lock(mutex_);
    password_ = password;
    asked_.clear();
  }
  [[nodiscard]] std::vector<Question> asked() {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

 private:
  bool answer(const std::string& path, const Bytes& body) {
    const std::scoped_lock lock(mutex_);
    Question question{{"path", path}};
    for (const auto& [name, value] :
         parse_form(text_of(body)).value_or(std::vector<std::pair<std::string, std::string>>{}))
      question[name] = value;
    asked_.push_back(question);
    if (path == "user") return question["username"] == user && question["password"] == password_;
    if (path == "vhost") return question["vhost"] == "/";
    return path == "resource" && question["permission"] == "read" && question["name"].starts_with("open.");
  }

  std::mutex mutex_;
  std::string password_;
  std::vector<Question> asked_;
  kanal::testing::ManualClock clock_;
  AuditTrail audit_{clock_};
  Faults faults_;
  SilentLog log_;
  Environment environment_{clock_, audit_, faults_, log_};
  Site site_{"amqp-auth", {}, environment_};
};

struct RabbitKeys {
  Time from{std::chrono::sys_days(std::chrono::year(2020) / 1 / 1)};
  Time until{std::chrono::sys_days(std::chrono::year(2049) / 1 / 1)};
  crypto::Identity ca = crypto::make_ca("Test CA", from, until);
  crypto::Identity foreign_ca = crypto::make_ca("Foreign CA", from, until);
  [[nodiscard]] crypto::Identity server(const std::vector<std::string>& names) const {
    return crypto::issue(ca, {"localhost", "Test", "", names, from, until});
  }
  static const RabbitKeys& get() {
    static const RabbitKeys keys;
    return keys;
  }
};

/// Started at first use; TLS, with a certificate for 127.0.0.1 only.
class TestRabbit {
 public:
  static TestRabbit& get() {
    static TestRabbit made;
    return made;
  }
  AuthSite auth;
  kanal::testing::TemporaryFolder folder;
  RabbitMq broker{options()};

 private:
  TestRabbit() {
    const auto started = broker.start();
    EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().text());
  }
  RabbitMqOptions options() const {
    RabbitMqOptions out;
    out.folder = folder.path() / "rabbit";
    out.tls = RabbitKeys::get().server({"127.0.0.1"});
    out.auth_url = auth.url();
    return out;
  }
};

class RabbitTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(RabbitMq::installed()) << "install the package rabbitmq-server";
    const auto started = rabbit_.broker.start();  // a test may have ended it
    ASSERT_TRUE(started.has_value()) << started.error().text();
    rabbit_.auth.set_password("right");
  }

  std::unique_ptr<net::AmqpConnection> open(const net::AmqpOptions& options) {
    auto connection = net::AmqpConnection::open(options);
    EXPECT_TRUE(connection.has_value()) << (connection ? "" : connection.error().text());
    return connection ? std::move(*connection) : nullptr;
  }
  std::unique_ptr<net::AmqpConnection> administrator() { return open(rabbit_.broker.administrator()); }
  [[nodiscard]] net::AmqpOptions client(const std::string& password = "right") const {
    auto options = rabbit_.broker.administrator();
    options.user = AuthSite::user;
    options.password = Secret(password);
    options.connection_name = "client";
    return options;
  }
  /// A new queue.
  std::string queue(net::AmqpConnection& connection, const net::AmqpTable& arguments = {}) {
    const std::string name = "open." + new_uuid();
    const auto declared = connection.declare_queue(name, arguments);
    EXPECT_TRUE(declared.has_value()) << (declared ? "" : declared.error().text());
    return name;
  }
  /// Puts a message in a queue, for certain.
  void put(net::AmqpConnection& connection, const std::string& queue, ByteView body,
           net::AmqpProperties properties = {}) {
    const auto done = connection.publish("", queue, properties, body);
    ASSERT_TRUE(done.has_value()) << done.error().text();
    const auto kept = connection.wait_for_confirms(patience);
    ASSERT_TRUE(kept.has_value()) << kept.error().text();
  }
  static net::AmqpDelivery take(net::AmqpConnection& connection) {
    auto got = connection.receive(patience);
    EXPECT_TRUE(got.has_value()) << (got ? "" : got.error().text());
    EXPECT_TRUE(got && got->has_value()) << "nothing came";
    return got && *got ? std::move(**got) : net::AmqpDelivery{};
  }
  static void none(net::AmqpConnection& connection) {
    const auto got = connection.receive(std::chrono::milliseconds(300));
    ASSERT_TRUE(got.has_value()) << got.error().text();
    EXPECT_FALSE(got->has_value());
  }
  static Error error_of(net::AmqpConnection& connection) {
    for (;;) {
      const auto got = connection.receive(patience);
      if (!got) return got.error();
      if (!*got) return {"nothing came", "", Disposition::bug, {}, {}};
    }
  }
  static std::string code_of(const net::AmqpOptions& options) {
    const auto connection = net::AmqpConnection::open(options);
    return connection ? "" : connection.error().code;
  }

  TestRabbit& rabbit_ = TestRabbit::get();
};

}  // namespace kanal::sim::testing
