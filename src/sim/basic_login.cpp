#include "sim/basic_login.hpp"

#include <fmt/format.h>

#include "base/ascii.hpp"
#include "base/bytes.hpp"
#include "sim/answers.hpp"

namespace kanal::sim {

std::optional<BasicLogin> basic_login(std::string_view authorization) {
  constexpr std::string_view scheme = "basic ";
  if (authorization.size() <= scheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    if (ascii_lower(authorization[i]) != scheme[i]) return std::nullopt;
  }
  const auto decoded = from_base64(authorization.substr(scheme.size()));
  if (!decoded) return std::nullopt;
  const auto text = text_of(*decoded);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return BasicLogin{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

net::Response basic_challenge(std::string_view realm) {
  auto response = empty_answer(401);
  response.headers.emplace_back("WWW-Authenticate", fmt::format("Basic realm=\"{}\", charset=\"UTF-8\"", realm));
  return response;
}

}  // namespace kanal::sim
