// session = greeting EHLO [ STARTTLS handshake EHLO ] [ AUTH ] *( MAIL 1*RCPT DATA ) QUIT
#include "sim/mail_server.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "net/socket_io.hpp"
#include "net/tls_context.hpp"

namespace kanal::sim {
namespace {

constexpr int tick_ms = 20;
constexpr std::size_t command_limit = 512;  // RFC 5321 section 4.5.3.1.4, with CRLF
constexpr std::size_t text_limit = 1000;    // section 4.5.3.1.6

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

std::string decoded(std::string_view base64) {
  const auto bytes = from_base64(base64);
  return bytes ? std::string(text_of(*bytes)) : std::string("\x01");
}

}  // namespace

class MailSession {
 public:
  MailSession(MailServer& server, int socket, const net::TlsContext* tls, std::stop_token stop)
      : server_(server), socket_(socket), tls_(tls), stop_(std::move(stop)) {
    io_.emplace(socket_, nullptr);
  }
  MailSession(const MailSession&) = delete;
  MailSession& operator=(const MailSession&) = delete;
  ~MailSession() {
    io_.reset();
    ::close(socket_);
  }

  void run() {
    if (server_.take(server_.hangs_)) {
      wait_for_end();
      return;
    }
    if (!say("220 mail.test ESMTP")) return;
    while (const auto line = read_line(command_limit)) {
      if (!command(*line)) break;
    }
    io_->shutdown();
  }

 private:
  using Want = net::SocketIo::Want;

  bool wait(Want want) {
    pollfd one{socket_, static_cast<short>(want == Want::write ? POLLOUT : POLLIN), 0};
    while (!stop_.stop_requested()) {
      if (::poll(&one, 1, tick_ms) > 0) return true;
    }
    return false;
  }

  void wait_for_end() {
    std::array<std::byte, 256> dropped;
    for (;;) {
      const auto step = io_->read(dropped);
      if (step.closed || (step.want != Want::nothing && !wait(step.want))) return;
    }
  }

  bool fill() {
    std::array<std::byte, 4096> part;
    for (;;) {
      const auto step = io_->read(part);
      if (step.closed) return false;
      if (step.bytes > 0) {
        rest_ += text_of(ByteView(part).first(step.bytes));
        return true;
      }
      if (!wait(step.want)) return false;
    }
  }

  bool say(std::string_view reply) {
    const std::string line = std::string(reply) + "\r\n";
    ByteView left = bytes_of(line);
    while (!left.empty()) {
      const auto step = io_->write(left);
      if (step.closed || (step.want != Want::nothing && !wait(step.want))) return false;
      left = left.subspan(step.bytes);
    }
    return true;
  }

  void violation(std::string text) {
    const std::scoped_lock lock(server_.mutex_);
    server_.violations_.push_back(std::move(text));
  }

  /// A line without its CRLF; nothing at the end or for what is no line.
  std::optional<std::string> read_line(std::size_t limit) {
    for (;;) {
      const auto end = rest_.find('\n');
      if (end != std::string::npos) {
        std::string line = rest_.substr(0, end + 1);
        rest_.erase(0, end + 1);
        if (line.size() > limit) violation("a line of " + std::to_string(line.size()) + " bytes");
        if (!line.ends_with("\r\n")) {
          violation("a line feed alone");
          return std::nullopt;
        }
        line.resize(line.size() - 2);
        const bool strange = std::ranges::any_of(
            line, [](char c) { return c == '\r' || c == '\0' || static_cast<unsigned char>(c) >= 0x80; });
        if (strange) violation("a control character or an 8-bit byte");
        return line;
      }
      if (rest_.size() > limit * 2 || !fill()) return std::nullopt;
    }
  }

  bool out_of_order(const std::string& what) {
    violation(what + " out of order");
    return say("503 bad sequence of commands");
  }

  /// False: the session is over.
  bool command(const std::string& line) {
    const auto blank = line.find(' ');
    const std::string verb = upper(line.substr(0, blank));
    const std::string rest = blank == std::string::npos ? "" : line.substr(blank + 1);
    if (verb == "QUIT") return say("221 bye") && false;
    if (verb == "RSET") return reset() && say("250 ok");
    if (verb == "NOOP") return say("250 ok");
    if (verb == "EHLO") return hello(rest);
    if (verb == "HELO") {
      hello_ = true;
      return say("250 mail.test");
    }
    if (!hello_) return out_of_order(verb);
    if (verb == "STARTTLS") return start_tls();
    if (verb == "AUTH") return login(rest);
    if (verb == "MAIL") return sender(rest);
    if (verb == "RCPT") return receiver(rest);
    if (verb == "DATA") return data();
    violation("unknown command " + verb);
    return say("500 unknown command");
  }

  bool reset() {
    mail_ = {};
    return true;
  }

  bool hello(const std::string& name) {
    if (name.empty()) violation("EHLO without a name");
    hello_ = true;
    reset();
    std::string reply = "250-mail.test\r\n";
    if (tls_ != nullptr && !encrypted_) reply += "250-STARTTLS\r\n";
    if (!server_.options_.users.empty()) reply += "250-AUTH PLAIN LOGIN\r\n";
    return say(reply + fmt::format("250 SIZE {}", server_.options_.max_size));
  }

  bool start_tls() {
    if (tls_ == nullptr || encrypted_) return out_of_order("STARTTLS");
    if (!rest_.empty()) {  // what was sent in clear must never count as encrypted
      violation("commands sent together with STARTTLS");
      return false;
    }
    if (!say("220 go ahead")) return false;
    io_.emplace(socket_, tls_);
    for (;;) {
      const auto step = io_->handshake();
      if (step.closed) return false;
      if (step.want == Want::nothing) break;
      if (!wait(step.want)) return false;
    }
    encrypted_ = true;
    hello_ = false;
    return true;
  }

  bool login(const std::string& rest) {
    if (server_.options_.users.empty() || !user_.empty()) return out_of_order("AUTH");
    const auto blank = rest.find(' ');
    const std::string kind = upper(rest.substr(0, blank));
    std::optional<std::string> given;
    if (blank != std::string::npos) given = rest.substr(blank + 1);
    std::string name;
    std::string password;
    if (kind == "PLAIN") {
      if (!given) given = ask("");
      const std::string all = given ? decoded(*given) : "";
      const auto first = all.find('\0');
      const auto second = first == std::string::npos ? first : all.find('\0', first + 1);
      if (second == std::string::npos) return say("501 not base64 of three parts");
      name = all.substr(first + 1, second - first - 1);
      password = all.substr(second + 1);
    } else if (kind == "LOGIN") {
      if (!given) given = ask("VXNlcm5hbWU6");
      const auto second = ask("UGFzc3dvcmQ6");
      if (!given || !second) return false;
      name = decoded(*given);
      password = decoded(*second);
    } else {
      return say("504 unknown mechanism");
    }
    const auto known = server_.options_.users.find(name);
    if (known == server_.options_.users.end() || known->second != password) return say("535 authentication failed");
    user_ = name;
    return say("235 welcome");
  }

  std::optional<std::string> ask(std::string_view prompt) {
    if (!say("334 " + std::string(prompt))) return std::nullopt;
    return read_line(command_limit);
  }

  /// The address in `FROM:<...>`, with its parameters left in `rest`.
  static std::optional<std::string> path_of(std::string& rest, std::string_view name) {
    if (!upper(rest.substr(0, name.size())).starts_with(name)) return std::nullopt;
    const auto end = rest.find('>');
    if (rest.size() <= name.size() || rest[name.size()] != '<' || end == std::string::npos) return std::nullopt;
    std::string address = rest.substr(name.size() + 1, end - name.size() - 1);
    rest.erase(0, end + 1);
    return address;
  }

  bool sender(std::string rest) {
    if (!mail_.sender.empty()) return out_of_order("MAIL");
    if (server_.options_.demand_login && user_.empty()) return say("530 authentication required");
    const auto address = path_of(rest, "FROM:");
    if (!address || address->find('@') == std::string::npos) return say("501 no address");
    if (const auto size = upper(rest).find("SIZE="); size != std::string::npos) {
      if (std::strtoull(rest.c_str() + size + 5, nullptr, 10) > server_.options_.max_size) return say("552 too large");
    }
    mail_.sender = *address;
    return say("250 ok");
  }

  bool receiver(std::string rest) {
    if (mail_.sender.empty()) return out_of_order("RCPT");
    const auto address = path_of(rest, "TO:");
    if (!address || address->find('@') == std::string::npos) return say("501 no address");
    {
      const std::scoped_lock lock(server_.mutex_);
      if (server_.refused_.contains(*address)) refused_ = true;
    }
    if (std::exchange(refused_, false)) return say("550 no such user");
    mail_.receivers.push_back(*address);
    return say("250 ok");
  }

  bool data() {
    if (mail_.receivers.empty()) return out_of_order("DATA");
    if (!say("354 end with a dot")) return false;
    for (;;) {
      auto line = read_line(text_limit);
      if (!line) return false;
      if (*line == ".") break;
      if (line->starts_with('.')) line->erase(0, 1);
      mail_.data += *line + "\r\n";
      if (mail_.data.size() > server_.options_.max_size) return say("552 too large") && false;
    }
    if (server_.take(server_.failures_)) return reset() && say("451 try later");
    mail_.encrypted = encrypted_;
    mail_.user = user_;
    {
      const std::scoped_lock lock(server_.mutex_);
      server_.mails_.push_back(std::move(mail_));
    }
    return reset() && say("250 taken");
  }

  MailServer& server_;
  const int socket_;
  const net::TlsContext* tls_;
  std::stop_token stop_;
  std::optional<net::SocketIo> io_;
  std::string rest_;
  bool hello_ = false;
  bool encrypted_ = false;
  bool refused_ = false;
  std::string user_;
  TakenMail mail_;
};

Result<void> MailServer::start() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listener_, 16) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return reject("sim.bind", "the simulated mail server cannot listen on loopback");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  return {};
}

void MailServer::stop() {
  if (listener_ < 0) return;
  thread_ = {};
  ::close(listener_);
  listener_ = -1;
}

void MailServer::serve(const std::stop_token& stop) {
  std::optional<net::TlsContext> tls;
  if (options_.tls) {
    std::string pem = options_.tls->certificate.pem();
    for (const auto& issuer : options_.tls->chain) pem += issuer.pem();
    if (auto made = net::TlsContext::make({std::move(pem), options_.tls->key.pem()})) tls = std::move(*made);
  }
  while (!stop.stop_requested()) {
    pollfd one{listener_, POLLIN, 0};
    if (::poll(&one, 1, tick_ms) <= 0) continue;
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) MailSession(*this, socket, tls ? &*tls : nullptr, stop).run();
  }
}

bool MailServer::take(int& times) {
  const std::scoped_lock lock(mutex_);
  if (times == 0) return false;
  --times;
  return true;
}

void MailServer::refuse_receiver(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  refused_.insert(address);
}

void MailServer::fail_next(int times) {
  const std::scoped_lock lock(mutex_);
  failures_ = times;
}

void MailServer::hang_next(int times) {
  const std::scoped_lock lock(mutex_);
  hangs_ = times;
}

std::vector<TakenMail> MailServer::mails() const {
  const std::scoped_lock lock(mutex_);
  return mails_;
}

std::vector<std::string> MailServer::violations() const {
  const std::scoped_lock lock(mutex_);
  return violations_;
}

}  // namespace kanal::sim
