// RFC 6266 as the API of the reference reads it (rest-api.md 4.3):
//
//   header    = type *( ";" [ name "=" value ] )
//   value     = *<any but ";" and quote> | quote *<any but quote> quote     (a backslash is a character like others)
//   name"*"   = RFC 5987 extended value, quoted or not; wins over the plain one
//   plain values that begin with "=?" are RFC 2047 encoded words
#include "formats/content_disposition.hpp"

#include <algorithm>
#include <map>

#include "formats/header_values.hpp"
#include "formats/utf8.hpp"

namespace kanal::formats {

namespace {

tl::unexpected<Error> malformed(std::string why) {
  return reject("disposition.malformed", "the Content-Disposition header cannot be read: " + why);
}

/// Takes the text up to a semicolon that is outside quotes, and the semicolon.
std::string_view take_part(std::string_view& rest) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size() && (quoted || rest[end] != ';'); ++end) {
    if (rest[end] == '"') quoted = !quoted;
  }
  const auto part = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return without_white_space(part);
}

/// The value without its quotes.
Result<std::string_view> unquoted(std::string_view value, const std::string& name) {
  if (!value.starts_with('"')) {
    if (value.find('"') != std::string_view::npos) return malformed("a quote in the middle of " + name);
    return value;
  }
  if (value.size() < 2 || value.find('"', 1) != value.size() - 1)
    return malformed("the quotes of " + name + " do not match");
  return value.substr(1, value.size() - 2);
}

Result<std::string> decode(std::string_view value, const std::string& name) {
  std::optional<std::string> decoded;
  if (name.ends_with('*')) {
    decoded = decode_extended_value(value);
    if (!decoded) return malformed(name + " is not of the form UTF-8''percent-encoded (or ISO-8859-1)");
  } else if (value.starts_with("=?")) {
    decoded = decode_encoded_words(value);
    if (!decoded) return malformed(name + " has an encoded word that cannot be decoded");
  } else {
    decoded = decode_raw(value);
  }
  for (std::string_view rest = *decoded; !rest.empty();) {
    const auto c = next_code_point(rest);
    if (!c || *c < 0x20 || *c == 0x7F) return malformed(name + " has a control character");
  }
  return *decoded;
}

/// Parameters by lower-case name.
using Parameters = std::map<std::string, std::string_view>;

Result<Parameters> read_parameters(std::string_view rest) {
  Parameters parameters;
  while (!rest.empty()) {
    const auto part = take_part(rest);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) return malformed("a parameter has no =");
    const auto name = ascii_lower(without_white_space(part.substr(0, equals)));
    if (!is_token(name)) return malformed("a parameter has no proper name");
    const auto value = unquoted(without_white_space(part.substr(equals + 1)), name);
    if (!value) return failed(value);
    if (!parameters.emplace(name, *value).second) return malformed(name + " comes twice");
  }
  return parameters;
}

Result<std::optional<std::string>> find_text(const Parameters& parameters, const std::string& name) {
  std::optional<std::string> result;
  // The plain form first: also one that is overruled must be readable.
  for (const std::string& each : {name, name + "*"}) {
    const auto found = parameters.find(each);
    if (found == parameters.end()) continue;
    auto value = decode(found->second, each);
    if (!value) return failed(value);
    result = std::move(*value);
  }
  return result;
}

}  // namespace

Result<ContentDisposition> parse_content_disposition(std::string_view header) {
  ContentDisposition result;
  const auto type = take_part(header);
  if (!is_token(type)) return malformed("it must begin with a type, such as attachment");
  result.type = ascii_lower(type);
  const auto parameters = read_parameters(header);
  if (!parameters) return failed(parameters);
  if (const auto size = parameters->find("size"); size != parameters->end()) {
    const bool number =
        !size->second.empty() && std::ranges::all_of(size->second, [](char c) { return c >= '0' && c <= '9'; });
    if (!number) return malformed("size is not a number");
  }
  auto name = find_text(*parameters, "name");
  if (!name) return failed(name);
  auto filename = find_text(*parameters, "filename");
  if (!filename) return failed(filename);
  result.name = std::move(*name);
  result.filename = std::move(*filename);
  return result;
}

}  // namespace kanal::formats
