#include "net/system_authorities.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <memory>
#include <mutex>

#include "net/tls_context.hpp"

namespace kanal::net {
namespace {

using Once = std::once_flag;

int begin(X509_LOOKUP* lookup) { return X509_LOOKUP_set_method_data(lookup, std::make_unique<Once>().release()); }

void end(X509_LOOKUP* lookup) {
  std::unique_ptr<Once>(static_cast<Once*>(X509_LOOKUP_get_method_data(lookup))).reset();
}

const char* file_of_system() {
  const char* const named = secure_getenv(X509_get_default_cert_file_env());
  return named != nullptr ? named : X509_get_default_cert_file();
}

void read_file(X509_STORE* store) {
  const std::unique_ptr<BIO, Release<BIO_free>> in(BIO_new_file(file_of_system(), "r"));
  while (in) {
    const std::unique_ptr<X509, Release<X509_free>> next(PEM_read_bio_X509_AUX(in.get(), nullptr, nullptr, nullptr));
    if (!next) return;
    X509_STORE_add_cert(store, next.get());
  }
}

/// Asked after the store's own certificates.
int find(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name, X509_OBJECT* found) {
  if (type != X509_LU_X509) return 0;
  X509_STORE* const store = X509_LOOKUP_get_store(lookup);
  std::call_once(*static_cast<Once*>(X509_LOOKUP_get_method_data(lookup)), [&] {
    ERR_set_mark();
    read_file(store);
    ERR_pop_to_mark();
  });
  X509_STORE_lock(store);
  X509_OBJECT* const kept = X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), type, name);
  X509* const certificate = kept != nullptr ? X509_OBJECT_get0_X509(kept) : nullptr;
  const bool given = certificate != nullptr && X509_OBJECT_set1_X509(found, certificate) == 1;
  // What a lookup gives is borrowed from the store, which never drops one; its caller takes a reference of its own.
  if (given) X509_free(certificate);
  X509_STORE_unlock(store);
  return given ? 1 : 0;
}

X509_LOOKUP_METHOD* file_when_asked() {
  static const auto method = [] {
    std::unique_ptr<X509_LOOKUP_METHOD, Release<X509_LOOKUP_meth_free>> made(X509_LOOKUP_meth_new("system file"));
    X509_LOOKUP_meth_set_new_item(made.get(), begin);
    X509_LOOKUP_meth_set_free(made.get(), end);
    X509_LOOKUP_meth_set_get_by_subject(made.get(), find);
    return made;
  }();
  return method.get();
}

}  // namespace

void trust_system_authorities(X509_STORE* store) {
  if (X509_LOOKUP* const folder = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir())) {
    X509_LOOKUP_add_dir(folder, nullptr, X509_FILETYPE_DEFAULT);
  }
  X509_STORE_add_lookup(store, file_when_asked());
}

}  // namespace kanal::net
