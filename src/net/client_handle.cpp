#include "net/client_handle.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>

#include "net/system_authorities.hpp"

namespace kanal::net {
namespace {

constexpr long connections_per_handle = 4;

bool add_all(X509_STORE* store, const std::string& pem) {
  const std::unique_ptr<BIO, Release<BIO_free>> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int count = 0;
  for (;; ++count) {
    const std::unique_ptr<X509, Release<X509_free>> next(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    if (X509_STORE_add_cert(store, next.get()) != 1) return false;
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  return count > 0 && at_end;
}

int handle_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

void note_alert(const SSL* session, int type, int value) {
  constexpr int fatal = 2;
  if ((type & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT || value >> 8 != fatal) return;
  if (auto* handle = static_cast<ClientHandle*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), handle_index()))) {
    handle->fatal_alert = value & 0xff;
  }
}

CURLcode new_tls_connection(CURL*, void* context, void* user) {
  auto* const handle = static_cast<ClientHandle*>(user);
  auto* const ssl = static_cast<SSL_CTX*>(context);
  SSL_CTX_set1_cert_store(ssl, handle->trust);
  SSL_CTX_set_ex_data(ssl, handle_index(), handle);
  SSL_CTX_set_info_callback(ssl, note_alert);
  return CURLE_OK;
}

}  // namespace

Result<X509_STORE*> ClientTrust::store() {
  std::call_once(once_, [this] {
    ERR_clear_error();
    decltype(store_) made(X509_STORE_new());
    if (!made) return;
    trust_system_authorities(made.get());
    // A certificate named as trusted is trusted, be it a root, an intermediate or the peer's own.
    X509_STORE_set_flags(made.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    ERR_clear_error();
    if (ca_pem_.empty() || add_all(made.get(), ca_pem_)) store_ = std::move(made);
    ERR_clear_error();
  });
  if (!store_)
    return reject("http.tls", "The certificate authorities configured as trusted are no readable PEM certificates");
  return store_.get();
}

std::unique_ptr<ClientHandle> ClientHandle::make() {
  auto made = std::make_unique<ClientHandle>();
  made->multi.reset(curl_multi_init());
  made->easy.reset(curl_easy_init());
  if (!made->multi || !made->easy) return nullptr;
  curl_multi_setopt(made->multi.get(), CURLMOPT_MAXCONNECTS, connections_per_handle);
  return made;
}

void ClientHandle::prepare_tls() {
  CURL* const curl = easy.get();
  curl_easy_setopt(curl, CURLOPT_CAINFO, nullptr);  // or curl would read its own at every connection
  curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, new_tls_connection);
  curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, this);
}

std::unique_ptr<ClientHandle> HandlePool::take(const std::string& origin) {
  {
    const std::scoped_lock lock(mutex_);
    auto found =
        std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& handle) { return handle->origin == origin; });
    if (found == idle_.rend()) found = idle_.rbegin();
    if (found != idle_.rend()) {
      auto taken = std::move(*found);
      idle_.erase(std::next(found).base());
      return taken;
    }
  }
  return ClientHandle::make();
}

void HandlePool::give_back(std::unique_ptr<ClientHandle> handle) {
  std::unique_ptr<ClientHandle> oldest;  // closed outside the lock
  const std::scoped_lock lock(mutex_);
  idle_.push_back(std::move(handle));
  if (idle_.size() > max_idle_) {
    oldest = std::move(idle_.front());
    idle_.erase(idle_.begin());
  }
}

}  // namespace kanal::net
