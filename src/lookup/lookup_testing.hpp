// Helpers of this folder's tests: a scripted HTTP peer, a log that can be searched, an identity. Never included by
// product code.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "base/testing.hpp"
#include "crypto/issue.hpp"
#include "crypto/jose.hpp"
#include "net/http_server.hpp"

namespace kanal::lookup::testing {

using kanal::testing::ManualClock;
using kanal::testing::TemporaryFolder;

/// Keeps every line as one text.
class CaptureLog final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
    std::string line(event);
    for (const auto& field : fields) line += fmt::format(" {}={}", field.name, field.value);
    const std::scoped_lock lock(mutex_);
    text_ += line + "\n";
  }
  [[nodiscard]] std::string text() const {
    const std::scoped_lock lock(mutex_);
    return text_;
  }
  [[nodiscard]] int count(std::string_view words) const {
    const auto all = text();
    int found = 0;
    for (auto at = all.find(words); at != std::string::npos; at = all.find(words, at + 1)) ++found;
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

/// A request as the peer got it.
struct Seen {
  std::string method;
  std::string target;
  std::string path;
  net::Headers headers;
  std::string body;
  [[nodiscard]] std::string header(std::string_view name) const { return std::string(net::header(headers, name)); }
};

inline net::Response answer(int status, std::string body = {}, net::Headers headers = {}) {
  net::Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

/// A server that records what it is asked and answers by a script, which may be replaced at any time.
class Peer {
 public:
  using Script = std::function<net::Response(const Seen&)>;

  explicit Peer(Script script) : script_(std::move(script)), server_(options(), handler(), log_) {
    const auto started = server_.start();
    if (!started) ADD_FAILURE() << started.error().text();
  }
  ~Peer() { server_.stop(std::chrono::milliseconds(100)); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void set(Script script) {
    const std::scoped_lock lock(mutex_);
    script_ = std::move(script);
  }
  [[nodiscard]] std::string url(const std::string& path = {}) const { return server_.url() + path; }
  [[nodiscard]] std::vector<Seen> seen(std::string_view path_prefix = {}) const {
    const std::scoped_lock lock(mutex_);
    std::vector<Seen> out;
    for (const auto& request : seen_) {
      if (request.path.starts_with(path_prefix)) out.push_back(request);
    }
    return out;
  }
  [[nodiscard]] std::size_t count(std::string_view path_prefix = {}) const { return seen(path_prefix).size(); }

 private:
  static net::ServerOptions options() {
    net::ServerOptions options;
    options.workers = 24;
    return options;
  }
  net::Handler handler() {
    return [this](const std::shared_ptr<const net::Request>& request)
               -> std::variant<net::Response, std::unique_ptr<net::BodyHandler>> {
      return net::collect_body(
          1024 * 1024, [this, request](const Bytes& body) { return play(*request, body); }, [] { return answer(413); });
    };
  }
  net::Response play(const net::Request& request, const Bytes& body) {
    Seen seen{request.method, request.target, request.path, request.headers, std::string(text_of(body))};
    Script script;
    {
      const std::scoped_lock lock(mutex_);
      seen_.push_back(seen);
      script = script_;
    }
    return script(seen);
  }

  mutable std::mutex mutex_;
  Script script_;
  std::vector<Seen> seen_;
  SilentLog log_;
  net::HttpServer server_;
};

inline std::string http_date(Time time) {
  constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("Mon, {:02} {} {:04} {:02}:{:02}:{:02} GMT", static_cast<unsigned>(date.day()),
                     months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

inline boost::json::object json_object(std::string_view text) {
  return boost::json::parse({text.data(), text.size()}).as_object();
}

/// An enterprise certificate under an intermediate under a root, made once: RSA keys take their time.
inline const crypto::Identity& test_identity() {
  static const crypto::Identity identity = [] {
    const Time from{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
    const Time to = from + std::chrono::days(365);
    const auto intermediate =
        crypto::issue(crypto::make_ca("Test Root", from, to), {"Test Issuing CA", "Test", "", {}, from, to});
    return crypto::issue(intermediate, {"Fjellbygd", "FJELLBYGD KOMMUNE", "911111111", {}, from, to});
  }();
  return identity;
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

}  // namespace kanal::lookup::testing
