#include "sim/fiks_io_forms.hpp"

#include <boost/json/array.hpp>

#include "base/ids.hpp"
#include "domain/partner.hpp"
#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::int64_t any_number = std::int64_t{1} << 50U;
constexpr std::int64_t most_deliveries = 100;
constexpr std::int64_t most_times = 1'000;

tl::unexpected<Error> refuse(const std::string& why) { return reject("sim.form", why); }

/// Texts of texts; an absent member leaves `into` alone.
Result<void> read_headers(const json::object& body, std::map<std::string, std::string>& into) {
  const auto* value = body.if_contains("headere");
  if (value == nullptr) return {};
  const auto* object = value->if_object();
  if (object == nullptr) return refuse("headere is an object of texts");
  for (const auto& member : *object) {
    if (!member.value().is_string()) return refuse("headere is an object of texts");
    into.emplace(member.key(), member.value().get_string());
  }
  return {};
}

Result<void> read_raw_headers(const json::object& body, std::map<std::string, std::optional<net::AmqpValue>>& into) {
  const auto* value = body.if_contains("raw_headers");
  if (value == nullptr) return {};
  const auto* object = value->if_object();
  if (object == nullptr) return refuse("raw_headers is an object");
  for (const auto& member : *object) {
    auto& header = into[std::string(member.key())];
    const auto& given = member.value();
    if (given.is_string()) {
      header = std::string(given.get_string());
    } else if (given.is_int64()) {
      header = given.get_int64();
    } else if (given.is_bool()) {
      header = given.get_bool();
    } else if (!given.is_null()) {
      return refuse("a raw header is a text, an integer, true, false or null");
    }
  }
  return {};
}

Result<std::optional<Bytes>> read_bytes(const json::object& body, std::string_view name) {
  if (!body.contains(name)) return std::optional<Bytes>{};
  auto bytes = from_base64(text_member(body, name));
  if (!bytes) return refuse(std::string(name) + " is base64");
  return bytes;
}

Result<std::vector<FiksIoDocument>> read_documents(const json::object& body) {
  std::vector<FiksIoDocument> out;
  const auto* value = body.if_contains("documents");
  if (value == nullptr) return out;
  if (!value->is_array()) return refuse("documents is a list");
  for (const auto& entry : value->get_array()) {
    const auto* object = entry.if_object();
    if (object == nullptr || text_member(*object, "name").empty()) return refuse("a document has a name");
    const auto content = read_bytes(*object, "content");
    if (!content) return failed(content);
    FiksIoDocument document{text_member(*object, "name"), std::string(text_of(content->value_or(Bytes{})))};
    if (object->contains("mimetype")) document.mimetype = text_member(*object, "mimetype");
    out.push_back(std::move(document));
  }
  return out;
}

Result<void> read_ttl(const json::object& body, std::optional<std::chrono::milliseconds>& into) {
  if (!body.contains("ttl")) return {};
  std::chrono::milliseconds ttl{};
  if (!change_delay(body, "ttl", ttl)) return refuse("ttl is milliseconds");
  into = ttl;
  return {};
}

void read_text(const json::object& body, std::string_view name, std::optional<std::string>& into) {
  if (body.contains(name)) into = text_member(body, name);
}

bool change_flag(const json::object& body, std::string_view name, bool& into) {
  const auto* value = body.if_contains(name);
  if (value == nullptr) return true;
  if (!value->is_bool()) return false;
  into = value->get_bool();
  return true;
}

/// False when the member is there and no number from `least` to `most`.
template <class Number>
bool change_number(const json::object& body, std::string_view name, std::int64_t least, std::int64_t most,
                   Number& into) {
  if (!body.contains(name)) return true;
  const auto given = integer_member(body, name);
  if (!given || *given < least || *given > most) return false;
  into = static_cast<Number>(*given);
  return true;
}

Result<void> read_certificate(const json::object& body, FiksIoAccount& into) {
  const auto* value = body.if_contains("certificate");
  if (value == nullptr) return {};
  into.certificate.reset();
  if (value->is_null()) return {};
  auto certificate = crypto::Certificate::from_pem(text_member(body, "certificate"));
  if (!certificate) return refuse("certificate is no PEM: " + certificate.error().message);
  into.certificate = std::move(*certificate);
  return {};
}

}  // namespace

Result<FiksIoAccount> read_fiks_io_account(const json::object& body) {
  FiksIoAccount out;
  out.konto_id = body.contains("konto_id") ? lower_case(text_member(body, "konto_id")) : new_uuid();
  out.navn = text_member(body, "navn");
  out.orgnr = text_member(body, "orgnr");
  out.kommunenummer = text_member(body, "kommunenummer");
  if (!is_uuid(out.konto_id)) return refuse("konto_id is a UUID");
  if (out.navn.empty() || !domain::is_orgnr(out.orgnr)) return refuse("navn, and orgnr of nine digits, are needed");
  if (auto read = read_certificate(body, out); !read) return failed(read);
  if (body.contains("private_key")) {
    auto key = crypto::PrivateKey::from_pem(text_member(body, "private_key"));
    if (!key || !out.certificate || !key->matches(*out.certificate)) {
      return refuse("private_key is the PEM of the certificate's key");
    }
    out.identity = crypto::Identity{std::move(*key), *out.certificate, {}};
  }
  return out;
}

Result<void> change_fiks_io_account(const json::object& body, FiksIoAccount& into) {
  if (!change_flag(body, "gyldig_avsender", into.gyldig_avsender) ||
      !change_flag(body, "gyldig_mottaker", into.gyldig_mottaker)) {
    return refuse("gyldig_avsender and gyldig_mottaker are true or false");
  }
  if (body.contains("melding")) into.melding = text_member(body, "melding");
  if (body.contains("certificate")) into.identity.reset();  // its key is no longer known
  return read_certificate(body, into);
}

Result<FiksIoDelivery> read_fiks_io_delivery(const json::object& body) {
  FiksIoDelivery out;
  out.to = lower_case(text_member(body, "to"));
  out.from = lower_case(text_member(body, "from"));
  out.type = text_member(body, "type");
  out.melding_id = text_member(body, "melding_id");
  read_text(body, "svar_til", out.svar_til);
  read_text(body, "svar_til_type", out.svar_til_type);
  if (auto read = read_ttl(body, out.ttl); !read) return failed(read);
  if (auto read = read_headers(body, out.headere); !read) return failed(read);
  if (auto read = read_raw_headers(body, out.raw_headers); !read) return failed(read);
  auto bytes = read_bytes(body, "body");
  if (!bytes) return failed(bytes);
  out.body = std::move(*bytes);
  auto asic = read_bytes(body, "asic");
  if (!asic) return failed(asic);
  out.asic = std::move(*asic);
  auto documents = read_documents(body);
  if (!documents) return failed(documents);
  out.documents = std::move(*documents);
  if (const auto* offload = body.if_contains("offload"); offload != nullptr && offload->is_bool()) {
    out.offload = offload->get_bool();
  }
  if (!change_number(body, "times", 1, most_times, out.times)) return refuse("times is 1 to 1000");
  return out;
}

Result<FiksIoScript> read_fiks_io_script(const json::object& body) {
  FiksIoScript out;
  const auto* replies = body.if_contains("replies");
  if (replies == nullptr || !replies->is_array()) return refuse("replies is a list");
  for (const auto& entry : replies->get_array()) {
    const auto* object = entry.if_object();
    if (object == nullptr || text_member(*object, "type").empty()) return refuse("a reply has a type");
    FiksIoReply reply;
    reply.type = text_member(*object, "type");
    if (auto read = read_ttl(*object, reply.ttl); !read) return failed(read);
    if (auto read = read_headers(*object, reply.headere); !read) return failed(read);
    auto documents = read_documents(*object);
    if (!documents) return failed(documents);
    reply.documents = std::move(*documents);
    out.replies.push_back(std::move(reply));
  }
  return out;
}

Result<void> change_fiks_io_rules(const json::object& body, FiksIoRules& into) {
  const bool good = change_number(body, "offload_over", 0, any_number, into.offload_over) &&
                    change_number(body, "max_payload", 1, any_number, into.max_payload) &&
                    change_number(body, "max_deliveries", 1, most_deliveries, into.max_deliveries) &&
                    change_delay(body, "min_ttl", into.min_ttl) &&
                    change_delay(body, "default_ttl", into.default_ttl) &&
                    change_delay(body, "document_extra", into.document_extra);
  if (!good) return refuse("a rule is no number in its range");
  if (!change_flag(body, "check_payloads", into.check_payloads)) return refuse("check_payloads is true or false");
  return {};
}

json::object fiks_io_json(const FiksIoMessage& message) {
  json::object headers;
  for (const auto& [name, value] : message.headere) headers[name] = value;
  json::array documents;
  for (const auto& document : message.documents) {
    documents.push_back(json::object{{"name", document.name}, {"size", document.size}, {"sha256", document.sha256}});
  }
  json::object out{{"melding_id", message.melding_id},
                   {"type", message.type},
                   {"from", message.from},
                   {"to", message.to},
                   {"svar_til", message.svar_til.value_or("")},
                   {"headere", std::move(headers)},
                   {"integration", message.integration},
                   {"size", message.size},
                   {"sha256", message.sha256},
                   {"dokumentlager_id", message.dokumentlager_id},
                   {"payload", message.payload},
                   {"documents", std::move(documents)},
                   {"time", format_iso(message.time)}};
  if (message.ttl) out["ttl"] = message.ttl->count();
  return out;
}

json::object fiks_io_json(const FiksIoRules& rules) {
  return {{"offload_over", rules.offload_over},     {"max_payload", rules.max_payload},
          {"min_ttl", rules.min_ttl.count()},       {"default_ttl", rules.default_ttl.count()},
          {"max_deliveries", rules.max_deliveries}, {"document_extra", rules.document_extra.count()},
          {"check_payloads", rules.check_payloads}};
}

}  // namespace kanal::sim
