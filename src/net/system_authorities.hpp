// The certificate authorities that the system trusts, read when somebody asks for one. Internal to this folder.
#pragma once

#include <openssl/x509_vfy.h>

namespace kanal::net {

/// Makes `store` trust the system's authorities: those of its folder one by one, then those of its file, all at once,
/// as OpenSSL finds both (SSL_CERT_DIR, SSL_CERT_FILE). Neither is read before a verification misses an authority: the
/// file of Debian 12 takes tens of milliseconds, and an installation whose peers are named by its configuration needs
/// none. A system without either trusts nobody.
void trust_system_authorities(X509_STORE* store);

}  // namespace kanal::net
