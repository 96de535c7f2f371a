// Grammar (java.util.Properties.load; configuration.md section 1):
//   file     = *( blank line | comment | entry )
//   comment  = *blank ("#" | "!") *any EOL            a line `#---` or `!---` starts a new document (Spring)
//   entry    = *blank key [ *blank ("=" | ":") *blank | 1*blank ] value EOL
//   blank    = SP | HT | FF
//   EOL      = CR | LF | CRLF | end of file
//   A backslash before EOL joins the lines and drops the blanks that the next one starts with.
//   Escapes in key and value: \t \n \r \f \uXXXX; before any other character the backslash falls away.
//   Bytes are UTF-8 (with or without mark) when they are valid UTF-8, otherwise ISO-8859-1.
#include "ops/properties_reader.hpp"

#include <cstdint>

#include <fmt/format.h>

#include "ops/utf8.hpp"

namespace kanal::ops {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

tl::unexpected<Error> fault(int line, std::string_view what) {
  return reject("config.syntax", fmt::format("{}: {}", line, what));
}

/// One logical line: continuations joined, escapes still in place.
struct LogicalLine {
  std::string text;
  int line = 0;
};

class Lines {
 public:
  explicit Lines(std::string_view content) : rest_(content) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  /// The next entry's text, empty for a blank line or a comment; counts documents.
  LogicalLine next() {
    std::string_view first = take_natural();
    LogicalLine out{{}, line_};
    first = without_leading_blanks(first);
    if (first.empty()) return out;
    if (first.front() == '#' || first.front() == '!') {
      if (first.substr(1).starts_with("---") && first.find_first_not_of(" \t\f", 4) == std::string_view::npos)
        ++document_;
      return out;
    }
    out.text = first;
    while (continues(out.text)) {
      out.text.pop_back();
      if (rest_.empty()) break;
      out.text += without_leading_blanks(take_natural());
    }
    return out;
  }

  [[nodiscard]] int document() const { return document_; }

 private:
  std::string_view take_natural() {
    ++line_;
    const std::size_t end = rest_.find_first_of("\r\n");
    const std::string_view out = rest_.substr(0, end);
    if (end == std::string_view::npos) {
      rest_ = {};
      return out;
    }
    const std::size_t width = rest_.substr(end).starts_with("\r\n") ? 2 : 1;
    rest_.remove_prefix(end + width);
    return out;
  }

  static std::string_view without_leading_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    return text;
  }

  static bool continues(std::string_view text) {
    std::size_t backslashes = 0;
    while (backslashes < text.size() && text[text.size() - 1 - backslashes] == '\\') ++backslashes;
    return backslashes % 2 == 1;
  }

  std::string_view rest_;
  int line_ = 0;
  int document_ = 0;
};

/// Where the key ends and the value starts.
struct Split {
  std::size_t key_end;
  std::size_t value_start;
};

Split split(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != '=' && text[end] != ':' && !is_blank(text[end])) {
    end += text[end] == '\\' ? 2 : 1;
  }
  end = std::min(end, text.size());
  std::size_t start = end;
  while (start < text.size() && is_blank(text[start])) ++start;
  if (start < text.size() && (text[start] == '=' || text[start] == ':')) {
    ++start;
    while (start < text.size() && is_blank(text[start])) ++start;
  }
  return {end, start};
}

/// Four hexadecimal digits; -1 when they are not.
std::int32_t hex4(std::string_view digits) {
  if (digits.size() < 4) return -1;
  std::int32_t value = 0;
  for (const char c : digits.substr(0, 4)) {
    std::int32_t digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/// Reads `XXXX` after `\u`, and `\uXXXX` of the low surrogate when the first was a high one. Shortens `text`.
std::optional<char32_t> take_unicode(std::string_view& text) {
  const std::int32_t first = hex4(text);
  if (first < 0) return std::nullopt;
  text.remove_prefix(4);
  if (first < 0xD800 || first > 0xDFFF) return static_cast<char32_t>(first);
  const std::int32_t second = text.starts_with("\\u") ? hex4(text.substr(2)) : -1;
  if (first > 0xDBFF || second < 0xDC00 || second > 0xDFFF) return std::nullopt;
  text.remove_prefix(6);
  return static_cast<char32_t>(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
}

struct Unescaped {
  std::string text;
  bool strange = false;
};

std::optional<Unescaped> unescape(std::string_view text) {
  Unescaped out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\' || text.empty()) {
      if (c != '\\') out.text += c;
      continue;
    }
    const char escape = text.front();
    text.remove_prefix(1);
    switch (escape) {
      case 't':
        out.text += '\t';
        break;
      case 'n':
        out.text += '\n';
        break;
      case 'r':
        out.text += '\r';
        break;
      case 'f':
        out.text += '\f';
        break;
      case 'u': {
        const auto point = take_unicode(text);
        if (!point) return std::nullopt;
        append_utf8(out.text, *point);
        break;
      }
      default:
        out.strange = out.strange || (escape >= 'a' && escape <= 'z') || (escape >= 'A' && escape <= 'Z');
        out.text += escape;
    }
  }
  return out;
}

}  // namespace

Result<PropertiesFile> read_properties(std::string_view content) {
  if (content.size() > config_file_limit) {
    return fault(1, "the file is larger than 1 MiB; is it the right one?");
  }
  if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF")) {
    return fault(1, "the file is UTF-16; save it as UTF-8");
  }
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  PropertiesFile file;
  file.latin1 = !is_utf8(content);
  const std::string converted = file.latin1 ? utf8_of_latin1(content) : std::string();
  Lines lines(file.latin1 ? std::string_view(converted) : content);
  while (!lines.at_end()) {
    const LogicalLine logical = lines.next();
    if (logical.text.empty()) continue;
    if (logical.text.find('\0') != std::string::npos) {
      return fault(logical.line, "holds a NUL byte; is it a text file?");
    }
    if (file.entries.size() == config_entry_limit) {
      return fault(logical.line, fmt::format("more than {} keys", config_entry_limit));
    }
    const Split parts = split(logical.text);
    const std::string_view text = logical.text;
    auto key = unescape(text.substr(0, parts.key_end));
    auto value = unescape(text.substr(parts.value_start));
    if (!key || !value) {
      return fault(logical.line,
                   "\\u must be followed by four hexadecimal digits; in a Windows path write / instead of \\");
    }
    file.entries.push_back(
        {std::move(key->text), std::move(value->text), logical.line, lines.document(), value->strange});
  }
  return file;
}

}  // namespace kanal::ops
