#include "sim/dpi_receipts.hpp"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/ids.hpp"
#include "crypto/issue.hpp"
#include "crypto/jose.hpp"
#include "domain/partner.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::array<ReceiptFlawName, 11> flaws{{
    {ReceiptFlaw::forged, "forged", "a receipt is signed with a certificate that nobody trusts"},
    {ReceiptFlaw::expired_certificate, "expired_certificate", "a receipt is signed with an expired certificate"},
    {ReceiptFlaw::broken_signature, "broken_signature", "the signature of a receipt is wrong"},
    {ReceiptFlaw::unsigned_jws, "unsigned", "a receipt has alg none"},
    {ReceiptFlaw::unknown_type, "unknown_type", "a receipt is of a type that nobody knows"},
    {ReceiptFlaw::unknown_conversation, "unknown_conversation", "a receipt is about an unknown conversation"},
    {ReceiptFlaw::foreign_receiver, "foreign_receiver", "a receipt is for another organisation"},
    {ReceiptFlaw::null_message, "null", "forretningsmelding is null"},
    {ReceiptFlaw::schema_violation, "schema_violation", "a receipt's body is not that of its type"},
    {ReceiptFlaw::unknown_member, "unknown_member", "a receipt has a member that its schema forbids"},
    {ReceiptFlaw::missing_time, "missing_time", "a receipt has no tidspunkt"},
}};

constexpr std::string_view nobody = "999999999";

json::object identifier(const std::string& orgnr) {
  return {{"authority", domain::iso6523_authority}, {"value", "0192:" + orgnr}};
}

json::array actor(const std::string& orgnr) { return {json::object{{"identifier", identifier(orgnr)}}}; }

json::object header(const DpiMessage& message, const ReceiptOrder& order, const std::string& type,
                    const std::string& receiver) {
  const auto conversation = order.flaw == ReceiptFlaw::unknown_conversation ? new_uuid() : message.conversation;
  return {{"headerVersion", "1.0"},
          {"sender", actor(message.receiver)},
          {"receiver", actor(receiver)},
          {"documentIdentification", json::object{{"standard", dpi_standard(type)},
                                                  {"typeVersion", "1.0"},
                                                  {"instanceIdentifier", order.id},
                                                  {"type", type},
                                                  {"creationDateAndTime", format_iso(order.time)}}},
          {"businessScope",
           json::object{{"scope", json::array{json::object{{"type", "ConversationId"},
                                                           {"instanceIdentifier", conversation},
                                                           {"identifier", dpi_process(name_of(message.type))}}}}}}};
}

json::object body(const DpiMessage& message, const ReceiptOrder& order, const std::string& organisation) {
  json::object to{{"virksomhetsidentifikator", identifier(organisation)}};
  if (message.sender_unit) to["motakeridentifikator"] = *message.sender_unit;
  json::object out{{"avsender", json::object{{"virksomhetsidentifikator", identifier(message.receiver)}}},
                   {"mottaker", std::move(to)}};
  if (order.flaw != ReceiptFlaw::missing_time) out["tidspunkt"] = format_iso(order.time);
  if (order.type == "varslingfeiletkvittering") {
    out["varslingskanal"] = order.kind.empty() ? "epost" : order.kind;
    if (!order.text.empty()) out["beskrivelse"] = order.text;
  } else if (order.type == "feil") {
    out["feiltype"] = order.kind.empty() ? "SERVER" : order.kind;
    if (!order.text.empty()) out["detaljer"] = order.text;
  }
  if (order.flaw == ReceiptFlaw::unknown_member) out["maskinportentoken"] = "eyJhbGciOiJSUzI1NiJ9.e30.AA";
  return out;
}

std::string payload_of(const DpiMessage& message, const ReceiptOrder& order) {
  const auto type = order.flaw == ReceiptFlaw::unknown_type ? std::string("ukjentkvittering") : order.type;
  const bool foreign = order.flaw == ReceiptFlaw::foreign_receiver;
  json::object sbd;
  sbd["standardBusinessDocumentHeader"] = header(message, order, type, foreign ? std::string(nobody) : message.sender);
  sbd[order.flaw == ReceiptFlaw::schema_violation ? "digital" : type] =
      body(message, order, foreign ? std::string(nobody) : message.organisation);
  return json::serialize(json::object{{"standardBusinessDocument", std::move(sbd)}});
}

}  // namespace

std::span<const ReceiptFlawName> receipt_flaws() { return flaws; }

std::optional<ReceiptFlaw> parse_receipt_flaw(std::string_view name) {
  if (name.empty()) return ReceiptFlaw::none;
  const auto found = std::ranges::find(flaws, name, &ReceiptFlawName::name);
  return found == flaws.end() ? std::nullopt : std::optional(found->flaw);
}

ReceiptMaker::ReceiptMaker(crypto::Identity ca, crypto::Identity mailbox, crypto::Identity print, const Clock& clock)
    : ca_(std::move(ca)), mailbox_(std::move(mailbox)), print_(std::move(print)), clock_(clock) {}

const crypto::Identity& ReceiptMaker::signer(DpiType type, ReceiptFlaw flaw) {
  if (flaw != ReceiptFlaw::forged && flaw != ReceiptFlaw::expired_certificate) return supplier(type);
  const std::scoped_lock lock(mutex_);
  auto& identity = flaw == ReceiptFlaw::forged ? forged_ : expired_;
  if (!identity) {
    const auto now = clock_.now();
    const auto orgnr = supplier(type).certificate.organisation().value_or(Orgnr(std::string(nobody))).str();
    const auto from = now - std::chrono::days(30);
    const auto until = flaw == ReceiptFlaw::forged ? now + std::chrono::days(365) : now - std::chrono::days(1);
    const auto issuer = flaw == ReceiptFlaw::forged ? crypto::make_ca("Nobody's CA", from, until) : ca_;
    identity = crypto::issue(issuer, {"Supplier", "Supplier", orgnr, {}, from, until});
  }
  return *identity;
}

std::optional<std::string> ReceiptMaker::make(const DpiMessage& message, const ReceiptOrder& order) {
  if (order.flaw == ReceiptFlaw::null_message) return std::nullopt;
  const auto payload = payload_of(message, order);
  const auto& identity = signer(message.type, order.flaw);
  json::object head{{"x5c", json::array{json::string(to_base64(identity.certificate.der()))}}};
  if (order.flaw == ReceiptFlaw::unsigned_jws) {
    head["alg"] = "none";
    return to_base64url(bytes_of(json::serialize(head))) + "." + to_base64url(bytes_of(payload)) + ".";
  }
  auto compact = crypto::sign_jws(identity.key, std::move(head), payload);
  if (order.flaw == ReceiptFlaw::broken_signature) {
    // A character well inside the signature: the last one may carry unused bits only.
    auto& letter = compact[compact.size() - 20];
    letter = letter == 'A' ? 'B' : 'A';
  }
  return compact;
}

}  // namespace kanal::sim
