// ContentInfo ::= SEQUENCE { OID, [0] SEQUENCE { version, digestAlgorithms, encapContentInfo,
//                            [0] certificates OPTIONAL, [1] crls OPTIONAL, signerInfos } }                  (RFC 5652)
#include "crypto/signed_data.hpp"

#include <algorithm>

#include "crypto/openssl.hpp"

namespace kanal::crypto {
namespace {

struct Element {
  int tag = 0;
  int tag_class = 0;
  bool constructed = false;
  ByteView whole;
  ByteView content;

  [[nodiscard]] bool is_sequence() const {
    return constructed && tag_class == V_ASN1_UNIVERSAL && tag == V_ASN1_SEQUENCE;
  }
  [[nodiscard]] bool is_context(int number) const {
    return constructed && tag_class == V_ASN1_CONTEXT_SPECIFIC && tag == number;
  }
};

/// The elements of `content`, one after the other; nothing when they do not fill it or one has no definite length.
std::optional<std::vector<Element>> elements_of(ByteView content) {
  constexpr int failed = 0x80;
  constexpr int indefinite = 0x01;
  constexpr std::size_t most = 64;
  std::vector<Element> elements;
  while (!content.empty()) {
    const unsigned char* at = input(content);
    long length = 0;
    Element element;
    const int form = ASN1_get_object(&at, &length, &element.tag, &element.tag_class, static_cast<long>(content.size()));
    if ((form & (failed | indefinite)) != 0 || elements.size() == most) return std::nullopt;
    element.constructed = (form & V_ASN1_CONSTRUCTED) != 0;
    const auto header = static_cast<std::size_t>(at - input(content));
    element.whole = content.first(header + static_cast<std::size_t>(length));
    element.content = element.whole.subspan(header);
    content = content.subspan(element.whole.size());
    elements.push_back(element);
  }
  return elements;
}

Bytes wrapped(int tag, int tag_class, ByteView content) {
  const int length = static_cast<int>(content.size());
  Bytes out(static_cast<std::size_t>(ASN1_object_size(1, length, tag)));
  unsigned char* at = output(out);
  ASN1_put_object(&at, 1, length, tag, tag_class);
  std::ranges::copy(content, out.end() - length);
  return out;
}

void append(Bytes& to, ByteView what) { to.insert(to.end(), what.begin(), what.end()); }

}  // namespace

std::optional<SignedDataParts> take_certificates(ByteView content_info, CertificateCache* known) {
  constexpr std::size_t certificates = 3;  ///< their place, where there are some
  const QuietErrors quiet;
  if (content_info.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return std::nullopt;
  const auto outermost = elements_of(content_info);
  if (!outermost || outermost->size() != 1 || !outermost->front().is_sequence()) return std::nullopt;
  const auto info = elements_of(outermost->front().content);
  if (!info || info->size() != 2 || !info->back().is_context(0)) return std::nullopt;
  const auto body = elements_of(info->back().content);
  if (!body || body->size() != 1 || !body->front().is_sequence()) return std::nullopt;
  const auto fields = elements_of(body->front().content);
  if (!fields || fields->size() <= certificates || !(*fields)[certificates].is_context(0)) return std::nullopt;
  const auto entries = elements_of((*fields)[certificates].content);
  if (!entries) return std::nullopt;

  SignedDataParts parts;
  for (const auto& entry : *entries) {
    if (!entry.is_sequence()) return std::nullopt;
    auto certificate = read_certificate(entry.whole, known);
    if (!certificate) return std::nullopt;
    parts.certificates.push_back(std::move(*certificate));
  }
  Bytes others;
  for (std::size_t i = 0; i < fields->size(); ++i) {
    if (i != certificates) append(others, (*fields)[i].whole);
  }
  Bytes all(info->front().whole.begin(), info->front().whole.end());
  append(all, wrapped(0, V_ASN1_CONTEXT_SPECIFIC, wrapped(V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, others)));
  parts.rest = wrapped(V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, all);
  return parts;
}

}  // namespace kanal::crypto
