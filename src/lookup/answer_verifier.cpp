// service-registry.md 4.1: compact JWS, header {"alg":"RS256","kid":thumbprint,"x5c":[base64(DER)...]}.
#include "lookup/answer_verifier.hpp"

#include "lookup/remote_answer.hpp"

namespace kanal::lookup {
namespace {

std::string_view text_of_value(const boost::json::value* value) {
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

/// Not the message's fault, and passing if a proxy or a roll-out is behind it.
tl::unexpected<Error> bad_signature(std::string why) {
  return retry("directory.signature", "the Service Registry's answer is not trusted: " + std::move(why));
}

}  // namespace

AnswerVerifier::AnswerVerifier(JwkCache& keys, std::string pinned_organisation)
    : keys_(keys), pinned_organisation_(std::move(pinned_organisation)) {}

Result<std::string> AnswerVerifier::payload(std::string_view body) {
  auto jws = crypto::parse_jws(body);
  if (!jws)
    return bad_signature(jws.error().text() + "; if the registry does not sign, set difi.move.sign.enable=false");
  const auto kid = text_of_value(jws->header.if_contains("kid"));
  if (kid.empty()) return bad_signature("it does not name the key it is signed with");
  const auto key = keys_.key(std::string(kid));
  if (!key) return failed(key);
  if (const auto verified = crypto::verify_jws(*jws, *key); !verified) return bad_signature(verified.error().text());
  if (auto checked = check_certificate(*jws, *key); !checked) return failed(checked);
  return std::move(jws->payload);
}

Result<void> AnswerVerifier::check_certificate(const crypto::Jws& jws, const crypto::PublicKey& key) const {
  if (!jws.header.contains("x5c")) {
    if (pinned_organisation_.empty()) return {};
    return bad_signature("it carries no certificate, and kanal.registry.pinned-organisation asks for one");
  }
  const auto certificates = crypto::certificates_of(jws);
  if (!certificates) return bad_signature(certificates.error().text());
  const auto& certificate = certificates->front();
  if (!crypto::PublicKey(certificate).same_as(key))
    return bad_signature("its certificate (x5c) is not that of the signing key");
  if (pinned_organisation_.empty()) return {};
  const auto owner = certificate.organisation();
  if (owner && owner->str() == pinned_organisation_) return {};
  return bad_signature("its certificate belongs to " +
                       (owner ? remote_text(owner->str()) : std::string("no organisation")) + ", not to " +
                       pinned_organisation_ + " (kanal.registry.pinned-organisation)");
}

}  // namespace kanal::lookup
