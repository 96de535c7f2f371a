#include "sim/fiks_io_replies.hpp"

#include <fmt/format.h>

#include "base/ids.hpp"
#include "crypto/digest.hpp"
#include "sim/fiks_io_payload.hpp"

namespace kanal::sim {
namespace {

constexpr std::string_view timed_out = "no.ks.fiks.kvittering.tidsavbrudd";
constexpr std::string_view server_error = "no.ks.fiks.kvittering.serverfeil.v1";

/// Empty when it is absent or no text.
std::string text_header(const net::AmqpDelivery& delivery, std::string_view name) {
  const auto found = delivery.properties.headers.find(name);
  const auto* text = found == delivery.properties.headers.end() ? nullptr : std::get_if<std::string>(&found->second);
  return text != nullptr ? *text : std::string{};
}

/// An answer is not answered, or two counterparts would never end.
bool is_answer(std::string_view type) {
  return type.ends_with(".mottatt") || type.ends_with(".kvittering") ||
         type.find(".feilmelding.") != std::string_view::npos || type.starts_with("no.ks.fiks.kvittering.");
}

std::string digest_of(const TemporaryFile& file) {
  crypto::Hasher hasher(crypto::DigestAlgorithm::sha256);
  const auto source = file.reader();
  Bytes buffer(stream_chunk);
  while (true) {
    const auto count = source->read(buffer);
    if (!count || *count == 0) return to_hex(hasher.finish());
    hasher.update(ByteView(buffer).first(*count));
  }
}

}  // namespace

Result<void> FiksIoReplies::bury(const net::AmqpDelivery& letter) {
  FiksIoMessage notice;
  notice.melding_id = new_uuid();
  notice.to = text_header(letter, "avsender-id");
  notice.from = notice.to;  // as in the samples: it comes from the receiver of the notice itself
  notice.svar_til = text_header(letter, "melding-id");
  FiksIoExtra extra;
  const auto type = text_header(letter, "type");
  const bool expired = letter.death_reason == "expired";
  notice.type = expired ? timed_out : server_error;
  if (expired) extra.svar_til_type = type;

  const auto receiver = state_.account(fiks_io_konto(letter.routing_key));
  AuditEntry entry{.simulator = "fiksio",
                   .organisation = receiver ? receiver->orgnr : std::string{},
                   .vendor = {},
                   .action = "dead_letter",
                   .subject = *notice.svar_til,
                   .detail = fmt::format("{} from={} type={}", letter.death_reason, notice.to, type)};
  const bool dies_silently = (!expired && letter.death_reason != "delivery_limit") || type == timed_out ||
                             type == server_error || !is_uuid(*notice.svar_til) || !state_.account(notice.to);
  if (!dies_silently) {
    auto posted = post_.post(std::move(notice), nullptr, extra);
    if (!posted) return failed(posted);
    state_.record(*posted);
    entry.detail += " notice=" + posted->melding_id;
  }
  environment_.audit.record(std::move(entry));
  return {};
}

void FiksIoReplies::answer(const net::AmqpDelivery& delivery) {
  FiksIoMessage original;
  original.melding_id = text_header(delivery, "melding-id");
  original.type = text_header(delivery, "type");
  original.from = text_header(delivery, "avsender-id");
  original.to = fiks_io_konto(delivery.routing_key);
  const auto receiver = state_.account(original.to);
  environment_.audit.record({.simulator = "fiksio",
                             .organisation = receiver ? receiver->orgnr : std::string{},
                             .vendor = {},
                             .action = "taken",
                             .subject = original.melding_id,
                             .detail = fmt::format("from={} type={}", original.from, original.type)});
  const auto script = state_.script(original.to);
  if (!script || is_answer(original.type)) return;
  for (const auto& reply : script->replies) {
    if (auto given = answer_with(reply, original); !given) {
      environment_.log.warning("sim.fiksio.reply", {{"type", reply.type}, {"error", given.error().text()}});
    }
  }
}

Result<void> FiksIoReplies::answer_with(const FiksIoReply& reply, const FiksIoMessage& original) {
  FiksIoDelivery delivery;
  delivery.from = original.to;
  delivery.to = original.from;
  delivery.documents = reply.documents;
  auto content = payload(delivery);
  if (!content) return failed(content);
  FiksIoMessage message;
  message.melding_id = new_uuid();
  message.type = reply.type.starts_with('.') ? original.type + reply.type : reply.type;
  message.from = original.to;
  message.to = original.from;
  message.svar_til = original.melding_id;
  message.headere = reply.headere;
  message.ttl = reply.ttl;
  if (*content) message.sha256 = digest_of(**content);
  auto posted = post_.post(std::move(message), *content);
  if (!posted) return failed(posted);
  const auto sender = state_.account(original.to);
  environment_.audit.record(
      {.simulator = "fiksio",
       .organisation = sender ? sender->orgnr : std::string{},
       .vendor = {},
       .action = "reply",
       .subject = posted->melding_id,
       .detail = fmt::format("to={} type={} svar-til={}", posted->to, posted->type, original.melding_id)});
  state_.record(std::move(*posted));
  return {};
}

Result<std::shared_ptr<const TemporaryFile>> FiksIoReplies::payload(const FiksIoDelivery& delivery) const {
  if (delivery.body) return make_fiks_io_payload(*delivery.body, nullptr, folder_);
  if (!delivery.asic && delivery.documents.empty()) return std::shared_ptr<const TemporaryFile>{};
  const auto receiver = state_.account(delivery.to);
  const auto* recipient = delivery.encrypt_for ? &*delivery.encrypt_for : receiver ? receiver->public_key() : nullptr;
  if (recipient == nullptr) return reject("fiksio.payload", "the receiver has no public key");
  if (delivery.asic) return make_fiks_io_payload(*delivery.asic, recipient, folder_);
  const auto sender = state_.account(delivery.from);
  const auto* signer = delivery.signer ? &*delivery.signer : sender && sender->identity ? &*sender->identity : nullptr;
  if (signer == nullptr) return reject("fiksio.payload", "nobody is there to sign: the sender is no counterpart");
  return make_fiks_io_payload(delivery.documents, *signer, *recipient, environment_.clock.now(), folder_);
}

}  // namespace kanal::sim
