// PFX (RFC 7292), read with OpenSSL: PBES2 as Java and OpenSSL write it today, and the RC2 and 3DES schemes of old
// files. The old ciphers are in OpenSSL's legacy provider, which is loaded into a library context of its own: the rest
// of the program never sees it. Keys and certificates leave that context as DER.
#include <openssl/crypto.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "crypto/keystore_formats.hpp"
#include "crypto/openssl.hpp"

namespace kanal::crypto {
namespace {

using OwnedLibrary = Owned<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;
using OwnedProvider = Owned<OSSL_PROVIDER, OSSL_PROVIDER_unload>;
using OwnedPkcs12 = Owned<PKCS12, PKCS12_free>;
using OwnedPkcs8 = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

inline void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags) { sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free); }
inline void free_safes(STACK_OF(PKCS7) * safes) { sk_PKCS7_pop_free(safes, PKCS7_free); }
using OwnedBags = Owned<STACK_OF(PKCS12_SAFEBAG), free_bags>;
using OwnedSafes = Owned<STACK_OF(PKCS7), free_safes>;

/// Java writes 10,000; OpenSSL 2,048. A file may ask for work, not for minutes.
constexpr long max_iterations = 5'000'000;
constexpr int max_depth = 4;
constexpr std::size_t max_chain = 32;

struct Library {
  OwnedLibrary context{OSSL_LIB_CTX_new()};
  OwnedProvider standard{};
  OwnedProvider legacy{};  ///< may be missing on the machine: then old files are refused
  Library() {
    require(context != nullptr, "library context");
    standard.reset(OSSL_PROVIDER_load(context.get(), "default"));
    legacy.reset(OSSL_PROVIDER_load(context.get(), "legacy"));
  }
};

struct KeyBag {
  std::string alias;
  Bytes id;
  PrivateKey key;
};

struct CertificateBag {
  std::string alias;
  Bytes id;
  Certificate certificate;
};

/// Everything in the file, before keys and certificates are put together.
struct Content {
  std::vector<KeyBag> keys{};
  std::vector<CertificateBag> certificates{};
};

std::string alias_of(PKCS12_SAFEBAG* bag) {
  char* name = PKCS12_get_friendlyname(bag);
  if (name == nullptr) return "";
  std::string text(name);
  OPENSSL_free(name);
  return text;
}

Bytes id_of(const PKCS12_SAFEBAG* bag) {
  const ASN1_TYPE* id = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);
  if (id == nullptr || id->type != V_ASN1_OCTET_STRING) return {};
  const ASN1_OCTET_STRING* octets = id->value.octet_string;
  return copy_of(view_of(ASN1_STRING_get0_data(octets), static_cast<std::size_t>(ASN1_STRING_length(octets))));
}

class Reader {
 public:
  /// `password` is null for files made without one.
  Reader(OSSL_LIB_CTX* library, const char* password)
      : library_(library),
        password_(password),
        length_(password == nullptr ? 0 : static_cast<int>(std::string_view(password).size())) {}

  Result<Content> read(const PKCS12& file) {
    const OwnedSafes safes(PKCS12_unpack_authsafes(&file));
    if (!safes) return damaged_keystore("its content cannot be read");
    for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
      PKCS7* safe = sk_PKCS7_value(safes.get(), i);
      const OwnedBags bags(PKCS7_type_is_encrypted(safe) ? PKCS12_unpack_p7encdata(safe, password_, length_)
                           : PKCS7_type_is_data(safe)    ? PKCS12_unpack_p7data(safe)
                                                         : nullptr);
      if (!bags) return undecryptable();
      if (auto read = read_bags(*bags, 0); !read) return failed(read);
    }
    return std::move(content_);
  }

 private:
  static tl::unexpected<Error> undecryptable() {
    return reject("keystore.unsupported",
                  "the keystore is protected in a way that is not supported; write it anew "
                  "with keytool -importkeystore -deststoretype PKCS12");
  }

  Result<void> read_bags(const STACK_OF(PKCS12_SAFEBAG) & bags, int depth) {
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(&bags); ++i) {
      if (auto read = read_bag(sk_PKCS12_SAFEBAG_value(&bags, i), depth); !read) return read;
    }
    return {};
  }

  Result<void> read_bag(PKCS12_SAFEBAG* bag, int depth) {
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
      case NID_keyBag:
        return add_key(bag, PKCS12_SAFEBAG_get0_p8inf(bag));
      case NID_pkcs8ShroudedKeyBag: {
        const OwnedPkcs8 info(PKCS12_decrypt_skey_ex(bag, password_, length_, library_, nullptr));
        return info ? add_key(bag, info.get()) : Result<void>(undecryptable());
      }
      case NID_certBag:
        return add_certificate(bag);
      case NID_safeContentsBag: {
        const auto* inner = PKCS12_SAFEBAG_get0_safes(bag);
        if (inner == nullptr || depth >= max_depth) return damaged_keystore("its content is nested too deeply");
        return read_bags(*inner, depth + 1);
      }
      default:
        return {};
    }
  }

  Result<void> add_key(PKCS12_SAFEBAG* bag, const PKCS8_PRIV_KEY_INFO* info) {
    Bytes der = to_der(info, i2d_PKCS8_PRIV_KEY_INFO);
    auto key = PrivateKey::from_pkcs8(der);
    OPENSSL_cleanse(der.data(), der.size());
    if (!key && key.error().code == "key.not_rsa") return {};
    if (!key) return damaged_keystore("a key cannot be read");
    content_.keys.push_back({alias_of(bag), id_of(bag), std::move(*key)});
    return {};
  }

  Result<void> add_certificate(PKCS12_SAFEBAG* bag) {
    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) return {};
    const OwnedX509 x509(PKCS12_SAFEBAG_get1_cert(bag));
    if (!x509) return damaged_keystore("a certificate cannot be read");
    content_.certificates.push_back({alias_of(bag), id_of(bag), Certificate(x509.get())});
    return {};
  }

  OSSL_LIB_CTX* library_;
  const char* password_;
  int length_;
  Content content_{};
};

const CertificateBag* certificate_for(const KeyBag& key, const std::vector<CertificateBag>& certificates) {
  const auto found = std::ranges::find_if(certificates, [&](const CertificateBag& bag) {
    return (key.id.empty() || bag.id.empty() || bag.id == key.id) && key.key.matches(bag.certificate);
  });
  return found == certificates.end() ? nullptr : &*found;
}

/// Issuers out of the file's certificates, nearest first.
std::vector<Certificate> chain_of(const Certificate& certificate, const std::vector<CertificateBag>& certificates) {
  std::vector<Certificate> chain;
  const Certificate* last = &certificate;
  while (chain.size() < max_chain && X509_self_signed(last->get(), 0) != 1) {
    const auto issuer = std::ranges::find_if(certificates, [&](const CertificateBag& bag) {
      return X509_check_issued(bag.certificate.get(), last->get()) == X509_V_OK;
    });
    if (issuer == certificates.end()) break;
    chain.push_back(issuer->certificate);
    last = &issuer->certificate;
  }
  return chain;
}

Result<std::vector<KeystoreEntry>> put_together(const Content& content) {
  std::vector<KeystoreEntry> entries;
  int unnamed = 0;
  for (const KeyBag& key : content.keys) {
    const CertificateBag* own = certificate_for(key, content.certificates);
    if (own == nullptr) continue;
    std::string alias = key.alias.empty() ? own->alias : key.alias;
    // Java numbers the entries that have no name.
    if (alias.empty()) alias = std::to_string(++unnamed);
    entries.push_back(
        {std::move(alias), {key.key, own->certificate, chain_of(own->certificate, content.certificates)}});
  }
  if (entries.empty() && !content.keys.empty())
    return damaged_keystore("the certificate that belongs to its key is missing");
  return entries;
}

/// A PKCS12 whose algorithms come from `library`.
OwnedPkcs12 decode(ByteView content, OSSL_LIB_CTX* library) {
  PKCS12* file = PKCS12_init_ex(NID_pkcs7_data, library, nullptr);
  require(file != nullptr, "PKCS12");
  const unsigned char* at = input(content);
  // On failure OpenSSL frees the object and sets the pointer to null.
  d2i_PKCS12(&file, &at, static_cast<long>(content.size()));
  return OwnedPkcs12(file);
}

Result<void> check_mac(PKCS12& file) {
  if (PKCS12_mac_present(&file) != 1) {
    return reject("keystore.unsupported",
                  "the PKCS#12 keystore has no integrity check (MAC); write it anew with keytool "
                  "-importkeystore -deststoretype PKCS12");
  }
  const ASN1_INTEGER* iterations = nullptr;
  PKCS12_get0_mac(nullptr, nullptr, nullptr, &iterations, &file);
  const long count = iterations == nullptr ? 1 : ASN1_INTEGER_get(iterations);
  if (count < 1 || count > max_iterations) return damaged_keystore("its iteration count is unreasonable");
  return {};
}

}  // namespace

Result<std::vector<KeystoreEntry>> read_pkcs12(ByteView content, const Secret& password) {
  const QuietErrors quiet;
  const Library library;
  const OwnedPkcs12 file = decode(content, library.context.get());
  if (!file) return damaged_keystore("it is no PKCS#12 file, or was cut");
  if (auto checked = check_mac(*file); !checked) return failed(checked);
  const std::string& text = password.reveal();
  const char* right = nullptr;
  if (PKCS12_verify_mac(file.get(), text.c_str(), static_cast<int>(text.size())) == 1) {
    right = text.c_str();
  } else if (!text.empty() || PKCS12_verify_mac(file.get(), nullptr, 0) != 1) {
    return reject("keystore.password", "the password of the keystore is wrong, or the file was changed");
  }
  auto read = Reader(library.context.get(), right).read(*file);
  if (!read) return failed(read);
  return put_together(*read);
}

Bytes write_pkcs12(const Identity& identity, std::string_view alias, const Secret& password) {
  const QuietErrors quiet;
  constexpr int iterations = 10'000;
  const OwnedX509Stack chain(sk_X509_new_null());
  require(chain != nullptr, "certificate stack");
  for (const Certificate& issuer : identity.chain) {
    require(X509_up_ref(issuer.get()) == 1 && sk_X509_push(chain.get(), issuer.get()) > 0, "certificate stack");
  }
  const OwnedPkcs12 file(PKCS12_create(password.reveal().c_str(), std::string(alias).c_str(), identity.key.get(),
                                       identity.certificate.get(), chain.get(), NID_aes_256_cbc, NID_aes_256_cbc,
                                       iterations, iterations, 0));
  require(file != nullptr, "PKCS12");
  return to_der(file.get(), i2d_PKCS12);
}

}  // namespace kanal::crypto
