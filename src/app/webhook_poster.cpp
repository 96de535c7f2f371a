// X-Kanal-Signature = "t=" unix-seconds ",v1=" hex(HMAC-SHA-256(secret, unix-seconds "." body))
#include "app/webhook_poster.hpp"

#include <fmt/format.h>

#include "crypto/digest.hpp"

namespace kanal::app {
namespace {

constexpr std::uint64_t most_of_an_answer = std::uint64_t{64} * 1024;

/// Whatever a receiver says besides its status is dropped, and not listened to for long.
class Discard final : public Sink {
 public:
  Result<void> write(ByteView bytes) override {
    taken_ += bytes.size();
    if (taken_ <= most_of_an_answer) return {};
    enough_ = true;
    return reject("webhook.enough", "the answer is longer than anybody reads");
  }
  Result<void> finish() override { return {}; }
  /// The receiver said 2xx, and the rest was cut off by us.
  [[nodiscard]] bool enough() const { return enough_; }

 private:
  std::uint64_t taken_ = 0;
  bool enough_ = false;
};

std::string signature(const Secret& secret, Time now, const std::string& body) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::string text = fmt::format("{}.{}", seconds, body);
  return fmt::format("t={},v1={}", seconds, to_hex(crypto::hmac_sha256(bytes_of(secret.reveal()), bytes_of(text))));
}

}  // namespace

Result<void> WebhookPoster::post(const std::string& url, const std::string& body, std::stop_token stop) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url;
  request.body = body;
  request.headers.emplace_back("Content-Type", "application/json");
  if (!options_.secret.empty()) {
    request.headers.emplace_back("X-Kanal-Signature", signature(options_.secret, clock_.now(), body));
  }
  request.connect_timeout = options_.connect_timeout;
  request.inactivity_timeout = options_.read_timeout;
  request.total_timeout = options_.connect_timeout + options_.read_timeout;
  request.max_response_bytes = most_of_an_answer;
  request.stop = std::move(stop);
  request.may_connect = [this](std::string_view address) {
    return !options_.denied.matches(address) && (options_.allowed.empty() || options_.allowed.matches(address));
  };
  Discard discard;
  const auto answer = http_.send(request, discard);
  if (discard.enough()) return {};
  if (!answer) return failed(answer);
  if (answer->ok()) return {};
  return retry("webhook.answer", fmt::format("the receiver answered {}{}", answer->status,
                                             answer->status >= 300 && answer->status < 400
                                                 ? "; redirects are not followed, give the final address"
                                                 : ""));
}

}  // namespace kanal::app
