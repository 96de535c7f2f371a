// GET jwk_url -> {"keys":[...]}, read by crypto::parse_jwk_set.
#include "lookup/jwk_cache.hpp"

#include "lookup/remote_answer.hpp"

namespace kanal::lookup {
namespace {

using namespace std::chrono;

constexpr Duration set_life = hours(1);
constexpr Duration refresh_pause = seconds(60);
constexpr std::size_t max_set_bytes = std::size_t{256} * 1024;

}  // namespace

JwkCache::JwkCache(std::string url, milliseconds timeout, net::HttpClient& http, Clock& clock, Log& log)
    : url_(std::move(url)), timeout_(timeout), http_(http), clock_(clock), log_(log) {}

Result<crypto::PublicKey> JwkCache::key(const std::string& kid) {
  if (need(kid) != Need::none) refresh(kid);
  const std::scoped_lock lock(mutex_);
  if (!set_) return tl::unexpected(failure_.value());
  if (const auto* key = set_->find(kid)) return *key;
  return retry("directory.signature",
               "the answer is signed with key \"" + remote_text(kid) + "\", which is not among those of " + url_);
}

void JwkCache::expire() {
  const std::scoped_lock lock(mutex_);
  fresh_until_ = Duration::min();
  asked_.reset();
}

/// A known key of a stale set waits for the pause too: an outage must not slow every answer down.
JwkCache::Need JwkCache::need(const std::string& kid) const {
  const std::scoped_lock lock(mutex_);
  if (!set_) return Need::refresh;
  const Duration now = clock_.monotonic();
  const bool lately = asked_ && now < *asked_ + refresh_pause;
  if (lately) return Need::none;
  if (set_->find(kid) == nullptr) return Need::unknown_kid;
  return now >= fresh_until_ ? Need::refresh : Need::none;
}

void JwkCache::refresh(const std::string& kid) {
  const std::scoped_lock one(refreshing_);
  // Somebody else may have fetched it meanwhile.
  if (need(kid) == Need::none) return;
  auto fetched = fetch();
  const std::scoped_lock lock(mutex_);
  asked_ = clock_.monotonic();
  if (fetched) {
    set_ = std::move(*fetched);
    fresh_until_ = *asked_ + set_life;
    failure_.reset();
    return;
  }
  failure_ = fetched.error();
  if (set_) log_.warning("registry_keys_not_refreshed", {{"code", failure_->code}, {"reason", failure_->text()}});
}

Result<crypto::JwkSet> JwkCache::fetch() const {
  net::ClientRequest request;
  request.url = url_;
  request.headers = {{"Accept", "application/json"}};
  request.total_timeout = timeout_;
  request.max_response_bytes = max_set_bytes;
  const std::string said = "the Service Registry's keys cannot be fetched from " + url_ + " (difi.move.sign.jwkUrl): ";
  const auto response = http_.send(request);
  if (!response) return retry("directory.unavailable", said + cause_text(response.error()));
  if (response->status != 200)
    return retry("directory.unavailable", said + "it answered " + std::to_string(response->status));
  auto set = crypto::parse_jwk_set(response->body);
  if (!set) return retry("directory.unavailable", said + set.error().text());
  if (set->keys.empty()) return retry("directory.unavailable", said + "the set holds no RSA signature key");
  return set;
}

}  // namespace kanal::lookup
