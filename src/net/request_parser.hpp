// One HTTP/1.x request read from a connection piece by piece. Internal to this folder. Used by one thread at a time;
// one object per request. Refuses: heads over a limit, conflicting or unknown framing, a missing Host, targets that do
// not decode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "net/http_server.hpp"

namespace kanal::net {

class RequestParser {
 public:
  enum class State { head, body, done, malformed, head_too_large, unsupported };
  using BodyPart = std::function<void(ByteView)>;

  explicit RequestParser(std::size_t max_head_bytes);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Takes what it can from the front and says how many bytes; those may be forgotten, the rest must be given again
  /// with more. Stops once behind the head, so that the caller decides what happens to the body. Pieces of the body are
  /// views into `bytes`.
  std::size_t feed(ByteView bytes, const BodyPart& body);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool failed() const { return state_ > State::done; }
  /// A byte of the request has been seen.
  [[nodiscard]] bool started() const { return started_; }

  // Valid behind the head.
  /// Method, target and headers; may be taken once.
  [[nodiscard]] Request take_request();
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool http_1_1() const;
  /// `Expect: 100-continue`.
  [[nodiscard]] bool expects_continue() const;
  /// Bytes of the body still to come; nothing when chunked.
  [[nodiscard]] std::optional<std::uint64_t> remaining() const;

 private:
  class Beast;
  std::size_t feed_head(ByteView bytes);
  [[nodiscard]] State check_head();

  std::unique_ptr<Beast> beast_;
  std::size_t max_head_bytes_;
  std::size_t head_bytes_ = 0;
  State state_ = State::head;
  bool started_ = false;
  bool expects_continue_ = false;
};

}  // namespace kanal::net
