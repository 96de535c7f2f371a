// PEM as service-registry.md 4.2 delivers it: Base64 of DER, with or without BEGIN and END lines.
#include "crypto/certificate.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "crypto/openssl.hpp"

namespace kanal::crypto {
namespace {

/// Far more than any certificate; a long text is some other file.
constexpr std::size_t max_certificate = std::size_t{256} * 1024;

tl::unexpected<Error> malformed() {
  return reject("certificate.malformed", "the certificate cannot be read; it must be X.509 as PEM or DER");
}

/// The Base64 between the first BEGIN and END line, or the whole text when there is none.
std::optional<std::string_view> base64_in(std::string_view pem) {
  constexpr std::string_view begin = "-----BEGIN ";
  constexpr std::string_view end = "-----END ";
  constexpr std::string_view label_end = "CERTIFICATE-----";
  if (pem.find(begin) == std::string_view::npos) return pem;
  const auto label = pem.find(label_end);
  if (label == std::string_view::npos) return std::nullopt;
  pem.remove_prefix(label + label_end.size());
  const auto stop = pem.find(end);
  if (stop == std::string_view::npos) return std::nullopt;
  return pem.substr(0, stop);
}

std::string name_text(const X509_NAME* name) {
  const OwnedBio out(BIO_new(BIO_s_mem()));
  // UTF-8 stays as it is: names are read by people.
  const unsigned long form = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  require(out && X509_NAME_print_ex(out.get(), name, 0, form) >= 0, "name");
  return text_in(out.get());
}

Time time_of(const ASN1_TIME* when) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(when, &parts) != 1) return Time{};
  const std::chrono::year_month_day date{std::chrono::year(parts.tm_year + 1900),
                                         std::chrono::month(static_cast<unsigned>(parts.tm_mon) + 1),
                                         std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

bool is_orgnr(std::string_view text) {
  return text.size() == 9 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The first value of an attribute in a name for which `wanted` gives something.
template <class Wanted>
std::optional<Orgnr> find_attribute(const X509_NAME* name, int nid, Wanted wanted) {
  for (int at = X509_NAME_get_index_by_NID(name, nid, -1); at >= 0; at = X509_NAME_get_index_by_NID(name, nid, at)) {
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    const auto text =
        text_of(view_of(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value))));
    if (const std::string_view orgnr = wanted(text); is_orgnr(orgnr)) return Orgnr(std::string(orgnr));
  }
  return std::nullopt;
}

}  // namespace

Certificate::Certificate(x509_st* x509) {
  require(x509 != nullptr && X509_up_ref(x509) == 1, "certificate reference");
  x509_ = std::shared_ptr<x509_st>(x509, X509_free);
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  if (pem.size() > max_certificate) return malformed();
  const auto base64 = base64_in(pem);
  const auto der = base64 ? from_base64(*base64) : std::nullopt;
  if (!der) return malformed();
  return from_der(*der);
}

Result<Certificate> Certificate::from_der(ByteView der) {
  const QuietErrors quiet;
  if (der.size() > max_certificate) return malformed();
  const auto x509 = crypto::from_der<X509, X509_free>(d2i_X509, der);
  if (!x509) return malformed();
  return Certificate(x509.get());
}

Result<std::vector<Certificate>> read_pem_certificates(std::string_view pem) {
  constexpr std::string_view end_line = "-----END CERTIFICATE-----";
  std::vector<Certificate> certificates;
  for (auto end = pem.find(end_line); end != std::string_view::npos; end = pem.find(end_line)) {
    auto certificate = Certificate::from_pem(pem.substr(0, end + end_line.size()));
    if (!certificate) return failed(certificate);
    certificates.push_back(std::move(*certificate));
    pem.remove_prefix(end + end_line.size());
  }
  return certificates;
}

std::string Certificate::pem() const {
  const OwnedBio out(BIO_new(BIO_s_mem()));
  require(out && PEM_write_bio_X509(out.get(), get()) == 1, "certificate as PEM");
  return text_in(out.get());
}

Bytes Certificate::der() const { return to_der(get(), i2d_X509); }

std::string Certificate::serial() const {
  const OwnedNumber number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(get()), nullptr));
  auto digits = decimal_of(number);
  require(digits.has_value(), "serial number");
  return std::move(*digits);
}

std::string Certificate::subject() const { return name_text(X509_get_subject_name(get())); }
std::string Certificate::issuer() const { return name_text(X509_get_issuer_name(get())); }
Time Certificate::not_before() const { return time_of(X509_get0_notBefore(get())); }
Time Certificate::not_after() const { return time_of(X509_get0_notAfter(get())); }

std::optional<Orgnr> Certificate::organisation() const {
  constexpr std::string_view scheme = "NTRNO-";
  const X509_NAME* subject = X509_get_subject_name(get());
  auto found = find_attribute(subject, NID_organizationIdentifier, [&](std::string_view value) {
    return value.starts_with(scheme) ? value.substr(scheme.size()) : std::string_view();
  });
  if (found) return found;
  return find_attribute(subject, NID_serialNumber, [](std::string_view value) { return value; });
}

bool Certificate::is_rsa() const {
  const QuietErrors quiet;
  const EVP_PKEY* key = X509_get0_pubkey(get());
  return key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
}

bool Certificate::same_as(const Certificate& other) const {
  const QuietErrors quiet;
  const EVP_PKEY* mine = X509_get0_pubkey(get());
  const EVP_PKEY* theirs = X509_get0_pubkey(other.get());
  return X509_issuer_and_serial_cmp(get(), other.get()) == 0 && mine != nullptr && theirs != nullptr &&
         EVP_PKEY_eq(mine, theirs) == 1;
}

}  // namespace kanal::crypto
