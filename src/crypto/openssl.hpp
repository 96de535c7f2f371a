// What the files of this folder share about OpenSSL: owners of its objects, its error queue, its DER functions.
// Internal to crypto/.
#pragma once

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/bytes.hpp"

namespace kanal::crypto {

/// A deleter made of OpenSSL's function for the type.
template <auto function>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};

template <class T, auto function>
using Owned = std::unique_ptr<T, Freed<function>>;

using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedX509 = Owned<X509, X509_free>;
using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedKeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using OwnedCms = Owned<CMS_ContentInfo, CMS_ContentInfo_free>;
using OwnedNumber = Owned<BIGNUM, BN_free>;
using OwnedCipherContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

/// In decimal digits; nothing without memory.
inline std::optional<std::string> decimal_of(const OwnedNumber& number) {
  constexpr auto release = [](char* text) { OPENSSL_free(text); };
  const std::unique_ptr<char, decltype(release)> text(number ? BN_bn2dec(number.get()) : nullptr);
  if (!text) return std::nullopt;
  return std::string(text.get());
}

inline void free_x509_stack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
using OwnedX509Stack = Owned<STACK_OF(X509), free_x509_stack>;

/// Leaves OpenSSL's error queue as it was found: whoever looks at it next (TLS) must not see our failures.
class QuietErrors {
 public:
  QuietErrors() { ERR_set_mark(); }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
  ~QuietErrors() { ERR_pop_to_mark(); }
};

/// For calls that fail only when memory is out or the program is wrong.
inline void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}

inline const unsigned char* input(ByteView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
inline unsigned char* output(std::span<std::byte> bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
inline ByteView view_of(const unsigned char* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

/// An OpenSSL object from DER that must fill `der` exactly; null otherwise.
template <class T, auto free_function>
Owned<T, free_function> from_der(T* (*decode)(T**, const unsigned char**, long), ByteView der) {
  if (der.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return nullptr;
  const unsigned char* at = input(der);
  Owned<T, free_function> object(decode(nullptr, &at, static_cast<long>(der.size())));
  if (!object || at != input(der) + der.size()) return nullptr;
  return object;
}

/// The DER of an OpenSSL object.
template <class T, class Encode>
Bytes to_der(const T* object, Encode encode) {
  const int size = encode(object, nullptr);
  require(size >= 0, "encoding");
  Bytes der(static_cast<std::size_t>(size));
  unsigned char* at = output(der);
  require(encode(object, &at) == size, "encoding");
  return der;
}

/// A BIO that reads from `bytes`, which may be empty and must outlive it.
inline OwnedBio reader_of(ByteView bytes) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) throw std::length_error("memory BIO");
  // OpenSSL takes a null pointer for a mistake even when there is nothing to read.
  OwnedBio bio(
      BIO_new_mem_buf(bytes.empty() ? "" : static_cast<const void*>(bytes.data()), static_cast<int>(bytes.size())));
  require(bio != nullptr, "memory BIO");
  return bio;
}

/// Everything in a memory BIO.
inline std::string text_in(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace kanal::crypto
