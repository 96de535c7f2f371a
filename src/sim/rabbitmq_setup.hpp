// What a RabbitMQ of our own is told: its folder with configuration, keys and secrets, its environment and how to ask
// it. Everything it listens on besides AMQP is bound to loopback, it needs neither a resolvable host name nor epmd, and
// its secrets are in files of mode 0600. Internal to the simulators; immutable.
//
//   rabbitmq.conf enabled_plugins server.pem server.key .erlang.cookie administrator
//   database/ log/rabbit.log log/start.log
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/reserved_port.hpp"
#include "base/secret.hpp"
#include "sim/rabbitmq.hpp"

namespace kanal::sim {

class RabbitMqSetup {
 public:
  /// Reserves the ports that are not given; writes nothing.
  explicit RabbitMqSetup(RabbitMqOptions options);

  static constexpr const char* server = "/usr/lib/rabbitmq/bin/rabbitmq-server";
  static constexpr const char* caller = "/usr/bin/erl_call";
  static constexpr const char* administrator = "kanal-simulator";

  /// Makes the folder; secrets that are there already stay, so that an earlier database can be used. `sim.rabbitmq`.
  Result<void> write();

  [[nodiscard]] const RabbitMqOptions& options() const { return options_; }
  [[nodiscard]] std::uint16_t port() const { return options_.port; }
  /// After write().
  [[nodiscard]] const Secret& password() const { return password_; }
  [[nodiscard]] std::vector<std::string> server_environment() const;
  [[nodiscard]] std::filesystem::path start_log() const { return options_.folder / "log" / "start.log"; }
  [[nodiscard]] std::filesystem::path server_log() const { return options_.folder / "log" / "rabbit.log"; }
  /// `erl_call` that evaluates the expressions of its input in the server.
  [[nodiscard]] std::vector<std::string> call_arguments() const;
  [[nodiscard]] std::vector<std::string> call_environment() const;

 private:
  [[nodiscard]] std::string configuration() const;

  RabbitMqOptions options_;
  std::optional<ReservedPort> own_port_;  ///< none was asked for
  ReservedPort control_port_;             ///< Erlang distribution: how the server is asked
  Secret password_;
};

/// Writes a file that only its owner may read; `sim.rabbitmq`.
Result<void> write_private(const std::filesystem::path& file, std::string_view text);
/// A text as an Erlang binary, whatever is in it: `<<107,97>>`.
[[nodiscard]] std::string erlang_binary(std::string_view text);

}  // namespace kanal::sim
