#include "net/amqp_errors.hpp"

#include <amqp.h>

#include <algorithm>

#include <fmt/format.h>

namespace kanal::net {
namespace {

constexpr std::size_t max_foreign_text = 255;  // a shortstr
constexpr std::size_t smallest_part = 4;       // a shorter word occurs by chance

std::string code_of(int reply_code) {
  switch (reply_code) {
    case 403:  // ACCESS_REFUSED
    case 405:  // RESOURCE_LOCKED
    case 530:  // NOT_ALLOWED, of a virtual host
      return "amqp.refused";
    case 312:  // NO_ROUTE
    case 404:  // NOT_FOUND
      return "amqp.not_found";
    case 311:  // CONTENT_TOO_LARGE
    case 402:  // INVALID_PATH
    case 406:  // PRECONDITION_FAILED
    case 501:  // FRAME_ERROR
    case 502:  // SYNTAX_ERROR
    case 503:  // COMMAND_INVALID
    case 504:  // CHANNEL_ERROR
    case 505:  // UNEXPECTED_FRAME
    case 540:  // NOT_IMPLEMENTED
      return "amqp.protocol";
    default:
      return "amqp.closed";
  }
}

std::string code_of_status(int status) {
  switch (status) {
    case AMQP_STATUS_TIMEOUT:
      return "amqp.timeout";
    case AMQP_STATUS_CONNECTION_CLOSED:
    case AMQP_STATUS_SOCKET_CLOSED:
    case AMQP_STATUS_SOCKET_ERROR:
    case AMQP_STATUS_TCP_ERROR:
    case AMQP_STATUS_SSL_ERROR:
    case AMQP_STATUS_HEARTBEAT_TIMEOUT:
      return "amqp.closed";
    default:
      return "amqp.protocol";
  }
}

/// Does the text hold the password, or one of the words it consists of?
bool repeats(std::string_view text, std::string_view password) {
  if (!password.empty() && text.find(password) != std::string_view::npos) return true;
  for (std::size_t from = 0; from < password.size();) {
    const auto to = std::min(password.find(' ', from), password.size());
    const auto word = password.substr(from, to - from);
    if (word.size() >= smallest_part && text.find(word) != std::string_view::npos) return true;
    // A text has room for the beginning of a long word only.
    if (word.size() > max_foreign_text / 2 && text.find(word.substr(0, max_foreign_text / 4)) != std::string_view::npos)
      return true;
    from = to + 1;
  }
  return false;
}

}  // namespace

std::string AmqpErrors::shown(std::string_view foreign) const {
  if (repeats(foreign, password_.reveal())) return "[a text that repeats the password]";
  std::string out(foreign.substr(0, max_foreign_text));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return out;
}

Error AmqpErrors::make(std::string code, std::string_view what) const {
  return {std::move(code), fmt::format("The AMQP broker {} {}", broker_, what), Disposition::retry, {}, {}};
}

Error AmqpErrors::told(int reply_code, std::string_view reply_text) const {
  return make(code_of(reply_code), fmt::format("says {} {}", reply_code, shown(reply_text)));
}

Error AmqpErrors::failed(int status) const {
  const auto code = code_of_status(status);
  if (code == "amqp.timeout") return make(code, "does not answer in time");
  if (status == AMQP_STATUS_HEARTBEAT_TIMEOUT) return make(code, "has fallen silent: two heartbeats are missing");
  if (code == "amqp.closed") {
    return make(code, fmt::format("or the network has ended the connection ({})", amqp_error_string2(status)));
  }
  return make(code, fmt::format("does not speak AMQP 0-9-1 as expected ({})", amqp_error_string2(status)));
}

}  // namespace kanal::net
