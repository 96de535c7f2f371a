#include "api/route_support.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>

#include "base/ascii.hpp"
#include "domain/message_body.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

json::object sort_json(bool sorted) { return {{"sorted", sorted}, {"unsorted", !sorted}, {"empty", !sorted}}; }

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

Result<std::vector<domain::Violation>> violations_of(const ApiParts& parts, const domain::SbdReading& reading) {
  const auto& sbd = reading.sbd;
  auto found = reading.violations;
  auto more = domain::validate_header(sbd, parts.clock.now());
  std::ranges::move(more, std::back_inserter(found));
  const auto* type = domain::find_message_type(sbd.document.type);
  if (type == nullptr) return found;
  if (auto readable = domain::check_body_readable(*type, sbd.body); !readable) return failed(readable);
  auto missing = domain::check_body_constraints(*type, sbd.body);
  if (parts.settings.strict_bodies) {
    std::ranges::move(missing, std::back_inserter(found));
  } else if (!missing.empty() && found.empty()) {
    std::string members;
    for (const auto& violation : missing) members += (members.empty() ? "" : ", ") + violation.path;
    parts.log.warning("business_message_incomplete",
                      {{"message_id", sbd.document.instance_identifier}, {"missing", members}});
  }
  return found;
}

bool is_media_type(std::string_view content_type, std::string_view wanted) {
  return same_ignoring_case(without_blanks(content_type.substr(0, content_type.find(';'))), wanted);
}

json::object page_json(json::array content, std::int64_t total, const ports::PageRequest& page) {
  const bool sorted = !page.sort.empty();
  const auto count = static_cast<std::int64_t>(content.size());
  const std::int64_t pages = (total + page.size - 1) / page.size;
  json::object body;
  body["content"] = std::move(content);
  body["pageable"] = json::object{{"sort", sort_json(sorted)},       {"pageNumber", page.page}, {"pageSize", page.size},
                                  {"offset", page.page * page.size}, {"paged", true},           {"unpaged", false}};
  body["totalElements"] = total;
  body["totalPages"] = pages;
  body["last"] = page.page + 1 >= pages;
  body["first"] = page.page == 0;
  body["size"] = page.size;
  body["number"] = page.page;
  body["numberOfElements"] = count;
  body["empty"] = count == 0;
  body["sort"] = sort_json(sorted);
  return body;
}

net::Response message_page(const ApiParts& parts, const net::Request& request, const ports::MessageQuery& query,
                           const Parameters& parameters) {
  if (!parameters.wrong().empty()) return error_response(parts, request, binding_errors(parameters.wrong()));
  const auto page = parameters.page({});
  const auto found = load(parts.store, [&](ports::View& view) { return view.messages(query, page); });
  if (!found) return error_response(parts, request, found.error());
  json::array content;
  content.reserve(found->content.size());
  for (const auto& message : found->content) content.push_back(json::parse(message.sbd));
  return json_response(200, page_json(std::move(content), found->total, page));
}

net::Response error_response(const ApiParts& parts, const net::Request& request, const ApiError& error) {
  if (error.status >= 500) {
    parts.log.error("request_failed", {{"path", request.path}, {"status", error.status}, {"reason", error.message}});
  }
  return write_error(error, request.path, parts.clock.now());
}

net::Response error_response(const ApiParts& parts, const net::Request& request, const Error& error) {
  return error_response(parts, request, api_error(error));
}

std::string instant(Time time) { return format_iso(in_oslo(time)); }

}  // namespace kanal::api
