#include "sim/answers.hpp"

#include <algorithm>
#include <charconv>

#include <algorithm>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/ascii.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t max_json_depth = 16;
constexpr std::size_t max_admin_body = std::size_t{16} * 1024 * 1024;

/// A byte, then never more: a body that fails at once would be turned into a proper 500 by the server.
class BrokenSource final : public Source {
 public:
  Result<std::size_t> read(std::span<std::byte> into) override {
    if (std::exchange(given_, true)) return reject("sim.lost_answer", "the answer is lost on purpose");
    into.front() = std::byte{' '};
    return 1;
  }

 private:
  bool given_ = false;
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::string> form_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const auto byte = from_hex(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return std::nullopt;
      out += static_cast<char>(byte->front());
      i += 2;
    }
  }
  return out;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), ascii_lower);
  return out;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

net::Response json_answer(int status, const json::value& body) {
  net::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  response.body = json::serialize(body);
  return response;
}

net::Response text_answer(int status, std::string body, std::string type) {
  net::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", std::move(type));
  response.body = std::move(body);
  return response;
}

net::Response empty_answer(int status) {
  net::Response response;
  response.status = status;
  return response;
}

net::Response lost_answer() {
  net::Response response;
  response.body = std::make_unique<BrokenSource>();
  response.body_length = 2;
  response.close = true;
  return response;
}

Result<json::object> parse_object(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::error_code error;
  auto value = json::parse(text, error, {}, options);
  if (error) return reject("sim.json", "not readable as JSON: " + error.message());
  if (!value.is_object()) return reject("sim.json", "a JSON object is expected");
  return std::move(value.get_object());
}

std::string text_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

std::optional<std::int64_t> integer_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

std::optional<std::vector<std::string>> texts_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return std::nullopt;
  std::vector<std::string> out;
  for (const auto& entry : value->get_array()) {
    if (!entry.is_string()) return std::nullopt;
    out.emplace_back(entry.get_string());
  }
  return out;
}

Answer with_json(std::function<net::Response(const json::object&)> handle) {
  return net::collect_body(
      max_admin_body,
      [handle = std::move(handle)](const Bytes& body) {
        const auto object = body.empty() ? Result<json::object>(json::object{}) : parse_object(text_of(body));
        if (!object) return json_answer(400, json::object{{"message", object.error().message}});
        return handle(*object);
      },
      [] { return empty_answer(413); });
}

std::vector<std::string> accepted_types(const net::Request& request) {
  std::vector<std::string> out;
  for (const auto& [name, value] : request.headers) {
    if (lower_case(name) != "accept") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      if (auto type = media_type(rest.substr(0, comma)); !type.empty()) out.push_back(std::move(type));
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
  }
  return out;
}

std::string media_type(std::string_view content_type) {
  return lower_case(trimmed(content_type.substr(0, content_type.find(';'))));
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return out;
    const auto end = std::min(text.find(' ', first), text.size());
    out.emplace_back(text.substr(first, end - first));
    text.remove_prefix(end);
  }
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = form_decode(pair.substr(0, equals));
    auto value = form_decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

net::Response wrong(std::string_view message) { return json_answer(400, json::object{{"message", message}}); }

bool change_delay(const json::object& body, std::string_view name, std::chrono::milliseconds& into) {
  if (!body.contains(name)) return true;
  const auto number = integer_member(body, name);
  if (!number || *number < 0) return false;
  into = std::chrono::milliseconds(*number);
  return true;
}

std::size_t limit_of(const net::Request& request) {
  constexpr std::size_t usual = 200;
  constexpr std::size_t most = 5'000;
  std::size_t limit = usual;
  if (const auto text = request.parameter("limit")) std::from_chars(text->data(), text->data() + text->size(), limit);
  return std::min(limit, most);
}

}  // namespace kanal::sim
