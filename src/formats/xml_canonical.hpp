// The bytes that an XML signature is about: canonical forms of a part of a document.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/xml.hpp"

namespace kanal::formats {

/// Most elements of a document, and namespaces in scope of each, of which a canonical form is made: the work grows with
/// the first and with the square of the second.
constexpr std::size_t max_canonical_elements = 100'000;
constexpr std::size_t max_canonical_namespaces = 32;

enum class Canonicalisation {
  inclusive,     ///< Canonical XML 1.0
  inclusive_11,  ///< Canonical XML 1.1
  exclusive,     ///< Exclusive XML Canonicalization 1.0, without a list of prefixes
};

/// The algorithm by its identifier; nothing for any other, those that keep comments among them.
[[nodiscard]] std::optional<Canonicalisation> canonicalisation(std::string_view uri);

/// `element` with all below it, in the context of the document it is part of, without comments. `xml.canonical`
/// (reject) for documents beyond the limits, and names of namespaces that are no absolute URIs.
Result<std::string> canonical(const XmlDocument& document, const XmlElement& element, Canonicalisation form);

}  // namespace kanal::formats
