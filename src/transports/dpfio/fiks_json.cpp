// The JSON of the Fiks platform (data/dpfio/fiksio-openapi-reconstructed.json). Foreign texts: bounded, and whatever is
// not what it should be is no answer.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/ids.hpp"
#include "domain/partner.hpp"
#include "ops/key_names.hpp"
#include "transports/dpfio/fiks_client.hpp"

namespace kanal::transports::dpfio {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 16;
constexpr std::size_t longest_text = 1000;

Result<json::object> object_in(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::error_code error;
  auto value = json::parse(text, error, {}, options);
  if (error || !value.is_object())
    return retry("dpfio.answer", "the Fiks platform answered with what is no JSON object");
  return std::move(value.get_object());
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string() || value->get_string().size() > longest_text) return {};
  return std::string(value->get_string());
}

std::optional<std::int64_t> number_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

bool flag_in(const json::object& object, std::string_view name, bool otherwise) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() ? value->get_bool() : otherwise;
}

}  // namespace

std::string write_json(const MeldingSpesifikasjon& spesifikasjon) {
  json::object out{{"avsenderKontoId", spesifikasjon.avsender_konto_id},
                   {"mottakerKontoId", spesifikasjon.mottaker_konto_id},
                   {"meldingType", spesifikasjon.melding_type},
                   {"svarPaMelding", nullptr},
                   {"ttl", nullptr}};
  if (!spesifikasjon.svar_pa_melding.empty()) out["svarPaMelding"] = spesifikasjon.svar_pa_melding;
  if (spesifikasjon.ttl) out["ttl"] = spesifikasjon.ttl->count();
  json::object headers;
  for (const auto& [name, value] : spesifikasjon.headere) headers[name] = value;
  out["headere"] = std::move(headers);
  return json::serialize(out);
}

Result<Konto> read_konto(std::string_view text, const std::string& konto_id) {
  auto object = object_in(text);
  if (!object) return failed(object);
  Konto konto;
  konto.konto_id = ops::lower(text_in(*object, "kontoId"));
  if (konto.konto_id != konto_id) {
    return retry("dpfio.answer", "the catalogue of Fiks IO answered about another account");
  }
  konto.name = text_in(*object, "kontoNavn");
  konto.organisation_name = text_in(*object, "fiksOrgNavn");
  konto.organisation = text_in(*object, "organisasjonsnummer");
  if (!domain::is_orgnr(konto.organisation)) konto.organisation.clear();
  const auto* status = object->if_contains("status");
  if (status == nullptr || !status->is_object()) return konto;
  const auto& state = status->get_object();
  konto.valid_sender = flag_in(state, "gyldigAvsender", true);
  konto.valid_receiver = flag_in(state, "gyldigMottaker", true);
  konto.message = text_in(state, "melding");
  konto.consumers = number_in(state, "antallKonsumenter");
  konto.unfetched = number_in(state, "antallUavhentedeMeldinger");
  return konto;
}

Result<std::string> read_key(std::string_view text) {
  auto object = object_in(text);
  if (!object) return failed(object);
  if (!flag_in(*object, "valid", true)) {
    return retry("dpfio.no_key",
                 "the receiver's public key at Fiks IO is not valid: " + text_in(*object, "statusMessage"));
  }
  const auto* value = object->if_contains("nokkel");
  if (value == nullptr || !value->is_string())
    return retry("dpfio.answer", "the answer of Fiks IO holds no public key");
  return std::string(value->get_string());
}

Result<std::string> read_sent(std::string_view text) {
  auto object = object_in(text);
  if (!object) return failed(object);
  auto id = text_in(*object, "meldingId");
  if (!is_uuid(id)) return retry("dpfio.answer", "Fiks IO took the message and did not tell its id");
  return ops::lower(id);
}

}  // namespace kanal::transports::dpfio
