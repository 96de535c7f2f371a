// Small pieces for writing a simulator's answers and reading its requests. Pure functions, any thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/result.hpp"
#include "net/http_server.hpp"

namespace kanal::sim {

using Answer = std::variant<net::Response, std::unique_ptr<net::BodyHandler>>;

[[nodiscard]] net::Response json_answer(int status, const boost::json::value& body);
[[nodiscard]] net::Response text_answer(int status, std::string body, std::string type = "text/plain; charset=utf-8");
[[nodiscard]] net::Response empty_answer(int status);
/// The connection breaks before the client has an answer.
[[nodiscard]] net::Response lost_answer();

/// A JSON object of bounded size and depth; `sim.json`.
[[nodiscard]] Result<boost::json::object> parse_object(std::string_view text);
/// Empty when absent or no text.
[[nodiscard]] std::string text_member(const boost::json::object& object, std::string_view name);
/// The integer under a name, if it is one.
[[nodiscard]] std::optional<std::int64_t> integer_member(const boost::json::object& object, std::string_view name);
/// The texts of an array; nothing if it is absent or holds anything else.
[[nodiscard]] std::optional<std::vector<std::string>> texts_member(const boost::json::object& object,
                                                                   std::string_view name);

/// `Bad Request` of 400, and so on; `Internal Server Error` for what has no words here.
[[nodiscard]] std::string_view reason_phrase(int status);

/// 400 with a sentence for an administrator.
[[nodiscard]] net::Response wrong(std::string_view message);
/// Sets `into` to the milliseconds under a name, if it is there. False when they are none.
[[nodiscard]] bool change_delay(const boost::json::object& body, std::string_view name,
                                std::chrono::milliseconds& into);

/// How many entries an administrator wants to see: `limit`, 200 when absent, at most 5000.
[[nodiscard]] std::size_t limit_of(const net::Request& request);

/// Collects a JSON object for an admin endpoint; 400 with a sentence otherwise.
[[nodiscard]] Answer with_json(std::function<net::Response(const boost::json::object&)> handle);

/// The media types of all Accept headers, lower case, parameters dropped.
[[nodiscard]] std::vector<std::string> accepted_types(const net::Request& request);
/// Media type of a Content-Type header, lower case, parameters dropped.
[[nodiscard]] std::string media_type(std::string_view content_type);
/// ASCII letters made small.
[[nodiscard]] std::string lower_case(std::string_view text);
/// Characters of a text in UTF-8.
[[nodiscard]] std::size_t characters(std::string_view text);
/// Words between single or repeated spaces.
[[nodiscard]] std::vector<std::string> split_words(std::string_view text);
/// application/x-www-form-urlencoded; nothing for a broken escape.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text);

}  // namespace kanal::sim
