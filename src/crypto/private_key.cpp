#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"

namespace kanal::crypto {
namespace {

using OwnedPkcs8 = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
using OwnedMdContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

/// A key file is never that long; neither is one key read by accident from another file.
constexpr std::size_t max_key = std::size_t{256} * 1024;

tl::unexpected<Error> malformed() {
  return reject("key.malformed", "the private key cannot be read; it must be an unencrypted RSA key");
}

Result<PrivateKey> rsa_only(EVP_PKEY* key) {
  if (key == nullptr) return malformed();
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
    return reject("key.not_rsa", "the private key is no RSA key; only RSA keys can be used");
  }
  return PrivateKey(key);
}

/// Keeps OpenSSL from asking for a password at the terminal.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

PrivateKey::PrivateKey(evp_pkey_st* key) {
  require(key != nullptr && EVP_PKEY_up_ref(key) == 1, "key reference");
  key_ = std::shared_ptr<evp_pkey_st>(key, EVP_PKEY_free);
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  const QuietErrors quiet;
  if (pem.size() > max_key) return malformed();
  const OwnedBio in = reader_of(bytes_of(pem));
  const OwnedKey key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
  return rsa_only(key.get());
}

Result<PrivateKey> PrivateKey::from_pkcs8(ByteView der) {
  const QuietErrors quiet;
  if (der.size() > max_key) return malformed();
  const OwnedPkcs8 info = from_der<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>(d2i_PKCS8_PRIV_KEY_INFO, der);
  if (!info) return malformed();
  const OwnedKey key(EVP_PKCS82PKEY(info.get()));
  return rsa_only(key.get());
}

PrivateKey PrivateKey::generate(int bits) {
  const OwnedKey key(EVP_RSA_gen(static_cast<unsigned>(bits)));
  return PrivateKey(key.get());
}

std::string PrivateKey::pem() const {
  const OwnedBio out(BIO_new(BIO_s_secmem()));
  require(out && PEM_write_bio_PKCS8PrivateKey(out.get(), get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "key as PEM");
  return text_in(out.get());
}

bool PrivateKey::matches(const Certificate& certificate) const {
  const QuietErrors quiet;
  const EVP_PKEY* open = X509_get0_pubkey(certificate.get());
  return open != nullptr && EVP_PKEY_eq(open, get()) == 1;
}

Bytes PrivateKey::sign_rs256(ByteView data) const {
  const QuietErrors quiet;
  const OwnedMdContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  require(context && EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, get(), nullptr) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, input(data), data.size()) == 1,
          "RS256 init");
  Bytes signature(size);
  require(EVP_DigestSign(context.get(), output(signature), &size, input(data), data.size()) == 1, "RS256");
  signature.resize(size);
  return signature;
}

bool verify_rs256(const Certificate& certificate, ByteView data, ByteView signature) {
  const QuietErrors quiet;
  if (!certificate.is_rsa()) return false;
  EVP_PKEY* key = X509_get0_pubkey(certificate.get());
  const OwnedMdContext context(EVP_MD_CTX_new());
  require(context != nullptr, "digest context");
  return EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key, nullptr) == 1 &&
         EVP_DigestVerify(context.get(), input(signature), signature.size(), input(data), data.size()) == 1;
}

}  // namespace kanal::crypto
