#include "sim/sas_check.hpp"

#include <charconv>
#include <map>

#include "base/bytes.hpp"
#include "crypto/digest.hpp"
#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

tl::unexpected<Error> refused(std::string why) { return reject("bus.token", std::move(why)); }

/// The members as sent, and nothing else; nothing when one is missing, strange or there twice.
std::optional<std::map<std::string, std::string>> members_of(std::string_view token) {
  constexpr std::string_view scheme = "SharedAccessSignature ";
  if (!token.starts_with(scheme)) return std::nullopt;
  token.remove_prefix(scheme.size());
  std::map<std::string, std::string> members;
  while (!token.empty()) {
    const auto member = token.substr(0, token.find('&'));
    token.remove_prefix(std::min(token.size(), member.size() + 1));
    const auto equals = member.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto added = members.emplace(member.substr(0, equals), member.substr(equals + 1));
    if (!added.second) return std::nullopt;
  }
  if (members.size() != 4) return std::nullopt;
  for (const auto* name : {"sr", "sig", "se", "skn"}) {
    if (!members.contains(name)) return std::nullopt;
  }
  return members;
}

std::optional<std::string> decoded(const std::string& text) {
  const auto form = parse_form("x=" + text);
  if (!form || form->size() != 1) return std::nullopt;
  return form->front().second;
}

std::string signature_of(const std::string& resource, const std::string& expiry, const std::string& key) {
  return to_base64(crypto::hmac_sha256(bytes_of(key), bytes_of(resource + "\n" + expiry)));
}

/// Is `url` the resource or something below it?
bool covers(std::string_view resource, std::string_view url) {
  while (resource.ends_with('/')) resource.remove_suffix(1);
  return url.starts_with(resource) && (url.size() == resource.size() || url[resource.size()] == '/');
}

/// The member `se`.
std::optional<Time> expiry_in(const std::string& expiry) {
  std::int64_t seconds = 0;
  const auto* end = expiry.data() + expiry.size();
  const auto [stop, error] = std::from_chars(expiry.data(), end, seconds);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return Time(std::chrono::seconds(seconds));
}

}  // namespace

std::optional<Time> sas_expiry(std::string_view token) {
  const auto members = members_of(token);
  return members ? expiry_in(members->at("se")) : std::nullopt;
}

Result<void> SasCheck::check(std::string_view token, std::string_view url, std::chrono::seconds skew) const {
  if (token.empty()) return refused("MissingToken: the request carries no Authorization header");
  const auto members = members_of(token);
  if (!members) return refused("MalformedToken: the SharedAccessSignature cannot be read");
  const auto& expiry = members->at("se");
  const auto end = expiry_in(expiry);
  if (!end) return refused("MalformedToken: se is no number of seconds");
  const auto signature = decoded(members->at("sig"));
  const auto resource = decoded(members->at("sr"));
  const auto name = decoded(members->at("skn"));
  if (!signature || !resource || !name) return refused("MalformedToken: a member is not URL-encoded");
  const auto policy = this->policy();
  if (*name != policy.name) return refused("InvalidSignature: there is no such policy");
  const auto good = [&](const std::string& key) {
    return !key.empty() && crypto::equal(bytes_of(signature_of(members->at("sr"), expiry, key)), bytes_of(*signature));
  };
  if (!good(policy.key) && !good(policy.former_key)) {
    return refused("InvalidSignature: The token has an invalid signature");
  }
  if (*end + skew <= clock_.now()) return refused("ExpiredToken: The token is expired");
  if (!covers(lower_case(*resource), lower_case(url))) {
    return refused("InvalidAudience: The token is for another resource");
  }
  return {};
}

void SasCheck::set_key(std::string key, bool keep_former) {
  const std::scoped_lock lock(mutex_);
  policy_.former_key = keep_former ? policy_.key : std::string{};
  policy_.key = std::move(key);
}

SasPolicy SasCheck::policy() const {
  const std::scoped_lock lock(mutex_);
  return policy_;
}

}  // namespace kanal::sim
