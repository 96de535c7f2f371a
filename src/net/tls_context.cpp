#include "net/tls_context.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>

namespace kanal::net {
namespace {

using Bio = std::unique_ptr<BIO, Release<BIO_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;

Bio memory(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

/// A key with a pass phrase is refused instead of asking at the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

tl::unexpected<Error> refused(const std::string& what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_peek_error(), reason.data(), reason.size());
  ERR_clear_error();
  return reject("server.tls", what + " (" + reason.data() + ")");
}

Result<void> use_certificate(SSL_CTX* context, const std::string& pem) {
  const Bio in = memory(pem);
  const Certificate leaf(PEM_read_bio_X509(in.get(), nullptr, no_pass_phrase, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return refused("The server certificate is no readable PEM certificate");
  }
  while (Certificate next{PEM_read_bio_X509(in.get(), nullptr, no_pass_phrase, nullptr)}) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) return refused("The server's certificate chain is refused");
  }
  ERR_clear_error();
  return {};
}

Result<void> use_key(SSL_CTX* context, const std::string& pem) {
  const Bio in = memory(pem);
  const Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_pass_phrase, nullptr));
  if (!key) return refused("The server's private key is no readable PEM key without pass phrase");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return refused("The server's private key does not belong to its certificate");
  }
  return {};
}

Result<void> demand_client_certificate(SSL_CTX* context, const std::string& pem) {
  const Bio in = memory(pem);
  int count = 0;
  while (Certificate ca{PEM_read_bio_X509(in.get(), nullptr, no_pass_phrase, nullptr)}) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get()) != 1 ||
        SSL_CTX_add_client_CA(context, ca.get()) != 1) {
      return refused("A certificate authority for clients is refused");
    }
    ++count;
  }
  if (count == 0) return refused("The certificate authority for clients is no readable PEM certificate");
  ERR_clear_error();
  // A client's own certificate may be named itself, whoever issued it.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

}  // namespace

Result<TlsContext> TlsContext::make(const ServerTls& options) {
  ERR_clear_error();
  TlsContext made;
  made.context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const context = made.context_.get();
  if (!context || !made.socket_bio_.usable() || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
    return refused("TLS cannot be set up");
  }
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle sessions give their record buffers back; resumption is by ticket, so no session is remembered here.
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  constexpr std::array<unsigned char, 5> session_context = {'k', 'a', 'n', 'a', 'l'};
  SSL_CTX_set_session_id_context(context, session_context.data(), session_context.size());

  if (auto done = use_certificate(context, options.certificate_pem); !done) return failed(std::move(done));
  if (auto done = use_key(context, options.key_pem); !done) return failed(std::move(done));
  if (!options.client_ca_pem.empty()) {
    if (auto done = demand_client_certificate(context, options.client_ca_pem); !done) return failed(std::move(done));
  }
  return made;
}

TlsContext::Session TlsContext::open(const int& socket) const {
  Session session(SSL_new(context_.get()));
  if (!session || !socket_bio_.attach(session.get(), socket)) return nullptr;
  SSL_set_accept_state(session.get());
  return session;
}

}  // namespace kanal::net
