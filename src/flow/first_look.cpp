#include "flow/first_look.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace kanal::flow {
namespace {

namespace json = boost::json;

std::string name_of(const ServiceIdentifier& service, const std::string& inbox) {
  return fmt::format("first-look {} {}", service.str(), inbox);
}

int number_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? static_cast<int>(value->get_int64()) : 0;
}

std::string written(const FirstLook& look) {
  return json::serialize(json::object{{"at", format_iso(look.at)},
                                      {"wouldTake", look.would_take},
                                      {"forOtherChannels", look.for_other_channels},
                                      {"begunByOthers", look.begun_by_others},
                                      {"allowed", look.allowed}});
}

}  // namespace

std::optional<FirstLook> read_first_look(ports::View& view, const ServiceIdentifier& service,
                                         const std::string& inbox) {
  const auto text = view.setting(name_of(service, inbox));
  if (!text) return std::nullopt;
  json::error_code error;
  const auto value = json::parse(*text, error);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) return std::nullopt;
  FirstLook look;
  const auto* at = object->if_contains("at");
  if (at != nullptr && at->is_string()) {
    if (const auto time = parse_iso(std::string_view(at->get_string()))) look.at = time->utc;
  }
  look.would_take = number_in(*object, "wouldTake");
  look.for_other_channels = number_in(*object, "forOtherChannels");
  look.begun_by_others = number_in(*object, "begunByOthers");
  const auto* allowed = object->if_contains("allowed");
  look.allowed = allowed != nullptr && allowed->is_bool() && allowed->get_bool();
  return look;
}

Result<bool> keep_first_look(ports::Store& store, const ServiceIdentifier& service, const std::string& inbox,
                             const FirstLook& look, Log& log) {
  bool allowed = false;
  bool fresh = false;
  auto kept = store.write([&](ports::Txn& txn) -> Result<void> {
    const auto known = read_first_look(txn, service, inbox);
    allowed = look.allowed || (known && known->allowed);
    fresh = !known || (!allowed && known->would_take != look.would_take);
    if (known && known->allowed) return {};
    return txn.put_setting(name_of(service, inbox), written(look));
  });
  if (!kept) return failed(kept);
  if (fresh) {
    log.warning("first_start", {{"service_identifier", service.str()},
                                {"inbox", inbox},
                                {"would_take", look.would_take},
                                {"for_other_channels", look.for_other_channels},
                                {"begun_by_others", look.begun_by_others},
                                {"next", allowed ? "takes them now" : "waits for `kanal channels take`"}});
  }
  return allowed;
}

Result<bool> allow_first_take(ports::Store& store, const ServiceIdentifier& service, const std::string& inbox) {
  bool waited = false;
  auto kept = store.write([&](ports::Txn& txn) -> Result<void> {
    auto known = read_first_look(txn, service, inbox);
    waited = known && !known->allowed;
    if (!waited) return {};
    known->allowed = true;
    return txn.put_setting(name_of(service, inbox), written(*known));
  });
  if (!kept) return failed(kept);
  return waited;
}

}  // namespace kanal::flow
