// The TLS of a simulator. Pure function; any thread.
#pragma once

#include "crypto/certificate.hpp"
#include "net/http_server.hpp"

namespace kanal::sim {

/// The certificate of `identity`, with its chain, and its key.
[[nodiscard]] net::ServerTls server_tls(const crypto::Identity& identity);

}  // namespace kanal::sim
