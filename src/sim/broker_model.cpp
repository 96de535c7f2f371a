// organisation = 4DIGIT ":" 9DIGIT | "urn:altinn:organization:identifier-no:" 9DIGIT                 dpo.md 3.1
// problem      = { "type", "title", "status", "detail", "code": "BRO-" 5DIGIT, "traceId" }             dpo.md 3.9
// model error  = { "type", "title", "status": 400, "errors": { field: [text] }, "traceId" }
#include "sim/broker_model.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "crypto/digest.hpp"
#include "domain/partner.hpp"
#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view urn_organisation = "urn:altinn:organization:identifier-no:";
constexpr std::string_view urn_resource = "urn:altinn:resource:";

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// W3C trace context, as ASP.NET writes it into every problem.
std::string new_trace_id() {
  const auto random = to_hex(crypto::random_bytes(24));
  return "00-" + random.substr(0, 32) + "-" + random.substr(32) + "-01";
}

class InitializationReader {
 public:
  explicit InitializationReader(const json::object& body) : body_(body) {}

  tl::expected<Initialization, ModelErrors> read() {
    out_.file_name = required("fileName", "FileName", 255);
    read_resource();
    read_reference();
    out_.sender = required("sender", "Sender", SIZE_MAX);
    if (!out_.sender.empty() && !broker_organisation(out_.sender)) wrong_organisation("Sender");
    read_recipients();
    read_properties();
    read_checksum();
    read_scan();
    if (!errors_.empty()) return tl::unexpected(std::move(errors_));
    return std::move(out_);
  }

 private:
  void error(const std::string& field, std::string text) { errors_[field].push_back(std::move(text)); }

  void wrong_organisation(const std::string& field) {
    error(field,
          "Organization numbers should be on the form countrycode:organizationnumber, for instance 0192:910753614");
  }

  /// The text of a member; nothing for absent and null. Another type is an error.
  std::optional<std::string> text(std::string_view name) {
    const auto* value = body_.if_contains(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_string()) return std::string(value->get_string());
    error("$." + std::string(name), "The JSON value could not be converted to System.String.");
    return std::nullopt;
  }

  std::string required(std::string_view name, const std::string& field, std::size_t longest) {
    auto value = text(name);
    if (!value || value->empty()) {
      error(field, fmt::format("The {} field is required.", field));
      return {};
    }
    if (characters(*value) > longest) {
      error(field, fmt::format("The field {} must be a string with a minimum length of 1 and a maximum length of {}.",
                               field, longest));
    }
    return std::move(*value);
  }

  void read_resource() {
    auto resource = required("resourceId", "ResourceId", 255);
    if (resource.starts_with(urn_resource)) resource.erase(0, urn_resource.size());
    if (resource.find(':') != std::string::npos) error("ResourceId", "The resourceId must not contain a colon.");
    out_.resource = std::move(resource);
  }

  void read_reference() {
    out_.reference = text("sendersFileTransferReference");
    if (!out_.reference) return;
    const auto length = characters(*out_.reference);
    if (length >= 1 && length <= 4096) return;
    error("SendersFileTransferReference",
          "The field SendersFileTransferReference must be a string with a minimum length of 1 and a maximum length of "
          "4096.");
  }

  void read_recipients() {
    const auto* value = body_.if_contains("recipients");
    if (value == nullptr || value->is_null()) return error("Recipients", "The Recipients field is required.");
    const auto recipients = texts_member(body_, "recipients");
    if (!recipients) return error("$.recipients", "The JSON value could not be converted to a list of strings.");
    if (recipients->empty()) return error("Recipients", "One or more recipients are required.");
    for (const auto& text : *recipients) {
      const auto organisation = broker_organisation(text);
      if (!organisation) return wrong_organisation("Recipients");
      if (std::ranges::find(out_.recipients, *organisation) == out_.recipients.end()) {
        out_.recipients.push_back(*organisation);
      }
    }
  }

  void read_properties() {
    const auto* value = body_.if_contains("propertyList");
    if (value == nullptr || value->is_null()) return;
    if (!value->is_object()) return error("$.propertyList", "The JSON value could not be converted to a dictionary.");
    for (const auto& property : value->get_object()) {
      if (!property.value().is_string()) return error("$.propertyList", "A property is no string.");
      out_.properties.emplace(std::string(property.key()), std::string(property.value().get_string()));
    }
    if (out_.properties.size() > 10) error("PropertyList", "PropertyList can contain at most 10 properties");
    for (const auto& [name, text] : out_.properties) {
      if (characters(name) > 50) error("PropertyList", "PropertyList Key can not be longer than 50");
      if (characters(text) > 3000) error("PropertyList", "PropertyList Value can not be longer than 3000");
    }
  }

  void read_checksum() {
    auto checksum = text("checksum");
    if (!checksum || checksum->empty()) return;
    const bool md5 = checksum->size() == 32 && std::ranges::all_of(*checksum, [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                     });
    if (!md5)
      error("Checksum", "The checksum, if used, must be a MD5 hash with a length of 32 characters in lower case");
    out_.checksum = std::move(checksum);
  }

  void read_scan() {
    const auto* value = body_.if_contains("disableVirusScan");
    if (value == nullptr || value->is_null()) return;
    if (!value->is_bool())
      return error("$.disableVirusScan", "The JSON value could not be converted to System.Boolean.");
    out_.disable_virus_scan = value->get_bool();
  }

  const json::object& body_;
  Initialization out_;
  ModelErrors errors_;
};

/// ASP.NET takes a time without offset as the server's, UTC.
std::optional<Time> read_time(const std::string& text) {
  const auto clock = text.find('T');
  const bool has_offset = clock != std::string::npos && text.find_first_of("Z+-", clock) != std::string::npos;
  const auto time = parse_iso(has_offset ? text : text + "Z");
  return time ? std::optional(time->utc) : std::nullopt;
}

json::value or_null(const std::optional<std::string>& text) { return text ? json::value(*text) : json::value(nullptr); }

}  // namespace

std::optional<std::string> broker_organisation(std::string_view text) {
  if (text.starts_with(urn_organisation)) {
    text.remove_prefix(urn_organisation.size());
  } else {
    if (text.size() != 14 || text[4] != ':' || !is_digits(text.substr(0, 4))) return std::nullopt;
    text.remove_prefix(5);
  }
  return domain::is_orgnr(text) ? std::optional(std::string(text)) : std::nullopt;
}

tl::expected<Initialization, ModelErrors> read_initialization(std::string_view body) {
  const auto object = parse_object(body);
  if (!object) {
    return tl::unexpected(ModelErrors{{"$", {"The JSON value could not be read: " + object.error().message}}});
  }
  return InitializationReader(*object).read();
}

tl::expected<SearchQuery, ModelErrors> read_search(const net::Request& request) {
  SearchQuery query;
  ModelErrors errors;
  const auto given = [&](std::string_view name) {
    auto value = request.parameter(name);
    return value && !value->empty() ? value : std::nullopt;
  };
  const auto invalid = [&](const std::string& name, const std::string& value) {
    errors[name].push_back(fmt::format("The value '{}' is not valid.", value));
  };
  query.resource = given("resourceId").value_or("");
  if (query.resource.empty()) errors["resourceId"].emplace_back("The resourceId field is required.");
  if (const auto text = given("status")) {
    query.status = parse_file_status(*text);
    if (!query.status) invalid("status", *text);
  }
  if (const auto text = given("recipientStatus")) {
    query.recipient_status = parse_recipient_status(*text);
    if (!query.recipient_status) invalid("recipientStatus", *text);
  }
  if (const auto text = given("role")) {
    query.role = *text == "Sender" ? SearchQuery::Role::sender : SearchQuery::Role::recipient;
    if (*text != "Sender" && *text != "Recipient") invalid("role", *text);
  }
  if (const auto text = given("from")) {
    query.from = read_time(*text);
    if (!query.from) invalid("from", *text);
  }
  if (const auto text = given("to")) {
    query.to = read_time(*text);
    if (!query.to) invalid("to", *text);
  }
  if (const auto text = given("orderAscending")) {
    query.ascending = *text == "true" || *text == "True";
    if (!query.ascending && *text != "false" && *text != "False") invalid("orderAscending", *text);
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return query;
}

net::Response model_problem(const ModelErrors& errors) {
  json::object fields;
  for (const auto& [field, texts] : errors) {
    json::array list;
    for (const auto& text : texts) list.emplace_back(text);
    fields[field] = std::move(list);
  }
  const json::object body{{"type", "https://tools.ietf.org/html/rfc9110#section-15.5.1"},
                          {"title", "One or more validation errors occurred."},
                          {"status", 400},
                          {"errors", std::move(fields)},
                          {"traceId", new_trace_id()}};
  return text_answer(400, json::serialize(body), "application/problem+json; charset=utf-8");
}

net::Response business_problem(const BrokerError& error) {
  struct Words {
    int status;
    std::string_view section;
    std::string_view title;
  };
  constexpr Words words[] = {{400, "15.5.1", "Bad Request"},
                             {401, "15.5.2", "Unauthorized"},
                             {403, "15.5.4", "Forbidden"},
                             {404, "15.5.5", "Not Found"},
                             {409, "15.5.10", "Conflict"},
                             {416, "15.5.17", "Range Not Satisfiable"},
                             {500, "15.6.1", "Internal Server Error"},
                             {503, "15.6.4", "Service Unavailable"}};
  const auto text = describe(error.number);
  const auto* found = std::ranges::find(words, text.http, &Words::status);
  const json::object body{{"type", fmt::format("https://tools.ietf.org/html/rfc9110#section-{}", found->section)},
                          {"title", found->title},
                          {"status", text.http},
                          {"detail", error.detail.empty() ? text.detail : std::string_view(error.detail)},
                          {"code", fmt::format("BRO-{:05}", error.number)},
                          {"traceId", new_trace_id()}};
  return text_answer(text.http, json::serialize(body), "application/problem+json; charset=utf-8");
}

json::object overview_json(const Transfer& transfer) {
  json::array recipients;
  for (const auto& one : transfer.recipients) {
    recipients.push_back(json::object{{"recipient", "0192:" + one.organisation},
                                      {"currentRecipientFileTransferStatusCode", name_of(one.highest)},
                                      {"currentRecipientFileTransferStatusText", text_of_recipient(one.highest)},
                                      {"currentRecipientFileTransferStatusChanged", format_iso(one.highest_changed)}});
  }
  json::object properties;
  for (const auto& [name, value] : transfer.given.properties) properties[name] = value;
  const auto& current = transfer.current();
  json::object out{{"fileTransferId", transfer.id},
                   {"resourceId", transfer.given.resource},
                   {"fileName", transfer.given.file_name},
                   {"sender", transfer.given.sender},
                   {"sendersFileTransferReference", or_null(transfer.given.reference)},
                   {"checksum", or_null(transfer.checksum)},
                   {"useVirusScan", !transfer.given.disable_virus_scan},
                   {"fileTransferSize", transfer.size},
                   {"fileTransferStatus", name_of(current.status)},
                   {"fileTransferStatusText", current.text},
                   {"fileTransferStatusChanged", format_iso(current.time)},
                   {"created", format_iso(transfer.created)},
                   {"expirationTime", format_iso(transfer.expires)},
                   {"recipients", std::move(recipients)},
                   {"propertyList", std::move(properties)}};
  out["published"] = transfer.published ? json::value(format_iso(*transfer.published)) : json::value(nullptr);
  return out;
}

json::object details_json(const Transfer& transfer) {
  auto out = overview_json(transfer);
  out.erase("published");
  json::array files;
  for (const auto& event : transfer.history) {
    files.push_back(json::object{{"fileTransferStatus", name_of(event.status)},
                                 {"fileTransferStatusText", event.text},
                                 {"fileTransferStatusChanged", format_iso(event.time)}});
  }
  json::array recipients;
  for (const auto& event : transfer.recipient_history) {
    recipients.push_back(json::object{{"recipient", "0192:" + transfer.recipients.at(event.recipient).organisation},
                                      {"recipientFileTransferStatusCode", name_of(event.status)},
                                      {"recipientFileTransferStatusText", text_of_recipient(event.status)},
                                      {"recipientFileTransferStatusChanged", format_iso(event.time)}});
  }
  out["fileTransferStatusHistory"] = std::move(files);
  out["recipientFileTransferStatusHistory"] = std::move(recipients);
  return out;
}

}  // namespace kanal::sim
