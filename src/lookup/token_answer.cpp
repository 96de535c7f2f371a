// altinn-auth.md sections 4 and 5:
//   Maskinporten = {"access_token":token [,"expires_in":seconds] ...}
//   exchange     = token | JSON string of a token | JSON object with a token as a member; white space around it
//   token        = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" / "=" )      (RFC 6750 2.1)
// A token that is a JWT tells its life by exp - iat, which no wrong clock of ours can distort.
#include "lookup/token_answer.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <boost/json/parse.hpp>

#include "base/bytes.hpp"

namespace kanal::lookup {
namespace {

namespace json = boost::json;

constexpr std::size_t max_token_bytes = std::size_t{32} * 1024;
constexpr std::size_t max_json_depth = 16;
constexpr std::chrono::seconds longest_life = std::chrono::hours(24);

tl::unexpected<Error> malformed(std::string message) { return retry("token.malformed", std::move(message)); }

std::optional<json::value> parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::error_code error;
  auto value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return std::nullopt;
  return value;
}

std::string_view text_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

/// Seconds in a member, in bounds that can be subtracted without overflow.
std::optional<std::chrono::seconds> seconds_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  constexpr double limit = 1e12;
  const auto number = value->to_number<double>();
  return std::chrono::seconds(static_cast<std::int64_t>(std::clamp(number, -limit, limit)));
}

bool is_bearer_token(std::string_view text) {
  return !text.empty() && text.size() <= max_token_bytes && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
}

/// Life by the claims of a JWT; nothing for other tokens.
std::optional<std::chrono::seconds> claimed_life(std::string_view token, Time now) {
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  const auto claims = payload ? parse(text_of(*payload)) : std::nullopt;
  const auto* object = claims ? claims->if_object() : nullptr;
  if (object == nullptr) return std::nullopt;
  const auto expires = seconds_member(*object, "exp");
  if (!expires) return std::nullopt;
  auto issued = seconds_member(*object, "iat");
  if (!issued) issued = seconds_member(*object, "nbf");
  if (!issued) issued = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  return *expires - *issued;
}

Result<BearerToken> with_life(std::string_view token, std::optional<std::chrono::seconds> announced, Time now) {
  if (!is_bearer_token(token)) return malformed("the answer to a token request holds no usable token");
  auto life = claimed_life(token, now);
  if (!life || (announced && *announced < *life)) life = announced ? announced : life;
  return BearerToken{std::string(token),
                     std::clamp(life.value_or(assumed_token_life), std::chrono::seconds(0), longest_life)};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

/// The token in a JSON answer: the text itself, a member with a known name, else any that looks like a JWT.
std::string_view token_in(const json::value& value) {
  if (value.is_string()) return trimmed({value.get_string().data(), value.get_string().size()});
  const auto* object = value.if_object();
  if (object == nullptr) return {};
  constexpr std::array<std::string_view, 2> names = {"token", "access_token"};
  for (const auto name : names) {
    if (const auto text = text_member(*object, name); !text.empty()) return trimmed(text);
  }
  for (const auto& member : *object) {
    const auto text = text_member(*object, {member.key().data(), member.key().size()});
    if (text.starts_with("eyJ")) return trimmed(text);
  }
  return {};
}

}  // namespace

Result<BearerToken> read_maskinporten_token(std::string_view body, Time now) {
  const auto answer = parse(body);
  const auto* object = answer ? answer->if_object() : nullptr;
  if (object == nullptr) return malformed("Maskinporten's answer to a token request is not a JSON object");
  return with_life(text_member(*object, "access_token"), seconds_member(*object, "expires_in"), now);
}

Result<BearerToken> read_exchanged_token(std::string_view body, Time now) {
  const auto text = trimmed(body);
  if (text.starts_with("eyJ")) return with_life(text, {}, now);
  const auto answer = parse(text);
  return with_life(answer ? token_in(*answer) : std::string_view(), {}, now);
}

}  // namespace kanal::lookup
