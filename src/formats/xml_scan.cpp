// XML 1.0 fifth edition, as far as needed to tell markup from text:
//
//   markup = "<!--" ... "-->" | "<![CDATA[" ... "]]>" | "<?" ... "?>" | "<!DOCTYPE" (refused)
//          | "</" name ">" | "<" name *( "=" quoted-value ) [ "/" ] ">"
//
// Up to its first error a document is well-formed, and there this scan and the real parser agree. Behind the error they
// may differ, but the parser stops there (xml.cpp uses its push form for that). All this holds only where the bytes of
// markup are ASCII; hence the list of encodings.
#include "formats/xml_scan.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace kanal::formats {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

/// UTF-8 and the one-byte supersets of ASCII that archive systems have used.
bool is_known_encoding(std::string_view name) {
  constexpr std::array<std::string_view, 8> known{"utf-8",       "us-ascii",     "ascii",       "iso-8859-1",
                                                  "iso-8859-15", "windows-1252", "iso-8859-10", "iso-8859-4"};
  return std::ranges::find(known, lower(name)) != known.end();
}

/// The value after `encoding=` in the XML declaration.
std::optional<std::string_view> declared_encoding(std::string_view declaration) {
  const auto word = declaration.find("encoding");
  if (word == std::string_view::npos) return std::nullopt;
  const auto open = declaration.find_first_of("\"'", word);
  if (open == std::string_view::npos) return std::nullopt;
  const auto close = declaration.find(declaration[open], open + 1);
  if (close == std::string_view::npos) return std::nullopt;
  return declaration.substr(open + 1, close - open - 1);
}

Result<void> check_encoding(std::string_view text) {
  const auto refuse = [] {
    return reject("xml.malformed", "the XML is in an encoding that is not supported: use UTF-8 (line 1)");
  };
  const auto start = text.substr(0, 4);
  if (start.starts_with("\xFE\xFF") || start.starts_with("\xFF\xFE") || start.find('\0') != std::string_view::npos) {
    return refuse();
  }
  // "<?xml" in the EBCDIC family, which the real parser would recognise too.
  if (start.starts_with("\x4C\x6F\xA7\x94")) return refuse();
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (!text.starts_with("<?xml")) return {};
  const auto encoding = declared_encoding(text.substr(0, text.find("?>")));
  if (encoding && !is_known_encoding(*encoding)) return refuse();
  return {};
}

class Scan {
 public:
  Scan(std::string_view text, int max_depth) : text_(text), max_depth_(max_depth) {}

  Result<void> run() {
    for (;;) {
      at_ = text_.find('<', at_);
      if (at_ == std::string_view::npos) return {};
      const std::size_t begin = at_;
      const auto rest = text_.substr(at_);
      if (rest.starts_with("<![CDATA[")) {
        skip_past("]]>", 9);
        continue;
      }
      if (auto markup = skip_markup(rest); !markup) return failed(markup);
      if (at_ - begin > max_xml_markup) {
        return reject("xml.malformed",
                      "a tag or comment of the XML is longer than " + std::to_string(max_xml_markup) + " bytes");
      }
    }
  }

 private:
  Result<void> skip_markup(std::string_view rest) {
    if (rest.starts_with("<!--")) {
      skip_past("-->", 4);
    } else if (rest.starts_with("<?")) {
      skip_past("?>", 2);
    } else if (rest.starts_with("<!")) {
      return reject("xml.doctype", "the XML has a DOCTYPE, which is refused because it can name other files");
    } else if (rest.starts_with("</")) {
      leave();
      skip_past(">", 2);
    } else {
      return start_tag();
    }
    return {};
  }

  void skip_past(std::string_view end, std::size_t from) {
    const auto found = text_.find(end, at_ + from);
    at_ = found == std::string_view::npos ? text_.size() : found + end.size();
  }

  Result<void> start_tag() {
    if (++depth_ > max_depth_) {
      return reject("xml.too_deep", "the XML is nested deeper than " + std::to_string(max_depth_) + " elements");
    }
    declared_.push_back(0);
    int attributes = 0;
    for (std::size_t after = ++at_; (at_ = text_.find_first_of("\"'>", at_)) != std::string_view::npos; after = at_) {
      if (text_[at_] == '>') {
        if (text_[at_ - 1] == '/') leave();
        ++at_;
        return {};
      }
      if (++attributes > max_xml_attributes) {
        return reject("xml.malformed",
                      "an element of the XML has more than " + std::to_string(max_xml_attributes) + " attributes");
      }
      if (declares_namespace(text_.substr(after, at_ - after))) {
        ++declared_.back();
        if (++namespaces_ > max_xml_namespaces) {
          return reject("xml.malformed", "the XML declares more than " + std::to_string(max_xml_namespaces) +
                                             " namespaces at one place");
        }
      }
      skip_past(text_.substr(at_, 1), 1);
    }
    at_ = text_.size();
    return {};
  }

  /// Between the value of one attribute, or the start of the tag, and that of the next: does it end in the name of a
  /// declaration?
  static bool declares_namespace(std::string_view before_value) {
    const auto name = before_value.find_last_of(" \t\r\n", before_value.find_last_not_of(" \t\r\n="));
    if (name == std::string_view::npos) return before_value.starts_with("xmlns");
    return before_value.substr(name + 1).starts_with("xmlns");
  }

  /// The end of an element. Text that is not well-formed may have more ends than starts.
  void leave() {
    --depth_;
    if (declared_.empty()) return;
    namespaces_ -= declared_.back();
    declared_.pop_back();
  }

  std::string_view text_;
  int max_depth_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::vector<int> declared_{};  ///< namespaces, by each open element
  int namespaces_ = 0;
};

}  // namespace

Result<void> scan_xml(std::string_view text, int max_depth) {
  if (auto encoding = check_encoding(text); !encoding) return failed(encoding);
  return Scan(text, max_depth).run();
}

}  // namespace kanal::formats
