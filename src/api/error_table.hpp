// The one table from error codes to what a client sees: status, exception name, text (rest-api.md section 11). Clients
// branch on `exception`, so the names are those of the Java version. Pure functions, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/sbd.hpp"
#include "net/http_server.hpp"

namespace kanal::api {

/// An error answer before it is written.
struct ApiError {
  int status = 500;
  std::string exception{};  ///< full class name; empty: the member is left out
  std::string message{};
  std::optional<std::string> description{};
  boost::json::array errors{};
  std::optional<std::chrono::seconds> retry_after{};
};

/// Maps an Error of any folder.
[[nodiscard]] ApiError api_error(const Error& error);

[[nodiscard]] ApiError message_not_found(std::string_view message_id);
[[nodiscard]] ApiError conversation_not_found(std::int64_t id);
[[nodiscard]] ApiError subscription_not_found(std::int64_t id);
/// An exception of the gateway's own; the name without its package.
[[nodiscard]] ApiError own_error(int status, std::string_view exception, std::string message);

/// Broken header rules of a JSON body (`MethodArgumentNotValidException`) and of a multipart SBD part
/// (`ConstraintViolationException`).
[[nodiscard]] ApiError body_violations(const std::vector<domain::Violation>& violations,
                                       std::string_view object = "standardBusinessDocument");
[[nodiscard]] ApiError part_violations(const std::vector<domain::Violation>& violations);

/// A query parameter or path variable that could not be read.
struct BadParameter {
  std::string name;
  std::string value;
  std::string wanted;  ///< `a number`
};

// Errors that the web framework makes.
/// A single parameter.
[[nodiscard]] ApiError type_mismatch(const BadParameter& parameter);
/// Parameters that belong together, such as the filters of a list.
[[nodiscard]] ApiError binding_errors(const std::vector<BadParameter>& parameters);
/// The SBD part of a multipart request that cannot be read, for any reason.
[[nodiscard]] ApiError unreadable_part(std::string_view name, std::string_view why);
[[nodiscard]] ApiError missing_part(std::string_view name);
[[nodiscard]] ApiError missing_header(std::string_view name);
[[nodiscard]] ApiError too_large(std::string message);
[[nodiscard]] ApiError unsupported_media_type(std::string_view given);
[[nodiscard]] ApiError not_found_path(std::string_view path);
[[nodiscard]] ApiError method_not_allowed(std::string_view method);
[[nodiscard]] ApiError unauthorized();
[[nodiscard]] ApiError forbidden(std::string message);
/// What no code was written for.
[[nodiscard]] ApiError unforeseen(std::string message);

/// The body: timestamp, status, error, exception, message, path, and description and errors when there are any.
[[nodiscard]] net::Response write_error(const ApiError& error, std::string_view path, Time now);

}  // namespace kanal::api
