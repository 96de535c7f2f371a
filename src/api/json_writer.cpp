#include "api/json_writer.hpp"

#include <cmath>
#include <iterator>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "formats/utf8.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20U || c == '"' || c == '\\'; }

void write_text(std::string_view text, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    if (!needs_escape(c)) {
      out += c;
      continue;
    }
    out += '\\';
    switch (c) {
      case '"':
      case '\\':
        out += c;
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      default:
        out += "u00";
        out += digits[static_cast<unsigned char>(c) >> 4U];
        out += digits[static_cast<unsigned char>(c) & 0x0FU];
    }
  }
  out += '"';
}

/// As Java's `Double.toString`: `1.0`, `1.5`, `1.0E7`, `1.0E-4`.
void write_double(double number, std::string& out) {
  constexpr double first_with_exponent = 1e7;
  constexpr double least_without = 1e-3;
  const double size = std::abs(number);
  if (number == 0 || (size >= least_without && size < first_with_exponent)) {
    fmt::format_to(std::back_inserter(out), "{:#}", number);
    return;
  }
  auto text = json::serialize(json::value(number));  // `1E300`, `1.5E-4`
  if (text.find('.') == std::string::npos) text.insert(text.find('E'), ".0");
  out += text;
}

void write(const json::value& value, std::size_t level, std::string& out);

void write_object(const json::object& object, std::size_t level, std::string& out) {
  if (object.empty()) {
    out += "{ }";
    return;
  }
  const char* before = "{\n";
  for (const auto& member : object) {
    out += before;
    before = ",\n";
    out.append((level + 1) * 2, ' ');
    write_text(member.key(), out);
    out += " : ";
    write(member.value(), level + 1, out);
  }
  out += '\n';
  out.append(level * 2, ' ');
  out += '}';
}

void write_array(const json::array& array, std::size_t level, std::string& out) {
  const char* before = "[ ";
  for (const auto& element : array) {
    out += before;
    before = ", ";
    write(element, level, out);
  }
  out += array.empty() ? "[ ]" : " ]";
}

void write(const json::value& value, std::size_t level, std::string& out) {
  if (const auto* object = value.if_object()) {
    write_object(*object, level, out);
  } else if (const auto* array = value.if_array()) {
    write_array(*array, level, out);
  } else if (const auto* text = value.if_string()) {
    write_text(*text, out);
  } else if (const auto* number = value.if_double()) {
    write_double(*number, out);
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string write_pretty(const json::value& value) {
  constexpr std::size_t one_document = 2048;
  std::string out;
  out.reserve(one_document);
  write(value, 0, out);
  return out;
}

std::string as_utf8(std::string_view text) {
  if (formats::is_utf8(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const auto rest = text;
    if (formats::next_code_point(text)) {
      out += rest.substr(0, rest.size() - text.size());
    } else {
      out += "\uFFFD";
      text.remove_prefix(1);
    }
  }
  return out;
}

net::Response json_response(int status, const json::value& body, std::string_view content_type) {
  net::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", content_type);
  response.body = write_pretty(body);
  return response;
}

net::Response empty_response(int status) {
  net::Response response;
  response.status = status;
  return response;
}

}  // namespace kanal::api
