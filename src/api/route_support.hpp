// What the groups of routes share: their parts, reading the store, paging, error answers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "api/api.hpp"
#include "api/error_table.hpp"
#include "api/json_writer.hpp"
#include "api/parameters.hpp"

namespace kanal::api {

using Answer = std::variant<net::Response, std::unique_ptr<net::BodyHandler>>;
using RequestPtr = std::shared_ptr<const net::Request>;

/// What `work` (View& to Result<T>) reads, in one snapshot.
template <class Work>
auto load(ports::Store& store, Work work) -> std::invoke_result_t<Work, ports::View&> {
  using Loaded = std::invoke_result_t<Work, ports::View&>;
  Loaded loaded;
  auto read = store.read([&](ports::View& view) -> Result<void> {
    loaded = work(view);
    return loaded ? Result<void>{} : Result<void>(failed(loaded));
  });
  return read ? std::move(loaded) : Loaded(failed(read));
}

/// Everything that is wrong with a document: what its reader saw, the rules that need the clock, and (with strict
/// bodies) the declared members that its business message lacks; otherwise those are only logged. `sbd.body` when the
/// business message cannot be read.
[[nodiscard]] Result<std::vector<domain::Violation>> violations_of(const ApiParts& parts,
                                                                   const domain::SbdReading& reading);

/// Is `content_type`, without its parameters, the media type `wanted` (lower case)?
[[nodiscard]] bool is_media_type(std::string_view content_type, std::string_view wanted);

/// The page envelope around `content` (rest-api.md 2.1).
[[nodiscard]] boost::json::object page_json(boost::json::array content, std::int64_t total,
                                            const ports::PageRequest& page);

/// The messages of a direction as a page of SBDs.
[[nodiscard]] net::Response message_page(const ApiParts& parts, const net::Request& request,
                                         const ports::MessageQuery& query, const Parameters& parameters);

/// Failures of the gateway itself (5xx) are logged here and nowhere else.
[[nodiscard]] net::Response error_response(const ApiParts& parts, const net::Request& request, const ApiError& error);
[[nodiscard]] net::Response error_response(const ApiParts& parts, const net::Request& request, const Error& error);

/// Instants in API answers: ISO 8601 with the offset in force in Norway.
[[nodiscard]] std::string instant(Time time);

void add_outgoing_routes(net::Router& router, const ApiParts& parts);
void add_incoming_routes(net::Router& router, const ApiParts& parts);
void add_conversation_routes(net::Router& router, const ApiParts& parts);
void add_status_routes(net::Router& router, const ApiParts& parts);
void add_capability_routes(net::Router& router, const ApiParts& parts);
void add_subscription_routes(net::Router& router, const ApiParts& parts);
void add_service_record_route(net::Router& router, const ApiParts& parts);
void add_openapi_route(net::Router& router);
void add_page_routes(net::Router& router, const ApiParts& parts);
/// `requests`: what the API has answered so far. Both outlive the router.
void add_management_routes(net::Router& router, const ApiParts& parts, const ops::Timer& requests);
void add_metrics_routes(net::Router& router, const ApiParts& parts, const ops::Timer& requests);
void add_logger_routes(net::Router& router, const ApiParts& parts);
void add_channel_routes(net::Router& router, const ApiParts& parts);

/// What a detection found, as every endpoint shows it.
[[nodiscard]] boost::json::object finding_json(const ports::Finding& finding);

/// Is this management endpoint (`health`, `loggers`, ...) to be served?
[[nodiscard]] bool is_exposed(const ManagementSettings& settings, std::string_view endpoint);
/// What changes or tells much is for whoever is on this machine or has logged in.
[[nodiscard]] bool is_operator(const ApiParts& parts, const net::Request& request);
/// The answer to anybody else.
[[nodiscard]] net::Response for_operators_only(const ApiParts& parts, const net::Request& request);

}  // namespace kanal::api
