#include "sim/server_tls.hpp"

namespace kanal::sim {

net::ServerTls server_tls(const crypto::Identity& identity) {
  std::string pem = identity.certificate.pem();
  for (const auto& issuer : identity.chain) pem += issuer.pem();
  return {std::move(pem), identity.key.pem()};
}

}  // namespace kanal::sim
