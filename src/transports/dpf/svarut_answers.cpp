#include "transports/dpf/svarut_answers.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/ids.hpp"
#include "lookup/remote_answer.hpp"

namespace kanal::transports::dpf {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 16;
constexpr std::size_t longest_id = 100;
/// More would be no answer to a question of ours.
constexpr std::size_t most_lines = 10'000;

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

json::value parse(std::string_view body, json::error_code& error) {
  json::parse_options options;
  options.max_depth = max_depth;
  return json::parse({body.data(), body.size()}, error, {}, options);
}

Result<json::object> object_of(std::string_view body) {
  json::error_code error;
  auto value = parse(body, error);
  if (error || !value.is_object()) return retry("dpf.answer", "SvarUt's answer is no JSON object, or was cut off");
  return std::move(value.get_object());
}

Result<json::array> list_of(std::string_view body, std::string_view name) {
  auto object = object_of(body);
  if (!object) return failed(object);
  auto* list = object->if_contains(name);
  if (list == nullptr || !list->is_array() || list->get_array().size() > most_lines) {
    return retry("dpf.answer", fmt::format("SvarUt's answer has no list {}", name));
  }
  return std::move(list->get_array());
}

Result<std::vector<std::string>> texts_of(std::string_view body, std::string_view name) {
  auto list = list_of(body, name);
  if (!list) return failed(list);
  std::vector<std::string> texts;
  for (const auto& value : *list) {
    if (value.is_string() && !value.get_string().empty()) texts.emplace_back(value.get_string());
  }
  return texts;
}

std::optional<Time> time_in(const json::object& object, std::string_view name) {
  const auto time = parse_iso(text_in(object, name));
  return time ? std::optional(time->utc) : std::nullopt;
}

}  // namespace

Result<std::string> read_sent(std::string_view body) {
  auto object = object_of(body);
  if (!object) return failed(object);
  auto id = text_in(*object, "id");
  if (!is_uuid(id)) return retry("dpf.answer", "SvarUt accepted the forsendelse but told no id");
  return id;
}

Result<std::vector<ForsendelseStatus>> read_statuses(std::string_view body) {
  auto list = list_of(body, "statuser");
  if (!list) return failed(list);
  std::vector<ForsendelseStatus> statuses;
  for (const auto& value : *list) {
    const auto* line = value.if_object();
    if (line == nullptr) continue;
    ForsendelseStatus status{text_in(*line, "id"), text_in(*line, "status"), time_in(*line, "sisteStatusEndring")};
    if (status.id.empty() || status.id.size() > longest_id || status.status.empty()) continue;
    statuses.push_back(std::move(status));
  }
  return statuses;
}

Result<std::vector<std::string>> read_ids(std::string_view body) {
  auto ids = texts_of(body, "forsendelseIds");
  if (ids) std::erase_if(*ids, [](const std::string& id) { return !is_uuid(id); });
  return ids;
}

Result<std::vector<std::string>> read_types(std::string_view body) { return texts_of(body, "forsendelsestyper"); }

Result<std::string> read_newest(std::string_view body) {
  auto list = list_of(body, "forsendelser");
  if (!list) return failed(list);
  std::string newest;
  std::optional<Time> newest_at;
  for (const auto& value : *list) {
    const auto* line = value.if_object();
    if (line == nullptr) continue;
    auto id = text_in(*line, "id");
    const auto at = time_in(*line, "dato");
    if (!is_uuid(id) || (!newest.empty() && at <= newest_at)) continue;
    newest = std::move(id);
    newest_at = at;
  }
  return newest;
}

std::string problem_text(std::string_view body) {
  json::error_code error;
  const auto value = parse(body, error);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) return {};
  std::string text = lookup::remote_text(text_in(*object, "message"));
  if (text.empty()) text = lookup::remote_text(text_in(*object, "error"));
  const auto add = [&](std::string_view name, const std::string& what) {
    if (!what.empty()) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, lookup::remote_text(what));
  };
  add("errorCode", text_in(*object, "errorCode"));
  // Declared as a text, seen as an object.
  if (const auto* details = object->if_contains("errorJson"); details != nullptr && !details->is_null()) {
    add("errorJson", details->is_string() ? std::string(details->get_string()) : json::serialize(*details));
  }
  add("errorId", text_in(*object, "errorId"));
  return text;
}

}  // namespace kanal::transports::dpf
