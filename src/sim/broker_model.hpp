// What the broker reads and writes as JSON: the initialize body and search query with ASP.NET's model errors,
// overviews, details, business errors (dpo.md 3.3, 3.6, 3.7, 3.9). Pure functions, any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <tl/expected.hpp>

#include "net/http_server.hpp"
#include "sim/broker_types.hpp"
#include "sim/transfer_index.hpp"

namespace kanal::sim {

/// Field to texts.
using ModelErrors = std::map<std::string, std::vector<std::string>>;

[[nodiscard]] tl::expected<Initialization, ModelErrors> read_initialization(std::string_view body);
[[nodiscard]] tl::expected<SearchQuery, ModelErrors> read_search(const net::Request& request);
/// Nine digits of `0192:...` or the URN form; nothing for anything else.
[[nodiscard]] std::optional<std::string> broker_organisation(std::string_view text);

[[nodiscard]] net::Response model_problem(const ModelErrors& errors);
[[nodiscard]] net::Response business_problem(const BrokerError& error);
[[nodiscard]] boost::json::object overview_json(const Transfer& transfer);
[[nodiscard]] boost::json::object details_json(const Transfer& transfer);

}  // namespace kanal::sim
