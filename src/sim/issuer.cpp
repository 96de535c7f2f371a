#include "sim/issuer.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace kanal::sim {

Issuer::Issuer(std::string name, std::optional<crypto::PrivateKey> key) : name_(std::move(name)) {
  keys_.push_back(make_key(key ? std::move(*key) : crypto::PrivateKey::generate()));
}

Issuer::Key Issuer::make_key(crypto::PrivateKey secret) {
  crypto::PublicKey open(secret);
  auto id = open.thumbprint();
  return {std::move(secret), std::move(open), std::move(id)};
}

std::string Issuer::name() const {
  const std::scoped_lock lock(mutex_);
  return name_;
}

void Issuer::set_name(std::string name) {
  const std::scoped_lock lock(mutex_);
  name_ = std::move(name);
}

std::string Issuer::mint(boost::json::object claims) const {
  std::unique_lock lock(mutex_);
  claims["iss"] = name_;
  const Key key = keys_.back();
  lock.unlock();
  return crypto::sign_jws(key.secret, {{"kid", key.id}, {"typ", "JWT"}}, boost::json::serialize(claims));
}

Result<void> Issuer::verify(const crypto::Jws& token) const {
  const auto* kid = token.header.if_contains("kid");
  if (kid == nullptr || !kid->is_string()) return reject("token.signature", "the token names no key");
  std::unique_lock lock(mutex_);
  const auto found = std::ranges::find(keys_, std::string_view(kid->get_string()), &Key::id);
  if (found == keys_.end())
    return reject("token.signature", "the token is signed with a key this issuer does not have");
  const auto key = found->open;
  lock.unlock();
  if (!crypto::verify_jws(token, key)) return reject("token.signature", "the token's signature is wrong");
  return {};
}

boost::json::object Issuer::jwks() const {
  boost::json::array keys;
  const std::scoped_lock lock(mutex_);
  for (const auto& key : keys_) keys.push_back(key.open.jwk(key.id));
  return {{"keys", std::move(keys)}};
}

void Issuer::rotate() {
  auto key = make_key(crypto::PrivateKey::generate());
  const std::scoped_lock lock(mutex_);
  keys_.push_back(std::move(key));
}

}  // namespace kanal::sim
