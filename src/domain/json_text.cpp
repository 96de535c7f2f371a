#include "domain/json_text.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <fmt/format.h>

namespace kanal::domain {
namespace json = boost::json;
namespace {

constexpr std::size_t excerpt_length = 80;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20U; }

bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(c);
  out += "\\u00";
  out += digits[value >> 4U];
  out += digits[value & 0x0FU];
}

/// Builds a value from the parser's events. The library's own builder differs in one point only: it multiplies long
/// decimals out, and the error of that grows with each time a document is read and written.
class ValueBuilder {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  ValueBuilder() { stack_.reset(); }
  json::value release() { return stack_.release(); }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t count, json::error_code&) {
    stack_.push_object(count);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t count, json::error_code&) {
    stack_.push_array(count);
    return true;
  }
  bool on_key_part(json::string_view text, std::size_t, json::error_code&) {
    stack_.push_chars(text);
    return true;
  }
  bool on_key(json::string_view text, std::size_t, json::error_code&) {
    stack_.push_key(text);
    return true;
  }
  bool on_string_part(json::string_view text, std::size_t, json::error_code&) {
    stack_.push_chars(text);
    return true;
  }
  bool on_string(json::string_view text, std::size_t, json::error_code&) {
    stack_.push_string(text);
    return true;
  }
  bool on_number_part(json::string_view text, json::error_code&) {
    number_ += text;
    return true;
  }
  bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
    number_.clear();
    stack_.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
    number_.clear();
    stack_.push_uint64(value);
    return true;
  }
  bool on_double(double approximate, json::string_view text, json::error_code& error) {
    number_ += text;
    double value = 0;
    const auto fault = std::from_chars(number_.data(), number_.data() + number_.size(), value).ec;
    // Out of range is too large or too small; the latter is a zero like any other.
    if (fault == std::errc::result_out_of_range && std::abs(approximate) > 1) {
      error = json::error::exponent_overflow;
      return false;
    }
    number_.clear();
    stack_.push_double(value);
    return true;
  }
  bool on_bool(bool value, json::error_code&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(json::error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  json::value_stack stack_;
  std::string number_;  ///< text of the number being read
};

}  // namespace

std::string escape_control_characters(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool in_string = false;
  bool after_backslash = false;
  for (const char c : json) {
    // A control character after a backslash stays: escaping it would turn a faulty escape into other text.
    if (in_string && !after_backslash && is_control(c)) {
      append_escaped(out, c);
      continue;
    }
    out += c;
    if (after_backslash) {
      after_backslash = false;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (c == '\\') {
      after_backslash = in_string;
    }
  }
  return out;
}

Result<json::value> parse_json(std::string_view text, std::size_t max_depth) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::basic_parser<ValueBuilder> parser(options);
  json::error_code error;
  const std::string escaped = escape_control_characters(text);
  const std::size_t reached = parser.write_some(false, escaped.data(), escaped.size(), error);
  if (!error && reached < escaped.size()) error = json::error::extra_data;
  if (error) return reject("sbd.json", fmt::format("no JSON near byte {}: {}", reached, error.message()));
  return parser.handler().release();
}

std::string text_member(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

std::string excerpt(std::string_view text) {
  if (text.size() <= excerpt_length) return std::string(text);
  std::size_t end = excerpt_length;
  while (end > 0 && continues_a_character(text[end])) --end;
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace kanal::domain
