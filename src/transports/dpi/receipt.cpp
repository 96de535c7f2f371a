// receipt  ::= { "standardBusinessDocument": { "standardBusinessDocumentHeader": header, <type>: body } }
// header   ::= { "documentIdentification": { "instanceIdentifier": uuid, "type": text, "creationDateAndTime": time },
//                "businessScope": { "scope": [ { "type": "ConversationId", "instanceIdentifier": uuid } ] }, ... }
// body     ::= { "avsender": party, "mottaker": party, "tidspunkt": time, ... }
// party    ::= { "virksomhetsidentifikator": { "value": "0192:<orgnr>" }, ... }
#include "transports/dpi/receipt.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "crypto/cades.hpp"
#include "crypto/jose.hpp"
#include "domain/partner.hpp"
#include "lookup/remote_answer.hpp"

namespace kanal::transports::dpi {
namespace {

namespace json = boost::json;
using domain::ReceiptStatus;

constexpr std::size_t max_json_depth = 32;
constexpr std::size_t max_scopes = 100;

/// dpi.md 5.1; descriptions are for case workers.
struct Kind {
  std::string_view type;
  ReceiptStatus status;
  std::string_view description;
};
constexpr std::array<Kind, 9> kinds{{
    {"leveringskvittering", ReceiptStatus::levert,
     "Kvittering på at posten er gjort tilgjengelig digitalt, eller klar for utskrift"},
    {"aapningskvittering", ReceiptStatus::lest, "Kvittering på at posten er åpnet av mottakeren"},
    {"varslingfeiletkvittering", ReceiptStatus::feil, "Varsling av mottakeren feilet"},
    {"mottakskvittering", ReceiptStatus::levert, "Kvittering på at posten er mottatt for utskrift"},
    {"returpostkvittering", ReceiptStatus::feil, "Posten er kommet i retur: den ble ikke levert"},
    {"feil", ReceiptStatus::feil, "Generell feil hos leverandøren"},
    {"flyttet", ReceiptStatus::annet, "Posten er flyttet til en annen postkasse"},
    {"digital", ReceiptStatus::annet, "Ukjent kvittering: digital"},
    {"utskrift", ReceiptStatus::annet, "Ukjent kvittering: utskrift"},
}};

tl::unexpected<Error> unreadable(std::string why) { return reject("dpi.receipt", "a receipt " + std::move(why)); }

const json::object* object_in(const json::object* object, std::string_view name) {
  const auto* value = object != nullptr ? object->if_contains(name) : nullptr;
  return value != nullptr ? value->if_object() : nullptr;
}

std::string text_in(const json::object* object, std::string_view name) {
  const auto* value = object != nullptr ? object->if_contains(name) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

std::optional<json::object> document_of(const std::string& payload) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::error_code error;
  auto value = json::parse(payload, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  auto* document = value.get_object().if_contains("standardBusinessDocument");
  if (document == nullptr || !document->is_object()) return std::nullopt;
  return std::move(document->get_object());
}

const json::object* header_of(const json::object& document) {
  return object_in(&document, "standardBusinessDocumentHeader");
}

std::string conversation_of(const json::object& document) {
  const auto* scopes = object_in(header_of(document), "businessScope");
  const auto* list = scopes != nullptr ? scopes->if_contains("scope") : nullptr;
  if (list == nullptr || !list->is_array() || list->get_array().size() > max_scopes) return {};
  for (const auto& scope : list->get_array()) {
    const auto* members = scope.if_object();
    if (text_in(members, "type") == "ConversationId") return text_in(members, "instanceIdentifier");
  }
  return {};
}

std::string organisation_in(const json::object* body, std::string_view party) {
  return text_in(object_in(object_in(body, party), "virksomhetsidentifikator"), "value");
}

Result<void> check_certificate(const crypto::Certificate& signer, const std::vector<crypto::Certificate>& chain,
                               const Settings& settings, Time now) {
  const auto refuse = [&](std::string_view why) {
    return reject("dpi.receipt_certificate", fmt::format("a receipt's signer ({}) {}", signer.subject(), why));
  };
  if (!signer.valid_at(now)) {
    return refuse(fmt::format("has a certificate that is valid from {} to {} only", format_iso(signer.not_before()),
                              format_iso(signer.not_after())));
  }
  if (settings.certificate_mode == CertificateMode::self_signed) {
    if (signer.subject() == signer.issuer() && crypto::verify_chain(signer, {}, {signer}, now)) return {};
    return refuse("is not self-signed, and difi.move.dpi.certificate.mode is SELF_SIGNED");
  }
  if (settings.trusted_signers.empty()) return {};
  auto trusted = crypto::verify_chain(signer, chain, settings.trusted_signers, now);
  if (trusted) return {};
  return refuse("is not issued by any of kanal.dpi.trusted-ca: " + trusted.error().text());
}

/// A failed notification is no failed letter, unless the operator wants the reference's mapping.
ReceiptStatus status_of(const Kind& kind, const Settings& settings) {
  const bool notification = kind.type == "varslingfeiletkvittering";
  return notification && !settings.notification_failure_fails ? ReceiptStatus::annet : kind.status;
}

/// With whatever the supplier says about it.
std::string description_of(const Kind& kind, const json::object* body) {
  std::string text(kind.description);
  for (const std::string_view name : {"varslingskanal", "feiltype", "beskrivelse", "detaljer"}) {
    if (const auto detail = lookup::remote_text(text_in(body, name)); !detail.empty()) {
      text += fmt::format(" ({}: {})", name, detail);
    }
  }
  return text;
}

Result<void> check_members(const Kind& kind, const json::object* body) {
  for (const std::string_view party : {"avsender", "mottaker"}) {
    if (organisation_in(body, party).empty()) return unreadable(fmt::format("names no {}", party));
  }
  if (kind.type == "varslingfeiletkvittering") {
    const auto channel = text_in(body, "varslingskanal");
    if (channel != "epost" && channel != "sms") return unreadable("names no varslingskanal (epost or sms)");
  }
  if (kind.type == "feil") {
    const auto fault = text_in(body, "feiltype");
    if (fault != "KLIENT" && fault != "SERVER") return unreadable("names no feiltype (KLIENT or SERVER)");
  }
  return {};
}

}  // namespace

ReceiptLabel read_label(std::string_view jws) {
  if (jws.size() > max_receipt_bytes) return {};
  const auto parsed = crypto::parse_jws(jws);
  if (!parsed) return {};
  const auto document = document_of(parsed->payload);
  if (!document) return {};
  const auto* identification = object_in(header_of(*document), "documentIdentification");
  ReceiptLabel label;
  label.id = text_in(identification, "instanceIdentifier");
  if (!is_uuid(label.id)) label.id.clear();
  label.supplier = organisation_in(object_in(&*document, text_in(identification, "type")), "avsender");
  if (const auto created = parse_iso(text_in(identification, "creationDateAndTime"))) label.created = created->utc;
  return label;
}

Result<ports::ServiceReceipt> read_receipt(std::string_view text, const Settings& settings, Time now, Log& log,
                                           crypto::CertificateCache* known) {
  if (text.empty()) return unreadable("is empty");
  if (text.size() > max_receipt_bytes) return unreadable("is larger than 1 MiB");
  const auto jws = crypto::parse_jws(text);
  if (!jws) return unreadable("is no signed document: " + jws.error().text());
  const auto certificates = crypto::certificates_of(*jws, known);
  if (!certificates) return unreadable("cannot be verified: " + certificates.error().text());
  const auto& signer = certificates->front();
  if (auto verified = crypto::verify_any_rsa_jws(*jws, crypto::PublicKey(signer)); !verified) {
    return reject("dpi.receipt_signature", "a receipt's signature is wrong: " + verified.error().text());
  }
  if (auto trusted = check_certificate(signer, *certificates, settings, now); !trusted) return failed(trusted);

  const auto document = document_of(jws->payload);
  if (!document) return unreadable("is signed, but is no standard business document");
  const auto* identification = object_in(header_of(*document), "documentIdentification");
  const auto type = text_in(identification, "type");
  const auto* const kind = std::ranges::find(kinds, type, &Kind::type);
  if (kind == kinds.end()) {
    return reject("dpi.receipt_type", fmt::format("a receipt of the unknown type '{}'", lookup::remote_text(type)));
  }
  const auto* body = object_in(&*document, type);
  if (body == nullptr) return unreadable(fmt::format("of the type {} has no such member", type));
  if (!is_uuid(text_in(identification, "instanceIdentifier"))) return unreadable("has no instanceIdentifier");
  const auto conversation = conversation_of(*document);
  if (!is_uuid(conversation)) return unreadable("names no conversation");
  if (auto complete = check_members(*kind, body); !complete) return failed(complete);

  ports::ServiceReceipt receipt;
  receipt.kind = type;
  receipt.conversation_id = ConversationId(conversation);
  receipt.counterpart = organisation_in(body, "avsender");
  receipt.raw = std::string(text);
  if (const auto owner = signer.organisation(); !owner || owner->str() != domain::without_icd(receipt.counterpart)) {
    log.warning("receipt_signer_differs", {{"supplier", lookup::remote_text(receipt.counterpart)},
                                           {"signer", owner ? owner->str() : "no organisation number"},
                                           {"conversation_id", conversation}});
  }
  ports::ReportedStatus status{status_of(*kind, settings), {}, description_of(*kind, body), receipt.raw};
  if (const auto at = parse_iso(text_in(body, "tidspunkt"))) status.at = at->utc;
  receipt.statuses.push_back(std::move(status));
  return receipt;
}

}  // namespace kanal::transports::dpi
