// dpe.md 3.1:
//   GET <registry>/sastoken   Accept: application/jose   gives a compact JWS whose payload is the key's text
#include "transports/dpe/sas_key.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "lookup/remote_answer.hpp"

namespace kanal::transports::dpe {
namespace {

using namespace std::chrono;

constexpr Duration fresh_for = hours(24);
/// Whatever happens, the registry is not asked more often.
constexpr Duration ask_interval = seconds(30);
constexpr std::size_t longest_key = 256;
constexpr std::string_view kept_as = "dpe.sas-key";
constexpr const char* scope = "eformidling:dpe";

Result<Secret> as_key(std::string text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\r' || c == '\n' || c == '\t'; };
  while (!text.empty() && is_space(text.back())) text.pop_back();
  const bool good = !text.empty() && text.size() <= longest_key &&
                    std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
  if (good) return Secret(std::move(text));
  return retry("dpe.no_key", "what the Service Registry gives as key of the Service Bus is none");
}

std::string_view what_to_do(int status) {
  if (status == 401) return "; the client needs the scope eformidling:dpe";
  if (status == 404) return "; it has none: ask its operator, or turn DPE off";
  return "";
}

}  // namespace

SasKeySource::SasKeySource(const KeySettings& settings, const Resources& resources)
    : settings_(settings),
      resources_(resources),
      tokens_(settings.token_client, resources.http, resources.clock, resources.log),
      jwks_(settings.jwk_url, settings.timeout, resources.http, resources.clock, resources.log),
      verifier_(jwks_, settings.pinned_organisation) {}

Result<Secret> SasKeySource::fetch() {
  net::ClientRequest request;
  request.url = settings_.registry_endpoint + "/sastoken";
  request.headers = {{"Accept", "application/jose"}};
  request.total_timeout = settings_.timeout;
  auto response = lookup::send_with_token(resources_.http, tokens_, {{scope}}, std::move(request));
  if (!response) {
    return retry("dpe.no_key",
                 "the Service Registry gives no key of the Service Bus: " + lookup::cause_text(response.error()));
  }
  if (response->status != 200) {
    return retry("dpe.no_key", fmt::format("the Service Registry gives no key of the Service Bus: it answers {}{}",
                                           response->status, what_to_do(response->status)));
  }
  if (settings_.signed_answers) {
    auto payload = verifier_.payload(response->body);
    if (!payload) return retry("dpe.no_key", payload.error().text());
    return as_key(std::move(*payload));
  }
  auto jws = crypto::parse_jws(response->body);
  if (!jws) return retry("dpe.no_key", "the Service Registry's answer cannot be read");
  return as_key(std::move(jws->payload));
}

bool SasKeySource::may_ask(Duration now) const { return !asked_ || now - *asked_ >= ask_interval; }

/// What an earlier run of this installation kept.
void SasKeySource::recall() {
  if (recalled_ || key_ || !resources_.kept.recall) return;
  recalled_ = true;
  key_ = resources_.kept.recall(kept_as);
}

Result<Secret> SasKeySource::key() {
  if (!settings_.from_registry) return settings_.fixed;
  const auto now = [&] { return resources_.clock.monotonic(); };
  {
    const std::scoped_lock lock(mutex_);
    if (key_ && now() < fresh_until_) return *key_;
  }
  const std::scoped_lock one(asking_);
  bool ask = false;
  {
    const std::scoped_lock lock(mutex_);
    if (key_ && now() < fresh_until_) return *key_;
    ask = may_ask(now());
    if (ask) asked_ = now();
  }
  auto fetched = ask ? fetch() : Result<Secret>(tl::unexpected(Error{}));
  const std::scoped_lock lock(mutex_);
  if (fetched) {
    const bool fresh = !key_ || key_->reveal() != fetched->reveal();
    key_ = std::move(*fetched);
    fresh_until_ = now() + fresh_for;
    problem_.clear();
    if (fresh && resources_.kept.keep) resources_.kept.keep(kept_as, *key_);
    return *key_;
  }
  if (ask) {
    problem_ = fetched.error().text();
    resources_.log.warning("sas_key_not_fetched", {{"reason", problem_}});
  }
  recall();
  if (key_) return *key_;
  return retry("dpe.no_key", problem_.empty() ? "there is no key of the Service Bus" : problem_);
}

void SasKeySource::reject(const Secret& key) {
  const std::scoped_lock lock(mutex_);
  if (key_ && key_->reveal() == key.reveal()) fresh_until_ = Duration::min();
}

std::string SasKeySource::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

}  // namespace kanal::transports::dpe
