#include "net/exchange.hpp"

#include <exception>

namespace kanal::net {
namespace {

Response empty_answer(int status, bool close) {
  Response response;
  response.status = status;
  response.close = close;
  return response;
}

}  // namespace

Exchange::Exchange(RequestParser& parser, Request request, const Handler& handler, Log& log)
    : parser_(parser), request_(std::make_shared<const Request>(std::move(request))), handler_(handler), log_(log) {}

template <class Call>
void Exchange::guarded(const char* event, Call&& call) {
  try {
    call();
  } catch (const std::exception& error) {
    fail(event, error.what());
  } catch (...) {
    fail(event, "unknown exception");
  }
}

void Exchange::fail(const char* event, const char* what) {
  log_.error(event, {{"method", request_->method}, {"path", request_->path}, {"error", what}});
}

void Exchange::begin() {
  answer_ = empty_answer(500, false);  // stands when the handler throws
  guarded("http.handler_failed", [&] {
    auto decided = handler_(request_);
    if (auto* now = std::get_if<Response>(&decided)) {
      answer_ = std::move(*now);
    } else if (auto& consumer = std::get<std::unique_ptr<BodyHandler>>(decided)) {
      consumer_ = std::move(consumer);
      answer_.reset();
    }
  });
}

std::size_t Exchange::feed(ByteView bytes) {
  if (answer_) return 0;
  const RequestParser::BodyPart pass = [this](ByteView part) {
    if (answer_) return;
    std::optional<Response> early;
    guarded("http.handler_failed", [&] {
      early = empty_answer(500, false);
      early = consumer_->data(part);
    });
    if (early) answer_ = std::move(early);
  };
  const std::size_t used = parser_.feed(bytes, pass);
  if (!answer_ && parser_.failed()) answer_ = empty_answer(400, true);
  if (!answer_ && parser_.state() == RequestParser::State::done) {
    answer_ = empty_answer(500, false);
    guarded("http.handler_failed", [&] { answer_ = consumer_->finish(); });
  }
  if (answer_) abandon();
  return used;
}

void Exchange::abandon() {
  guarded("http.handler_failed", [&] { consumer_.reset(); });
}

void Exchange::close(Response& answer, bool written) {
  guarded("http.handler_failed", [&] {
    answer.body = std::string{};  // the source goes before its owner hears of the end
    if (answer.done) answer.done(written);
  });
}

}  // namespace kanal::net
