// One request between its head and its answer: asks the handler, hands it the body, keeps the answer. Every call runs
// on a worker, one at a time, and may block as long as the handler does. Nothing a handler throws gets out. Internal to
// this folder.
#pragma once

#include <memory>
#include <optional>

#include "base/log.hpp"
#include "net/http_server.hpp"
#include "net/request_parser.hpp"

namespace kanal::net {

class Exchange {
 public:
  /// The parser is behind the head; everything given must outlive the exchange.
  Exchange(RequestParser& parser, Request request, const Handler& handler, Log& log);

  /// Shows the handler the head.
  void begin();
  /// Hands over what `bytes` hold of the body, and its end; says how many bytes were used.
  std::size_t feed(ByteView bytes);
  /// The client went away: the consumer goes without finish().
  void abandon();
  /// Tells the answer's owner how it ended and lets go of it.
  void close(Response& answer, bool written);

  [[nodiscard]] const Request& request() const { return *request_; }
  [[nodiscard]] bool answered() const { return answer_.has_value(); }
  [[nodiscard]] Response take_answer() { return std::move(*answer_); }

 private:
  template <class Call>
  void guarded(const char* event, Call&& call);
  void fail(const char* event, const char* what);

  RequestParser& parser_;
  std::shared_ptr<const Request> request_;
  const Handler& handler_;
  Log& log_;
  std::unique_ptr<BodyHandler> consumer_;
  std::optional<Response> answer_;
};

}  // namespace kanal::net
