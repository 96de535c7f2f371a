#include "sim/rabbitmq_setup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ids.hpp"

namespace kanal::sim {
namespace {

namespace fs = std::filesystem;

/// A dead letter that finds nobody, as when the queue for it is not up yet after a start, is sent again after this time
/// (milliseconds); of itself RabbitMQ waits for three minutes.
constexpr std::string_view advanced_configuration =
    "[{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 2000}]}].\n";

tl::unexpected<Error> problem(const std::string& what) { return reject("sim.rabbitmq", what); }

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The text of a secret's file, made with the first start.
Result<std::string> kept(const fs::path& file) {
  if (auto there = read(file); !there.empty()) return there;
  auto made = new_uuid();
  if (auto written = write_private(file, made); !written) return failed(std::move(written));
  return made;
}

std::string chain_of(const crypto::Identity& identity) {
  std::string out;
  for (const auto& certificate : identity.chain) out += certificate.pem();
  return out;
}

}  // namespace

Result<void> write_private(const fs::path& file, std::string_view text) {
  ::unlink(file.c_str());
  const int handle = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (handle < 0) return problem(fmt::format("{} cannot be written: {}", file.string(), std::strerror(errno)));
  const auto written = ::write(handle, text.data(), text.size());
  if (::close(handle) != 0 || written != static_cast<ssize_t>(text.size())) {
    return problem(file.string() + " cannot be written");
  }
  return {};
}

std::string erlang_binary(std::string_view text) {
  std::vector<int> bytes;
  std::transform(text.begin(), text.end(), std::back_inserter(bytes),
                 [](char c) { return static_cast<int>(static_cast<unsigned char>(c)); });
  return fmt::format("<<{}>>", fmt::join(bytes, ","));
}

RabbitMqSetup::RabbitMqSetup(RabbitMqOptions options) : options_(std::move(options)) {
  options_.folder = fs::absolute(options_.folder);
  if (options_.port == 0) options_.port = own_port_.emplace().number();
}

Result<void> RabbitMqSetup::write() {
  std::error_code error;
  const auto& folder = options_.folder;
  fs::create_directories(folder, error);
  fs::permissions(folder, fs::perms::owner_all, error);
  fs::create_directories(folder / "log", error);
  fs::create_directories(folder / "database", error);
  if (error) return problem(folder.string() + " cannot be made: " + error.message());
  auto cookie = kept(folder / ".erlang.cookie");
  if (!cookie) return failed(std::move(cookie));
  auto password = kept(folder / "administrator");
  if (!password) return failed(std::move(password));
  password_ = Secret(std::move(*password));
  if (auto done = write_private(folder / "rabbitmq.conf", configuration()); !done) return done;
  if (auto done = write_private(folder / "advanced.config", advanced_configuration); !done) return done;
  if (auto done = write_private(folder / "enabled_plugins", "[rabbitmq_auth_backend_http].\n"); !done) return done;
  if (!options_.tls) return {};
  const auto chain = chain_of(*options_.tls);
  if (auto done = write_private(folder / "server.pem", options_.tls->certificate.pem() + chain); !done) return done;
  if (auto done = write_private(folder / "issuers.pem", chain); !done) return done;
  return write_private(folder / "server.key", options_.tls->key.pem());
}

std::string RabbitMqSetup::configuration() const {
  const auto listener = fmt::format("{}:{}", options_.address, options_.port);
  const auto file = [&](const char* name) { return (options_.folder / name).string(); };
  std::string out = "# Made by the simulator at each start.\n";
  const auto line = [&](std::string_view key, std::string_view value) { out += fmt::format("{} = {}\n", key, value); };
  if (options_.tls) {
    line("listeners.tcp", "none");
    line("listeners.ssl.1", listener);
    line("ssl_options.certfile", file("server.pem"));
    line("ssl_options.keyfile", file("server.key"));
    if (!options_.tls->chain.empty()) line("ssl_options.cacertfile", file("issuers.pem"));
    line("ssl_options.verify", "verify_none");
    line("ssl_options.fail_if_no_peer_cert", "false");
    line("ssl_options.versions.1", "tlsv1.3");
    line("ssl_options.versions.2", "tlsv1.2");
  } else {
    line("listeners.tcp.1", listener);
  }
  line("heartbeat", std::to_string(options_.heartbeat.count()));
  // The password of a client of Fiks IO holds a token: more than the 4096 bytes that RabbitMQ takes before login.
  line("initial_frame_max", "131072");
  line("default_user", administrator);
  line("default_pass", password_.reveal());
  line("auth_backends.1", "internal");
  if (!options_.auth_url.empty()) {
    line("auth_backends.2", "http");
    line("auth_http.http_method", "post");  // a password is nothing for an address
    for (const char* question : {"user", "vhost", "resource", "topic"}) {
      line(fmt::format("auth_http.{}_path", question), fmt::format("{}/{}", options_.auth_url, question));
    }
  }
  line("vm_memory_high_watermark.absolute", "512MB");
  line("disk_free_limit.absolute", "20MB");
  line("raft.wal_max_size_bytes", "67108864");
  line("log.dir", file("log"));
  line("log.file", "rabbit.log");
  line("log.file.level", "info");
  line("log.console", "false");
  return out;
}

std::vector<std::string> RabbitMqSetup::server_environment() const {
  const auto file = [&](const char* name) { return (options_.folder / name).string(); };
  return {
      "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
      "LANG=C.UTF-8",
      "HOME=" + options_.folder.string(),  // of the cookie
      "RABBITMQ_NODENAME=kanal@localhost",
      "RABBITMQ_MNESIA_BASE=" + file("database"),
      "RABBITMQ_LOG_BASE=" + file("log"),
      "RABBITMQ_CONFIG_FILE=" + file("rabbitmq.conf"),
      "RABBITMQ_ADVANCED_CONFIG_FILE=" + file("advanced.config"),
      "RABBITMQ_CONF_ENV_FILE=" + file("rabbitmq-env.conf"),
      "RABBITMQ_ENABLED_PLUGINS_FILE=" + file("enabled_plugins"),
      "RABBITMQ_PID_FILE=" + file("pid"),
      "RUNNING_UNDER_SYSTEMD=true",  // the script becomes the server instead of watching over it
      "ERL_CRASH_DUMP_SECONDS=0",
      // Other Erlang machines that the server starts must not start epmd either.
      fmt::format("ERL_FLAGS=-start_epmd false -erl_epmd_port {}", control_port_.number()),
      "ERL_EPMD_PORT=1",  // never there
      std::string("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=") +
          "-sname kanal@localhost -kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +SDio 8 +A 8",
  };
}

std::vector<std::string> RabbitMqSetup::call_arguments() const {
  return {"-address", fmt::format("127.0.0.1:{}", control_port_.number()), "-e"};
}

std::vector<std::string> RabbitMqSetup::call_environment() const {
  return {"PATH=/usr/bin:/bin", "HOME=" + options_.folder.string()};
}

}  // namespace kanal::sim
