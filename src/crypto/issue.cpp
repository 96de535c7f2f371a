// Certificates like those of Norwegian issuers (SEID 2): subject CN, O, serialNumber = organisation number,
// organizationIdentifier = NTRNO-<organisation number>.
#include "crypto/issue.hpp"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <array>

#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"

namespace kanal::crypto {
namespace {

using OwnedTime = Owned<ASN1_TIME, ASN1_TIME_free>;
using OwnedName = Owned<X509_NAME, X509_NAME_free>;
using OwnedExtension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using OwnedGeneralNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

void add(X509_NAME* name, int nid, const std::string& value) {
  if (value.empty()) return;
  require(X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                     static_cast<int>(value.size()), -1, 0) == 1,
          "subject");
}

OwnedName name_of(const std::string& country, const std::string& organisation, const std::string& orgnr,
                  const std::string& common_name) {
  OwnedName name(X509_NAME_new());
  require(name != nullptr, "subject");
  add(name.get(), NID_countryName, country);
  add(name.get(), NID_organizationName, organisation);
  if (!orgnr.empty()) add(name.get(), NID_organizationIdentifier, "NTRNO-" + orgnr);
  add(name.get(), NID_serialNumber, orgnr);
  add(name.get(), NID_commonName, common_name);
  return name;
}

OwnedTime asn1_time(Time when) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
  OwnedTime time(ASN1_TIME_set(nullptr, static_cast<time_t>(seconds)));
  require(time != nullptr, "time");
  return time;
}

/// A version 3 certificate with everything but extensions and signature.
OwnedX509 draft(const X509_NAME* subject, const X509_NAME* issuer, const PrivateKey& key, Time not_before,
                Time not_after) {
  OwnedX509 x509(X509_new());
  Bytes serial = random_bytes(16);
  serial[0] = (serial[0] & std::byte{0x3F}) | std::byte{0x40};  // positive, and always 16 bytes long
  const OwnedNumber number(BN_bin2bn(input(serial), static_cast<int>(serial.size()), nullptr));
  require(x509 && number && X509_set_version(x509.get(), X509_VERSION_3) == 1 &&
              BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509.get())) != nullptr &&
              X509_set_subject_name(x509.get(), subject) == 1 && X509_set_issuer_name(x509.get(), issuer) == 1 &&
              X509_set1_notBefore(x509.get(), asn1_time(not_before).get()) == 1 &&
              X509_set1_notAfter(x509.get(), asn1_time(not_after).get()) == 1 &&
              X509_set_pubkey(x509.get(), key.get()) == 1,
          "certificate");
  return x509;
}

void extend(X509* x509, X509* issuer, int nid, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  require(extension && X509_add_ext(x509, extension.get(), -1) == 1, "certificate extension");
}

OwnedGeneralNames general_names(const std::vector<std::string>& names) {
  OwnedGeneralNames list(sk_GENERAL_NAME_new_null());
  require(list != nullptr, "subjectAltName");
  for (const std::string& name : names) {
    std::array<unsigned char, 16> address{};
    const int size = inet_pton(AF_INET, name.c_str(), address.data()) == 1    ? 4
                     : inet_pton(AF_INET6, name.c_str(), address.data()) == 1 ? 16
                                                                              : 0;
    GENERAL_NAME* entry = GENERAL_NAME_new();
    require(entry != nullptr && sk_GENERAL_NAME_push(list.get(), entry) > 0, "subjectAltName");
    ASN1_STRING* value = size > 0 ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    require(value != nullptr, "subjectAltName");
    GENERAL_NAME_set0_value(entry, size > 0 ? GEN_IPADD : GEN_DNS, value);
    const void* content = size > 0 ? static_cast<const void*>(address.data()) : static_cast<const void*>(name.data());
    require(ASN1_STRING_set(value, content, size > 0 ? size : static_cast<int>(name.size())) == 1, "subjectAltName");
  }
  return list;
}

void sign(X509* x509, const PrivateKey& key) { require(X509_sign(x509, key.get(), EVP_sha256()) > 0, "signature"); }

/// Without `parent` self-signed.
Identity new_ca(const std::string& common_name, Time not_before, Time not_after, const Identity* parent) {
  const QuietErrors quiet;
  PrivateKey key = PrivateKey::generate();
  const OwnedName name = name_of("NO", common_name, "", common_name);
  const X509_NAME* issuer_name = parent == nullptr ? name.get() : X509_get_subject_name(parent->certificate.get());
  const OwnedX509 x509 = draft(name.get(), issuer_name, key, not_before, not_after);
  X509* issuer = parent == nullptr ? x509.get() : parent->certificate.get();
  extend(x509.get(), issuer, NID_basic_constraints, "critical,CA:TRUE");
  extend(x509.get(), issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(x509.get(), issuer, NID_subject_key_identifier, "hash");
  sign(x509.get(), parent == nullptr ? key : parent->key);
  std::vector<Certificate> chain;
  if (parent != nullptr) {
    chain.push_back(parent->certificate);
    chain.insert(chain.end(), parent->chain.begin(), parent->chain.end());
  }
  return {std::move(key), Certificate(x509.get()), std::move(chain)};
}

}  // namespace

Identity make_ca(const std::string& common_name, Time not_before, Time not_after) {
  return new_ca(common_name, not_before, not_after, nullptr);
}

Identity issue_ca(const Identity& ca, const std::string& common_name, Time not_before, Time not_after) {
  return new_ca(common_name, not_before, not_after, &ca);
}

Identity issue(const Identity& ca, const CertificateRequest& request) {
  const QuietErrors quiet;
  PrivateKey key = PrivateKey::generate();
  const OwnedName name = name_of("NO", request.organisation_name, request.orgnr, request.common_name);
  X509* issuer = ca.certificate.get();
  const OwnedX509 x509 = draft(name.get(), X509_get_subject_name(issuer), key, request.not_before, request.not_after);
  extend(x509.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  extend(x509.get(), issuer, NID_key_usage, "critical,digitalSignature,nonRepudiation,keyEncipherment");
  extend(x509.get(), issuer, NID_subject_key_identifier, "hash");
  extend(x509.get(), issuer, NID_authority_key_identifier, "keyid:always");
  if (!request.dns_names.empty()) {
    extend(x509.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
    const auto names = general_names(request.dns_names);
    require(X509_add1_ext_i2d(x509.get(), NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1,
            "subjectAltName");
  }
  sign(x509.get(), ca.key);
  std::vector<Certificate> chain{ca.certificate};
  chain.insert(chain.end(), ca.chain.begin(), ca.chain.end());
  return {std::move(key), Certificate(x509.get()), std::move(chain)};
}

}  // namespace kanal::crypto
