#include "net/http_server.hpp"

namespace kanal::net {
namespace {

class BodyCollector final : public BodyHandler {
 public:
  BodyCollector(std::size_t limit, std::function<Response(Bytes)> handle, std::function<Response()> too_large)
      : limit_(limit), handle_(std::move(handle)), too_large_(std::move(too_large)) {}

  std::optional<Response> data(ByteView bytes) override {
    if (bytes.size() > limit_ - body_.size()) return too_large_();
    body_.insert(body_.end(), bytes.begin(), bytes.end());
    return std::nullopt;
  }
  Response finish() override { return handle_(std::move(body_)); }

 private:
  std::size_t limit_;
  std::function<Response(Bytes)> handle_;
  std::function<Response()> too_large_;
  Bytes body_;
};

}  // namespace

std::unique_ptr<BodyHandler> collect_body(std::size_t limit, std::function<Response(Bytes body)> handle,
                                          std::function<Response()> too_large) {
  return std::make_unique<BodyCollector>(limit, std::move(handle), std::move(too_large));
}

}  // namespace kanal::net
