// request = *CRLF method SP target SP "HTTP/1." ("0" | "1") CRLF *( field CRLF ) CRLF body        RFC 9112 sections 2,
// 3, 5 body    = Content-Length bytes | chunks (section 7.1); both at once is refused (section 6.3) The grammar is
// Beast's; this class adds the limits and the rules that need the whole head.
#include "net/request_parser.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "net/http_message.hpp"

namespace kanal::net {

namespace http = boost::beast::http;
using boost::beast::iequals;
using Text = boost::beast::string_view;
using boost::system::error_code;

namespace {
constexpr std::size_t max_header_count = 256;
constexpr std::size_t shortest_last_chunk = std::string_view("0\r\n\r\n").size();
}  // namespace

/// Collects the head and passes the body on, without a copy.
class RequestParser::Beast final : public http::basic_parser<true> {
 public:
  Request request;
  int version = 11;
  const BodyPart* body = nullptr;

 private:
  void on_request_impl(http::verb, Text method, Text target, int v, error_code&) override {
    request.method.assign(method.data(), method.size());
    request.target.assign(target.data(), target.size());
    version = v;
  }
  void on_response_impl(int, Text, int, error_code&) override {}
  void on_field_impl(http::field, Text name, Text value, error_code& error) override {
    if (behind_head_) return;  // trailers say nothing we use
    if (request.headers.size() == max_header_count) {
      error = http::error::header_limit;
      return;
    }
    request.headers.emplace_back(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
  }
  void on_header_impl(error_code&) override { behind_head_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(Text bytes, error_code&) override {
    if (body && *body && !bytes.empty()) (*body)(bytes_of({bytes.data(), bytes.size()}));
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, error_code& error) override {
    return on_body_impl(bytes, error);
  }
  void on_finish_impl(error_code&) override {}

  bool behind_head_ = false;
};

RequestParser::RequestParser(std::size_t max_head_bytes)
    : beast_(std::make_unique<Beast>()), max_head_bytes_(max_head_bytes) {
  beast_->header_limit(static_cast<std::uint32_t>(max_head_bytes));
  beast_->body_limit(boost::none);
}

RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(ByteView bytes, const BodyPart& body) {
  if (state_ == State::head) return feed_head(bytes);
  if (state_ != State::body) return 0;
  // At least the last chunk is still to come; Beast asserts when that arrives in smaller pieces than it expects.
  if (beast_->chunked() && bytes.size() < shortest_last_chunk) return 0;
  error_code error;
  beast_->body = &body;
  const std::size_t used = beast_->put({bytes.data(), bytes.size()}, error);
  beast_->body = nullptr;
  if (error && error != http::error::need_more) {
    state_ = State::malformed;
  } else if (beast_->is_done()) {
    state_ = State::done;
  }
  return used;
}

std::size_t RequestParser::feed_head(ByteView bytes) {
  std::size_t used = 0;
  if (!beast_->got_some()) {  // an empty line in front of a request is forgiven (RFC 9112 section 2.2)
    const std::string_view text = text_of(bytes);
    while (text.substr(used).starts_with("\r\n")) used += 2;
    if (text.substr(used).empty() || text.substr(used) == "\r") {
      head_bytes_ += used;
      if (head_bytes_ > max_head_bytes_) state_ = State::head_too_large;
      return used;
    }
  }
  started_ = true;
  error_code error;
  used += beast_->put({bytes.data() + used, bytes.size() - used}, error);
  head_bytes_ += used;
  if (error == http::error::need_more) {
    if (head_bytes_ + (bytes.size() - used) > max_head_bytes_) state_ = State::head_too_large;
  } else if (error) {
    state_ = error == http::error::header_limit ? State::head_too_large : State::malformed;
  } else {
    state_ = head_bytes_ > max_head_bytes_ ? State::head_too_large : check_head();
  }
  return used;
}

RequestParser::State RequestParser::check_head() {
  Request& request = beast_->request;
  std::size_t hosts = 0;
  for (const auto& [name, value] : request.headers) {
    if (iequals(name, "Host")) ++hosts;
    if (iequals(name, "Expect")) expects_continue_ = iequals(value, "100-continue") && http_1_1();
    if (iequals(name, "Transfer-Encoding")) {
      if (!http_1_1()) return State::malformed;
      if (!iequals(value, "chunked")) return State::unsupported;
    }
  }
  if (hosts > 1 || (hosts == 0 && http_1_1())) return State::malformed;
  auto target = parse_target(request.target);
  if (!target) return State::malformed;
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  if (const auto length = beast_->content_length()) request.content_length = *length;
  beast_->eager(true);
  return beast_->is_done() ? State::done : State::body;
}

Request RequestParser::take_request() { return std::move(beast_->request); }

bool RequestParser::keep_alive() const { return beast_->keep_alive(); }

bool RequestParser::http_1_1() const { return beast_->version >= 11; }

bool RequestParser::expects_continue() const { return expects_continue_; }

std::optional<std::uint64_t> RequestParser::remaining() const {
  const auto left = beast_->content_length_remaining();
  if (!left) return std::nullopt;
  return *left;
}

}  // namespace kanal::net
