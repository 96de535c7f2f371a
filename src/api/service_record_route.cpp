// /servicerecord/{identifier}: what the Service Registry says, as it is (rest-api.md section 2). Old clients use it.
#include "api/route_support.hpp"
#include "domain/partner.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

net::Response service_record(const ApiParts& parts, const net::Request& request, const std::string& identifier) {
  auto entity = parts.directory.entity(domain::without_icd(identifier));
  // Nobody is an answer here, not an error; also when the registry says so in other words.
  const bool nobody = !entity && entity.error().disposition == Disposition::reject;
  if (nobody && entity.error().code != "directory.signature") return empty_response(404);
  if (!entity) return error_response(parts, request, entity.error());
  if (entity->records.empty()) return empty_response(404);
  json::object out;
  if (!entity->info.empty()) out["infoRecord"] = std::move(entity->info);
  json::array records;
  for (auto& record : entity->records) records.emplace_back(std::move(record.raw));
  out["serviceRecord"] = records.front();
  out["serviceRecords"] = std::move(records);
  return json_response(200, out);
}

}  // namespace

void add_service_record_route(net::Router& router, const ApiParts& parts) {
  router.add("GET", "/servicerecord/{identifier}",
             [&parts](const RequestPtr& request, const auto& variables) -> Answer {
               return service_record(parts, *request, variables.front());
             });
}

}  // namespace kanal::api
