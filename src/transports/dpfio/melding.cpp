#include "transports/dpfio/melding.hpp"

#include <charconv>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/ids.hpp"
#include "crypto/digest.hpp"
#include "formats/utf8.hpp"
#include "ops/key_names.hpp"

namespace kanal::transports::dpfio {
namespace {

namespace json = boost::json;

constexpr std::string_view queue_prefix = "fiksio.konto.";
constexpr std::string_view custom_prefix = "egendefinert-header.";
constexpr std::string_view own_receipts = "no.ks.fiks.kvittering.";
constexpr std::size_t longest_type = 200;
constexpr std::size_t longest_text = 1000;
constexpr std::size_t most_custom = 50;

/// Empty when it is missing or no text.
std::string text_of_header(const net::AmqpTable& headers, std::string_view name) {
  const auto found = headers.find(name);
  if (found == headers.end()) return {};
  const auto* text = std::get_if<std::string>(&found->second);
  return text != nullptr && text->size() <= longest_text ? *text : std::string{};
}

Result<std::string> uuid_header(const net::AmqpTable& headers, std::string_view name, bool required) {
  auto text = text_of_header(headers, name);
  if (text.empty() && !required && !headers.contains(name)) return text;
  if (is_uuid(text)) return ops::lower(text);
  return reject("dpfio.header", fmt::format("the header {} is {}", name, text.empty() ? "missing" : "no UUID"));
}

}  // namespace

std::string queue_of(std::string_view konto_id) { return std::string(queue_prefix) + std::string(konto_id); }

bool is_message_type(std::string_view type) {
  std::size_t length = 0;
  while (!type.empty()) {
    const auto c = formats::next_code_point(type);
    if (!c) return false;
    const bool good = (*c >= U'a' && *c <= U'z') || (*c >= U'A' && *c <= U'Z') || (*c >= U'0' && *c <= U'9') ||
                      std::u32string_view(U".-æøåÆØÅ").find(*c) != std::u32string_view::npos;
    if (!good || ++length > longest_type) return false;
  }
  return length > 0;
}

Result<Melding> read_melding(const net::AmqpDelivery& delivery) {
  const auto& headers = delivery.properties.headers;
  Melding melding;
  for (const auto& [name, into, required] :
       {std::tuple{"melding-id", &melding.id, true}, std::tuple{"avsender-id", &melding.sender_konto, true},
        std::tuple{"svar-til", &melding.answers, false},
        std::tuple{"dokumentlager-id", &melding.dokumentlager_id, false}}) {
    auto value = uuid_header(headers, name, required);
    if (!value) return failed(value);
    *into = std::move(*value);
  }
  melding.type = text_of_header(headers, "type");
  if (!is_message_type(melding.type)) return reject("dpfio.header", "the header type is missing or no message type");
  melding.sender_name = text_of_header(headers, "avsender-navn");
  melding.answers_type = text_of_header(headers, "svar-til-type");
  const std::string_view key = delivery.routing_key;
  if (!key.starts_with(queue_prefix) || !is_uuid(key.substr(queue_prefix.size()))) {
    return reject("dpfio.header", "the routing key names no account");
  }
  melding.receiver_konto = ops::lower(key.substr(queue_prefix.size()));
  for (const auto& [name, value] : headers) {
    const auto* text = std::get_if<std::string>(&value);
    if (!name.starts_with(custom_prefix) || text == nullptr || melding.custom.size() >= most_custom) continue;
    if (text->size() <= longest_text) melding.custom.emplace(name.substr(custom_prefix.size()), *text);
  }
  const auto& expiration = delivery.properties.expiration;
  std::int64_t left = 0;
  const auto* end = expiration.data() + expiration.size();
  if (const auto read = std::from_chars(expiration.data(), end, left); read.ec == std::errc{} && read.ptr == end) {
    melding.expiration = std::chrono::milliseconds(left);
  }
  return melding;
}

std::string Melding::custom_header(std::string_view name) const {
  const auto found = custom.find(name);
  return found == custom.end() ? std::string{} : found->second;
}

std::string Melding::correlation_id() const {
  for (const auto* name : {"klientKorrelasjonsId", "klientKorrelasjonId"}) {
    if (auto id = custom_header(name); is_uuid(id)) return id;
  }
  return {};
}

/// With the type: some systems give all answers to one message its id.
std::string Melding::sent_as() const {
  const auto id = custom_header("klientMeldingId");
  return is_uuid(id) ? fmt::format("{}/{}/{}", sender_konto, ops::lower(id), type) : std::string{};
}

std::string name_of_unreadable(const net::AmqpDelivery& delivery) {
  std::string text = delivery.routing_key;
  for (const auto& [name, value] : delivery.properties.headers) {
    const auto* header = std::get_if<std::string>(&value);
    text += '\n' + name + '=' + (header != nullptr ? *header : std::string{});
  }
  text += '\n' + to_hex(crypto::sha256(delivery.body));
  return "unreadable-" + to_hex(crypto::sha256(bytes_of(text))).substr(0, 32);
}

std::string headers_json(const Melding& melding) {
  json::object out{{"melding-id", melding.id}, {"type", melding.type}, {"avsender-id", melding.sender_konto}};
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  add("avsender-navn", melding.sender_name);
  add("svar-til", melding.answers);
  add("svar-til-type", melding.answers_type);
  add("dokumentlager-id", melding.dokumentlager_id);
  for (const auto& [name, value] : melding.custom) add(std::string(custom_prefix) + name, value);
  return json::serialize(out);
}

Result<Melding> read_headers_json(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 4;
  const auto value = json::parse(text, error, {}, options);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) return reject("dpfio.orphan", "it is no JSON object");
  Melding melding;
  for (const auto& [name, into] :
       {std::pair{"melding-id", &melding.id}, std::pair{"type", &melding.type},
        std::pair{"avsender-id", &melding.sender_konto}, std::pair{"svar-til", &melding.answers},
        std::pair{"svar-til-type", &melding.answers_type}}) {
    const auto* member = object->if_contains(name);
    if (member != nullptr && member->is_string()) *into = std::string(member->get_string());
  }
  return melding;
}

Says what_it_says(std::string_view type) {
  const auto within = [&](std::string_view part) { return type.find(part) != std::string_view::npos; };
  if (type.starts_with(own_receipts)) {
    const auto kind = type.substr(own_receipts.size());
    if (kind.starts_with("tidsavbrudd")) return Says::expired;
    if (kind.starts_with("serverfeil")) return Says::server_error;
    return Says::failed;
  }
  if (within(".feilmelding.") || type.ends_with(".feilmelding")) return Says::failed;
  return type.ends_with(".mottatt") ? Says::received : Says::nothing_special;
}

}  // namespace kanal::transports::dpfio
