#include "transports/dpv/correspondence_answers.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "lookup/remote_answer.hpp"

namespace kanal::transports::dpv {
namespace {

namespace json = boost::json;
using domain::ReceiptStatus;

constexpr std::size_t max_json_depth = 32;
constexpr std::size_t longest_id = 100;
constexpr std::size_t most_ids = 1000;

std::optional<json::value> parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::error_code error;
  auto value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return std::nullopt;
  return value;
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

/// It becomes a part of addresses.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= longest_id && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

tl::unexpected<Error> unreadable(std::string_view what) {
  return retry("dpv.answer", fmt::format("the answer of Altinn Correspondence {}", what));
}

/// Words of a problem document, in either of its forms; of anything else nothing (6.1).
std::string problem_text(std::string_view body) {
  const auto value = parse(body);
  if (!value) return {};
  if (value->is_string()) return lookup::remote_text(value->get_string());
  const auto* object = value->if_object();
  if (object == nullptr) return {};
  auto text = lookup::remote_text(text_in(*object, "detail"));
  if (text.empty()) text = lookup::remote_text(text_in(*object, "title"));
  const auto* errors = object->if_contains("validationErrors");
  const auto* list = errors != nullptr ? errors->if_array() : nullptr;
  constexpr std::size_t most_shown = 3;
  for (std::size_t i = 0; list != nullptr && i < std::min(list->size(), most_shown); ++i) {
    const auto* one = (*list)[i].if_object();
    if (one == nullptr) continue;
    auto words = text_in(*one, "detail");
    if (words.empty()) words = text_in(*one, "description");
    if (!words.empty()) text += "; " + lookup::remote_text(words);
  }
  return text;
}

/// Failures on Altinn's side that come with a 4xx or have a code of their own (6.2).
constexpr std::array temporary_codes{1032, 2000, 2002, 2009, 2022};
constexpr std::array once_codes{2008, 4002};

bool is_read(std::string_view status) {
  constexpr std::array after_reading{"Read", "Replied", "Confirmed"};
  return std::ranges::count(after_reading, status) > 0;
}

}  // namespace

Result<std::string> read_created(std::string_view body) {
  const auto value = parse(body);
  const auto* object = value ? value->if_object() : nullptr;
  const auto* all = object != nullptr ? object->if_contains("correspondences") : nullptr;
  const auto* list = all != nullptr ? all->if_array() : nullptr;
  const auto* first = list != nullptr && !list->empty() ? list->front().if_object() : nullptr;
  auto id = first != nullptr ? text_in(*first, "correspondenceId") : std::string{};
  if (!is_id(id)) return unreadable("names no correspondence");
  return id;
}

Result<std::vector<std::string>> read_ids(std::string_view body) {
  const auto value = parse(body);
  const auto* object = value ? value->if_object() : nullptr;
  const auto* all = object != nullptr ? object->if_contains("ids") : nullptr;
  const auto* list = all != nullptr ? all->if_array() : nullptr;
  if (list == nullptr) return unreadable("has no list of ids");
  std::vector<std::string> ids;
  for (const auto& entry : *list) {
    if (ids.size() == most_ids) break;
    if (entry.is_string() && is_id(entry.get_string())) ids.emplace_back(entry.get_string());
  }
  return ids;
}

Result<ports::StatusReport> read_overview(std::string_view body) {
  const auto value = parse(body);
  const auto* object = value ? value->if_object() : nullptr;
  if (object == nullptr) return unreadable("is no overview");
  const auto status = text_in(*object, "status");
  const auto given = [&](std::string_view name) {
    const auto* time = object->if_contains(name);
    return time != nullptr && !time->is_null();
  };
  ports::StatusReport report;
  const auto add = [&](ReceiptStatus what, std::optional<std::string> description = {}) {
    report.statuses.push_back({what, {}, std::move(description), {}});
  };
  // The status is the highest one and hides others: the times tell (5.3).
  const bool read = given("read") || is_read(status);
  if (read || given("published") || status == "Published") add(ReceiptStatus::levert);
  if (read) add(ReceiptStatus::lest);
  report.settled = read;
  if (status == "PurgedByRecipient" || status == "PurgedByAltinn") {
    if (!read) add(ReceiptStatus::annet, "Melding slettet i Altinn, stopper polling.");
    report.settled = true;
  } else if (status == "Failed" || status == "Reserved") {
    auto text = lookup::remote_text(text_in(*object, "statusText"));
    if (status == "Reserved") text = "Mottakeren er reservert i KRR";
    add(ReceiptStatus::feil, text.empty() ? "Altinn kunne ikke levere meldingen" : text);
    report.settled = true;
  }
  return report;
}

std::optional<int> error_code(std::string_view body) {
  const auto value = parse(body);
  const auto* object = value ? value->if_object() : nullptr;
  const auto* code = object != nullptr ? object->if_contains("errorCode") : nullptr;
  if (code == nullptr || !code->is_int64()) return std::nullopt;
  constexpr std::int64_t most = 100'000;
  const auto number = code->get_int64();
  return number > 0 && number < most ? std::optional(static_cast<int>(number)) : std::nullopt;
}

Error error_of(const net::ClientResponse& response, std::string_view call, Time now) {
  const auto code = error_code(response.body);
  const auto words = problem_text(response.body);
  Error error;
  error.message = fmt::format("Altinn Correspondence answered {}{} to {}{}{}", response.status,
                              code ? fmt::format(" with code {}", *code) : "", call, words.empty() ? "" : ": ", words);
  error.retry_after = lookup::retry_after(response, now);
  error.disposition = Disposition::retry;
  // A proxy without its service behind it answers 404 too, but not in Altinn's words.
  constexpr int not_found = 404;
  const bool temporary = code ? std::ranges::count(temporary_codes, *code) > 0 : response.status == not_found;
  constexpr int too_early = 425;
  if (response.status == 401) {
    error.code = "dpv.token";
  } else if (response.status == 409) {
    error.code = "dpv.duplicate";
    error.disposition = Disposition::reject;
  } else if (code && std::ranges::count(once_codes, *code) > 0) {
    error.code = "dpv.once";
  } else if (temporary || lookup::is_temporary(response.status) || response.status == too_early || response.ok()) {
    error.code = "dpv.away";
  } else {
    error.code = "dpv.refused";
    error.disposition = Disposition::reject;
    if (response.status == 403) {
      error.message +=
          " (check that the Maskinporten client has the scope eformidling:dpv, and that Digdir has put the "
          "organisation "
          "on the access list of the resource)";
    }
  }
  return error;
}

std::optional<Missing> read_missing(std::string_view remembered) {
  const auto value = remembered.empty() ? std::nullopt : parse(remembered);
  const auto* object = value ? value->if_object() : nullptr;
  if (object == nullptr) return std::nullopt;
  const auto since = parse_iso(text_in(*object, "missing"));
  return since ? std::optional(Missing{since->utc}) : std::nullopt;
}

std::string write_missing(const Missing& missing) {
  return json::serialize(json::object{{"missing", format_iso(missing.since)}});
}

}  // namespace kanal::transports::dpv
