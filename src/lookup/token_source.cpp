// altinn-auth.md sections 4 to 6:
//   POST token_url, form: grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=<jwt>   ->
//   Maskinporten token GET exchange_url, Authorization: Bearer <Maskinporten token> -> Altinn token
#include "lookup/token_source.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/secret.hpp"
#include "lookup/assertion.hpp"
#include "lookup/remote_answer.hpp"
#include "lookup/token_answer.hpp"
#include "lookup/token_errors.hpp"

namespace kanal::lookup {
namespace {

using namespace std::chrono;

constexpr milliseconds request_timeout = seconds(30);
constexpr std::size_t max_answer_bytes = std::size_t{256} * 1024;
constexpr Duration longest_use = minutes(25);
constexpr Duration least_margin = seconds(60);
/// Between attempts to renew a token that still lives.
constexpr Duration renewal_pause = seconds(30);
constexpr Duration rejection_pause = seconds(60);
constexpr Duration skew_pause = hours(1);
constexpr int max_attempts = 3;
/// After a refusal, the next one, ...: longer and longer, as only an operator can help.
constexpr std::array<Duration, 5> refusal_pauses = {seconds(30), minutes(1), minutes(2), minutes(5), minutes(15)};

/// Before the second and the third attempt.
milliseconds delay_after(int attempt) {
  constexpr std::array<milliseconds, 2> delays = {milliseconds(500), milliseconds(2'000)};
  thread_local std::minstd_rand random(std::random_device{}());
  const auto delay = delays.at(static_cast<std::size_t>(attempt - 1));
  std::uniform_int_distribution<milliseconds::rep> jitter(delay.count() * 3 / 4, delay.count() * 5 / 4);
  return milliseconds(jitter(random));
}

constexpr milliseconds longest_delay = milliseconds(5'000);

/// Everything that makes another token; the clients' own data are the same for the whole source.
std::string key_of(const TokenRequest& request) {
  auto scopes = request.scopes;
  std::ranges::sort(scopes);
  const SystemUser user = request.system_user.value_or(SystemUser{});
  return fmt::format("{}\n{}\n{}\n{}", fmt::join(scopes, " "), user.organisation, user.name,
                     request.consumer_org.value_or(""));
}

std::string organisation_of(const TokenRequest& request) {
  return request.system_user ? request.system_user->organisation : request.consumer_org.value_or("");
}

}  // namespace

/// A token and when, on the monotonic clock, it was asked for: its life cannot have begun earlier.
struct TokenSource::Fetched {
  BearerToken token;
  Duration asked{};
  std::string assertion_id{};
};

/// What is known for one key. Guarded by `mutex_`; times are monotonic.
struct TokenSource::Entry {
  TokenHealth health;
  Secret token;
  Duration renew_at{};   ///< from here one caller renews
  Duration use_until{};  ///< from here all wait for a new one
  Duration expires{};    ///< until here the old one is better than none
  Duration life{};
  std::optional<Error> failure;  ///< of the last fetch
  int refusals = 0;
  Duration refused_until = Duration::min();
  Duration renewal_failed_until = Duration::min();
  std::optional<Duration> rejected;
  bool fetching = false;
  std::uint64_t fetches = 0;
  std::condition_variable fetched;

  [[nodiscard]] bool alive(Duration now) const { return !token.empty() && now < expires; }
  [[nodiscard]] bool good(Duration now, Duration at_least) const {
    // A token that never lives that long is not fetched anew for each upload.
    return alive(now) && now < use_until && expires - now >= std::min(at_least, life / 2);
  }
  [[nodiscard]] Result<std::string> refusal(Duration now) const {
    Error error = failure.value();
    error.retry_after = ceil<milliseconds>(refused_until - now);
    return tl::unexpected(std::move(error));
  }
};

TokenSource::TokenSource(TokenClient client, net::HttpClient& http, Clock& clock, Log& log, Sleeper sleep)
    : client_(std::move(client)),
      http_(http),
      clock_(clock),
      log_(log),
      sleep_(sleep ? std::move(sleep) : [](milliseconds delay) { std::this_thread::sleep_for(delay); }) {}

TokenSource::~TokenSource() = default;

TokenSource::Entry& TokenSource::entry_for(const TokenRequest& request) {
  auto& entry = entries_[key_of(request)];
  if (!entry) {
    entry = std::make_unique<Entry>();
    entry->health.scopes = fmt::format("{}", fmt::join(request.scopes, " "));
    entry->health.organisation = organisation_of(request);
    if (const auto* certificate = std::get_if<CertificateCredential>(&client_.credential)) {
      entry->health.certificate_expires = certificate->identity.certificate.not_after();
    }
  }
  return *entry;
}

Result<std::string> TokenSource::token(const TokenRequest& request) {
  std::unique_lock lock(mutex_);
  Entry& entry = entry_for(request);
  for (;;) {
    const Duration now = clock_.monotonic();
    const bool alive = entry.alive(now);
    const bool good = entry.good(now, request.at_least);
    if (good && (now < entry.renew_at || entry.fetching)) return entry.token.reveal();
    if (alive && now < std::max(entry.refused_until, entry.renewal_failed_until)) return entry.token.reveal();
    if (!alive && now < entry.refused_until) return entry.refusal(now);
    if (entry.fetching) {
      entry.fetched.wait(lock, [&entry, before = entry.fetches] { return entry.fetches != before; });
    } else {
      fetch_for(entry, request, good, lock);
    }
    // The outcome of the fetch, whoever made it: even a token that is too short-lived to be kept serves those who
    // waited.
    if (!entry.failure && !entry.token.empty()) return entry.token.reveal();
    if (entry.alive(clock_.monotonic())) return entry.token.reveal();
    if (entry.failure) return tl::unexpected(*entry.failure);
    // The token was rejected before this waiter woke up.
  }
}

/// Called with the lock; fetches without it.
void TokenSource::fetch_for(Entry& entry, const TokenRequest& request, bool renewal,
                            std::unique_lock<std::mutex>& lock) {
  entry.fetching = true;
  lock.unlock();
  auto fetched = [&]() -> Result<Fetched> {
    try {
      return fetch(request, renewal ? 1 : max_attempts);
    } catch (const std::exception& broken) {
      return retry("token.unavailable", std::string("the token request was broken off: ") + broken.what());
    }
  }();
  lock.lock();
  store(entry, std::move(fetched), renewal);
  entry.fetching = false;
  ++entry.fetches;
  entry.fetched.notify_all();
}

void TokenSource::store(Entry& entry, Result<Fetched> fetched, bool renewal) {
  const Duration now = clock_.monotonic();
  const auto& health = entry.health;
  if (!fetched) {
    const Error& error = fetched.error();
    entry.failure = error;
    entry.health.last_error = error.code + ": " + error.text();
    if (is_passing(error)) {
      if (entry.alive(now)) entry.renewal_failed_until = now + renewal_pause;
    } else {
      entry.refused_until = now + refusal_pauses.at(std::min<std::size_t>(entry.refusals, refusal_pauses.size() - 1));
      ++entry.refusals;
    }
    if (entry.alive(now)) {
      log_.warning("token_not_renewed", {{"scopes", health.scopes},
                                         {"organisation", health.organisation},
                                         {"early", renewal ? "true" : "false"},
                                         {"code", error.code},
                                         {"reason", error.text()}});
    }
    return;
  }
  const Duration life = fetched->token.life;
  const Duration use = std::clamp<Duration>(life - std::max(least_margin, life / 10), Duration(0), longest_use);
  entry.token = Secret(std::move(fetched->token.text));
  entry.life = life;
  entry.renew_at = fetched->asked + use * 4 / 5;
  entry.use_until = fetched->asked + use;
  entry.expires = fetched->asked + std::min(life, longest_use);
  entry.failure.reset();
  entry.refusals = 0;
  entry.refused_until = entry.renewal_failed_until = Duration::min();
  entry.health.last_success = clock_.now();
  entry.health.expires = clock_.now() + (fetched->asked + life - now);
  entry.health.last_error.clear();
  log_.debug("token_fetched", {{"scopes", health.scopes},
                               {"organisation", health.organisation},
                               {"jti", fetched->assertion_id},
                               {"expires", format_iso(*health.expires)}});
}

Result<TokenSource::Fetched> TokenSource::fetch(const TokenRequest& request, int attempts) {
  for (int number = 1;; ++number) {
    auto fetched = attempt(request);
    if (fetched || !is_passing(fetched.error()) || number >= attempts) return fetched;
    if (fetched.error().retry_after.value_or(milliseconds(0)) > longest_delay) return fetched;
    const auto delay = std::max(delay_after(number), fetched.error().retry_after.value_or(milliseconds(0)));
    log_.debug("token_retry",
               {{"code", fetched.error().code}, {"reason", fetched.error().text()}, {"attempt", number}});
    sleep_(delay);
  }
}

/// One attempt. A Maskinporten token that Altinn finds expired is replaced once: it lives for two minutes only.
Result<TokenSource::Fetched> TokenSource::attempt(const TokenRequest& request) {
  for (int round = 1;; ++round) {
    auto granted = grant(request);
    if (!granted || client_.exchange_url.empty()) return granted;
    net::ClientRequest exchange;
    exchange.url = client_.exchange_url;
    exchange.headers = {{"Authorization", "Bearer " + granted->token.text}};
    exchange.total_timeout = request_timeout;
    exchange.max_response_bytes = max_answer_bytes;
    const Duration asked = clock_.monotonic();
    const auto response = http_.send(exchange);
    if (!response) return tl::unexpected(no_answer(response.error(), client_.exchange_url));
    if (response->status == 401 && round == 1) continue;
    if (!response->ok()) return tl::unexpected(exchange_error(*response, client_, request, clock_.now()));
    auto token = read_exchanged_token(response->body, clock_.now());
    if (!token) return failed(std::move(token).error(), "Altinn's token exchange");
    return Fetched{std::move(*token), asked, granted->assertion_id};
  }
}

Result<TokenSource::Fetched> TokenSource::grant(const TokenRequest& request) {
  const auto assertion = make_assertion(client_, request, clock_.now());
  if (!assertion) return failed(assertion);
  net::ClientRequest post;
  post.method = "POST";
  post.url = client_.token_url;
  post.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  post.body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion->jwt;
  post.total_timeout = request_timeout;
  post.max_response_bytes = max_answer_bytes;
  const Duration asked = clock_.monotonic();
  const auto response = http_.send(post);
  if (!response) return tl::unexpected(no_answer(response.error(), client_.token_url));
  if (!response->ok()) {
    // The machine was suspended or its clock set meanwhile: the refusal may be about nothing else.
    if (clock_.now() > assertion->expires) {
      return retry("token.unavailable", "Maskinporten answered when the assertion had expired");
    }
    return tl::unexpected(maskinporten_error(*response, client_, request, clock_.now()));
  }
  notice_skew(*response);
  auto token = read_maskinporten_token(response->body, clock_.now());
  if (!token) return failed(token);
  return Fetched{std::move(*token), asked, assertion->id};
}

/// A clock that is wrong, but not wrong enough yet to be refused.
void TokenSource::notice_skew(const net::ClientResponse& response) {
  const auto skew = clock_skew(response, clock_.now());
  if (!skew || abs(*skew) <= tolerated_skew) return;
  {
    const std::scoped_lock lock(mutex_);
    const Duration now = clock_.monotonic();
    if (skew_noticed_ && now < *skew_noticed_ + skew_pause) return;
    skew_noticed_ = now;
  }
  log_.warning("clock_skew", {{"seconds", skew->count()}, {"compared_with", "Maskinporten"}});
}

void TokenSource::reject(const TokenRequest& request, const std::string& token) {
  const std::scoped_lock lock(mutex_);
  Entry& entry = entry_for(request);
  const Duration now = clock_.monotonic();
  if (entry.token.empty() || entry.token.reveal() != token) return;
  if (entry.rejected && now < *entry.rejected + rejection_pause) return;
  entry.rejected = now;
  entry.token = Secret();
  log_.info("token_rejected", {{"scopes", entry.health.scopes}, {"organisation", entry.health.organisation}});
}

std::vector<TokenHealth> TokenSource::health() const {
  const std::scoped_lock lock(mutex_);
  std::vector<TokenHealth> all;
  all.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) all.push_back(entry->health);
  std::ranges::sort(all, {}, [](const auto& one) { return std::tie(one.organisation, one.scopes); });
  return all;
}

Result<net::ClientResponse> send_with_token(
    net::HttpClient& http, TokenSource& tokens, const TokenRequest& token, net::ClientRequest request,
    const std::function<bool(const net::ClientResponse&)>& is_permission_problem) {
  const auto first = tokens.token(token);
  if (!first) return failed(first);
  request.headers.emplace_back("Authorization", "Bearer " + *first);
  auto response = http.send(request);
  if (!response || response->status != 401) return response;
  if (is_permission_problem && is_permission_problem(*response)) return response;
  tokens.reject(token, *first);
  if (request.upload != nullptr) return response;
  const auto second = tokens.token(token);
  if (!second) return failed(second);
  if (*second == *first) return response;
  request.headers.back().second = "Bearer " + *second;
  return http.send(request);
}

}  // namespace kanal::lookup
