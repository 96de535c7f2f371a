// token     ::= "SharedAccessSignature sr=" resource "&sig=" signature "&se=" seconds "&skn=" policy
// signature ::= base64( HMAC-SHA-256( key, resource LF seconds ) )     resource, signature, policy percent-encoded
#include "transports/dpe/sas_token.hpp"

#include <cstdint>

#include <fmt/format.h>

#include "crypto/digest.hpp"
#include "net/http_client.hpp"

namespace kanal::transports::dpe {

std::string sas_token(std::string_view resource, std::string_view policy, const Secret& key, Time expiry) {
  const auto encoded = net::url_encode(resource);
  // In whole seconds of 64 bits: dpe.md 3.2 tells what becomes of it in less.
  const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(expiry.time_since_epoch()).count();
  const auto digest = crypto::hmac_sha256(bytes_of(key.reveal()), bytes_of(fmt::format("{}\n{}", encoded, seconds)));
  return fmt::format("SharedAccessSignature sr={}&sig={}&se={}&skn={}", encoded, net::url_encode(to_base64(digest)),
                     seconds, net::url_encode(policy));
}

}  // namespace kanal::transports::dpe
