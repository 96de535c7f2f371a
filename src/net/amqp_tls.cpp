#include "net/amqp_tls.hpp"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace kanal::net {
namespace {

/// RFC 6066 section 3: an address is no server name; librabbitmq sends it as one.
void drop_server_name(const SSL* session, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_START) != 0) SSL_set_tlsext_host_name(const_cast<SSL*>(session), nullptr);
}

}  // namespace

bool AmqpTls::demand(SSL_CTX* context, X509_STORE* trust) {
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) return false;
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set1_cert_store(context, trust);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify, this);
  X509_VERIFY_PARAM* const wanted = SSL_CTX_get0_param(context);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host_.c_str()) == 1) {
    SSL_CTX_set_info_callback(context, drop_server_name);
    return true;
  }
  ERR_clear_error();
  // Names in the subject do not count (RFC 9525 section 2).
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return !host_.empty() && X509_VERIFY_PARAM_set1_host(wanted, host_.data(), host_.size()) == 1;
}

void AmqpTls::release(SSL_CTX* context) {
  SSL_CTX_set_cert_verify_callback(context, nullptr, nullptr);
  SSL_CTX_set_info_callback(context, nullptr);
}

int AmqpTls::verify(X509_STORE_CTX* chain, void* self) {
  const int accepted = X509_verify_cert(chain);
  if (accepted != 1) static_cast<AmqpTls*>(self)->verify_error_ = X509_STORE_CTX_get_error(chain);
  return accepted;
}

std::string AmqpTls::problem() const {
  if (verify_error_ != X509_V_OK) return X509_verify_cert_error_string(verify_error_);
  const auto error = ERR_peek_error();
  if (ERR_GET_LIB(error) != ERR_LIB_SSL || ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return {};
  const char* const reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "the handshake failed";
}

}  // namespace kanal::net
