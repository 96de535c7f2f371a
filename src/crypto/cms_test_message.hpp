// Writes CMS EnvelopedData and AuthEnvelopedData in the forms that other programs choose and ours does not. For tests
// only.
#pragma once

#include <openssl/rsa.h>

#include <string_view>

#include "crypto/crypto_test_support.hpp"
#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"

namespace kanal::crypto::testing {

inline Bytes joined(std::initializer_list<ByteView> parts) {
  Bytes out;
  for (const ByteView part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

/// A definite-length element.
inline Bytes element(unsigned tag, ByteView content) {
  Bytes head{static_cast<std::byte>(tag)};
  if (content.size() < 0x80) {
    head.push_back(static_cast<std::byte>(content.size()));
  } else {
    head.push_back(std::byte{0x84});
    for (int shift = 24; shift >= 0; shift -= 8) head.push_back(static_cast<std::byte>(content.size() >> shift & 0xFF));
  }
  return joined({head, content});
}

inline Bytes element(unsigned tag, std::initializer_list<ByteView> parts) { return element(tag, joined(parts)); }

/// An element of the length form that is asked for.
inline Bytes container(bool indefinite, unsigned tag, std::initializer_list<ByteView> parts) {
  if (!indefinite) return element(tag, parts);
  const Bytes head{static_cast<std::byte>(tag), std::byte{0x80}};
  const Bytes end_marker(2);
  return joined({head, joined(parts), end_marker});
}

inline Bytes oid(const char* dotted) {
  const Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(OBJ_txt2obj(dotted, 1));
  return to_der(object.get(), i2d_ASN1_OBJECT);
}

struct MessageForm {
  const Identity* recipient = &alice();
  bool oaep = true;
  const char* hash = "SHA256";
  const char* mask_hash = "SHA256";
  bool null_parameters = true;      ///< NULL after hash identifiers
  bool default_parameters = false;  ///< OAEP parameters absent: SHA-1
  bool by_key_id = false;
  const char* cipher = "AES-256-CBC";
  bool authenticated = false;  ///< AuthEnvelopedData
  bool indefinite = true;
  std::size_t segment = 1000;  ///< 0: one primitive octet string
  bool nested_segments = false;
  std::vector<Bytes> recipients_before{};
  std::vector<Bytes> recipients_after{};
  bool originator = false;
  bool attributes_after = false;
  bool authenticated_attributes = false;
  std::string label{};
  std::string key_algorithm{};      ///< replaces the OID of the key encryption
  std::string content_algorithm{};  ///< replaces the OID of the content encryption
  std::size_t key_size = 0;         ///< other than the cipher's
};

inline std::string digest_oid(std::string_view name) {
  return name == "SHA1"     ? "1.3.14.3.2.26"
         : name == "SHA256" ? "2.16.840.1.101.3.4.2.1"
         : name == "SHA512" ? "2.16.840.1.101.3.4.2.3"
                            : "1.2.840.113549.2.5";
}

class MessageWriter {
 public:
  explicit MessageWriter(MessageForm form) : form_(std::move(form)), cipher_(EVP_get_cipherbyname(form_.cipher)) {
    gcm_ = EVP_CIPHER_get_mode(cipher_) == EVP_CIPH_GCM_MODE;
    key_ = random_bytes(form_.key_size != 0 ? form_.key_size
                                            : static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher_)));
    iv_ = random_bytes(gcm_ ? 12 : 16);
  }

  Bytes write(ByteView plain) {
    const Bytes version = element(0x02, pattern(1));
    const Bytes originator = form_.originator ? element(0xA0, Bytes()) : Bytes();
    const Bytes recipients = element(0x31, recipient_infos());
    const Bytes content = encrypted_content_info(plain);
    const Bytes authenticated_attributes =
        form_.authenticated_attributes ? element(0xA1, element(0x30, Bytes())) : Bytes();
    const Bytes mac = form_.authenticated ? element(0x04, tag_) : Bytes();
    const Bytes attributes =
        form_.attributes_after ? element(form_.authenticated ? 0xA2 : 0xA1, element(0x30, Bytes())) : Bytes();
    const Bytes enveloped = container(
        form_.indefinite, 0x30, {version, originator, recipients, content, authenticated_attributes, mac, attributes});
    const Bytes type = oid(form_.authenticated ? "1.2.840.113549.1.9.16.1.23" : "1.2.840.113549.1.7.3");
    return container(form_.indefinite, 0x30, {type, container(form_.indefinite, 0xA0, {enveloped})});
  }

  /// The RecipientInfo alone, to be put before or after another.
  Bytes recipient_info() {
    return element(0x30, {element(0x02, pattern(1)), recipient_id(), key_algorithm(), element(0x04, encrypted_key())});
  }

 private:
  Bytes recipient_infos() {
    Bytes all;
    for (const Bytes& info : form_.recipients_before) all = joined({all, info});
    all = joined({all, recipient_info()});
    for (const Bytes& info : form_.recipients_after) all = joined({all, info});
    return all;
  }

  Bytes recipient_id() const {
    const X509* x509 = form_.recipient->certificate.get();
    if (!form_.by_key_id) {
      return element(0x30, {to_der(X509_get_issuer_name(x509), i2d_X509_NAME),
                            to_der(X509_get0_serialNumber(x509), i2d_ASN1_INTEGER)});
    }
    const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(const_cast<X509*>(x509));
    return element(0x80, view_of(ASN1_STRING_get0_data(id), static_cast<std::size_t>(ASN1_STRING_length(id))));
  }

  Bytes hash_identifier(const char* name) const {
    const Bytes null{std::byte{5}, std::byte{0}};
    return element(0x30, {oid(digest_oid(name).c_str()), form_.null_parameters ? null : Bytes()});
  }

  Bytes key_algorithm() const {
    const Bytes null{std::byte{5}, std::byte{0}};
    if (!form_.key_algorithm.empty()) return element(0x30, {oid(form_.key_algorithm.c_str()), null});
    if (!form_.oaep) return element(0x30, {oid("1.2.840.113549.1.1.1"), null});
    const Bytes mask = element(0x30, {oid("1.2.840.113549.1.1.8"), hash_identifier(form_.mask_hash)});
    const Bytes label =
        form_.label.empty()
            ? Bytes()
            : element(0xA2, element(0x30, {oid("1.2.840.113549.1.1.9"), element(0x04, bytes_of(form_.label))}));
    const Bytes parameters = element(0x30, {element(0xA0, hash_identifier(form_.hash)), element(0xA1, mask), label});
    return element(0x30, {oid("1.2.840.113549.1.1.7"), form_.default_parameters ? element(0x30, Bytes()) : parameters});
  }

  Bytes encrypted_key() const {
    const OwnedKeyContext context(EVP_PKEY_CTX_new(form_.recipient->key.get(), nullptr));
    EXPECT_EQ(EVP_PKEY_encrypt_init(context.get()), 1);
    EVP_PKEY_CTX_set_rsa_padding(context.get(), form_.oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING);
    if (form_.oaep) {
      EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_get_digestbyname(form_.hash));
      EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_get_digestbyname(form_.mask_hash));
      if (!form_.label.empty())
        EVP_PKEY_CTX_set0_rsa_oaep_label(context.get(), OPENSSL_memdup(form_.label.data(), form_.label.size()),
                                         static_cast<int>(form_.label.size()));
    }
    Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(form_.recipient->key.get())));
    std::size_t size = out.size();
    EXPECT_EQ(EVP_PKEY_encrypt(context.get(), output(out), &size, input(key_), key_.size()), 1);
    return out;
  }

  Bytes ciphertext_of(ByteView plain) {
    const OwnedCipherContext context(EVP_CIPHER_CTX_new());
    Bytes key = key_;
    key.resize(static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher_)));
    EXPECT_EQ(EVP_EncryptInit_ex2(context.get(), cipher_, input(key), input(iv_), nullptr), 1);
    Bytes out(plain.size() + 32);
    int count = 0;
    int last = 0;
    EXPECT_EQ(EVP_EncryptUpdate(context.get(), output(out), &count, input(plain), static_cast<int>(plain.size())), 1);
    EXPECT_EQ(
        EVP_EncryptFinal_ex(context.get(), output(std::span(out).subspan(static_cast<std::size_t>(count))), &last), 1);
    out.resize(static_cast<std::size_t>(count + last));
    if (!gcm_) return out;
    tag_.resize(16);
    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, 16, tag_.data());
    return form_.authenticated ? out : joined({out, tag_});
  }

  Bytes encrypted_content_info(ByteView plain) {
    const Bytes iv = element(0x04, iv_);
    const Bytes size = element(0x02, Bytes{std::byte{16}});
    const std::string algorithm_oid = !form_.content_algorithm.empty() ? form_.content_algorithm : dotted_cipher();
    const Bytes algorithm = element(0x30, {oid(algorithm_oid.c_str()), gcm_ ? element(0x30, {iv, size}) : iv});
    return container(form_.indefinite, 0x30, {oid("1.2.840.113549.1.7.1"), algorithm, octets(ciphertext_of(plain))});
  }

  std::string dotted_cipher() const {
    char text[64] = {};
    OBJ_obj2txt(text, sizeof text, OBJ_nid2obj(EVP_CIPHER_get_nid(cipher_)), 1);
    return text;
  }

  Bytes octets(ByteView ciphertext) const {
    if (form_.segment == 0) return element(0x80, ciphertext);
    Bytes segments;
    for (std::size_t at = 0; at < ciphertext.size(); at += form_.segment) {
      const Bytes one = element(0x04, ciphertext.subspan(at, std::min(form_.segment, ciphertext.size() - at)));
      const Bytes packed = form_.nested_segments ? container(form_.indefinite, 0x24, {one}) : one;
      segments.insert(segments.end(), packed.begin(), packed.end());
    }
    return container(form_.indefinite, 0xA0, {segments});
  }

  MessageForm form_;
  const EVP_CIPHER* cipher_;
  bool gcm_ = false;
  Bytes key_;
  Bytes iv_;
  Bytes tag_{};
};

inline Bytes message(MessageForm form, ByteView plain) { return MessageWriter(std::move(form)).write(plain); }

}  // namespace kanal::crypto::testing
