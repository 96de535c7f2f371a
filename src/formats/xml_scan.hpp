// A look at XML text before the real parser sees it. Internal to xml.cpp.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace kanal::formats {

/// An element with more is refused: the parser compares all attributes of an element with each other.
constexpr int max_xml_attributes = 256;
/// Namespaces declared by an element and those around it: the parser looks through them for every name.
constexpr int max_xml_namespaces = 256;
/// Longest tag, comment or processing instruction: the parser looks at it again with every piece of input.
constexpr std::size_t max_xml_markup = std::size_t{1024} * 1024;

/// Refuses (`xml.doctype`, `xml.too_deep`, `xml.malformed`) a document type declaration, deep nesting, crowded
/// elements, crowds of namespaces, very long markup and encodings that are not supersets of ASCII. Says nothing about
/// the rest: text that is not well-formed may pass.
Result<void> scan_xml(std::string_view text, int max_depth);

}  // namespace kanal::formats
