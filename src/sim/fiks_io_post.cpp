#include "sim/fiks_io_post.hpp"

#include "base/ids.hpp"

namespace kanal::sim {
namespace {

constexpr std::string_view custom_prefix = "egendefinert-header.";

}  // namespace

bool FiksIoPost::met(std::string_view fault, const FiksIoMessage& message) const {
  auto& faults = environment_.faults;
  return faults.any() && faults.consume(fault, message.to, message.from);
}

net::AmqpProperties FiksIoPost::properties(const FiksIoMessage& message, const FiksIoExtra& extra) const {
  net::AmqpProperties out;
  if (message.ttl) out.expiration = std::to_string(message.ttl->count());
  auto& headers = out.headers;
  headers["melding-id"] = message.melding_id;
  headers["type"] = message.type;
  headers["avsender-id"] = message.from;
  if (const auto sender = state_.account(message.from); sender && !sender->navn.empty()) {
    headers["avsender-navn"] = sender->navn;
  }
  if (message.svar_til) headers["svar-til"] = *message.svar_til;
  if (extra.svar_til_type) headers["svar-til-type"] = *extra.svar_til_type;
  if (!message.dokumentlager_id.empty()) headers["dokumentlager-id"] = message.dokumentlager_id;
  for (const auto& [name, value] : message.headere) headers[std::string(custom_prefix) + name] = value;
  return out;
}

void FiksIoPost::spoil(net::AmqpProperties& properties, const FiksIoMessage& message) const {
  auto& headers = properties.headers;
  if (met("fiksio.header.no_melding_id", message)) headers.erase("melding-id");
  if (met("fiksio.header.bad_melding_id", message)) headers["melding-id"] = std::string("ikke en uuid");
  if (met("fiksio.header.no_type", message)) headers.erase("type");
  if (met("fiksio.header.number_type", message)) headers["type"] = std::int64_t{7};
  if (met("fiksio.header.no_avsender_id", message)) headers.erase("avsender-id");
  if (met("fiksio.header.bad_avsender_id", message)) headers["avsender-id"] = std::string("ikke en uuid");
  if (met("fiksio.header.bad_svar_til", message)) headers["svar-til"] = std::string("ikke en uuid");
}

Result<FiksIoMessage> FiksIoPost::post(FiksIoMessage message, const std::shared_ptr<const TemporaryFile>& payload,
                                       const FiksIoExtra& extra) {
  const auto rules = state_.rules();
  message.time = environment_.clock.now();
  message.size = payload ? payload->size() : 0;
  Bytes body;
  if (payload && extra.offload.value_or(message.size > rules.offload_over)) {
    message.dokumentlager_id = new_uuid();
    const auto expires = message.time + message.ttl.value_or(rules.default_ttl) + rules.document_extra;
    state_.store({message.dokumentlager_id, message.to, message.melding_id, message.sha256, expires, payload});
  } else if (payload) {
    auto read = read_all(*payload->reader(), message.size);
    if (!read) return failed(read);
    body = std::move(*read);
  }
  auto out = properties(message, extra);
  for (const auto& [name, value] : extra.raw_headers) {
    if (value) {
      out.headers[name] = *value;
    } else {
      out.headers.erase(name);
    }
  }
  spoil(out, message);
  if (met("fiksio.deliver.no_payload", message)) {
    body.clear();
    out.headers.erase("dokumentlager-id");
  }
  if (met("fiksio.deliver.lost", message)) return message;
  const int times = extra.times + (met("fiksio.deliver.duplicate", message) ? 1 : 0);
  for (int i = 0; i < times; ++i) {
    if (auto sent = queues_.publish(message.to, out, body); !sent) {
      if (!message.dokumentlager_id.empty() && i == 0) state_.drop_stored(message.dokumentlager_id);
      return failed(sent);
    }
  }
  return message;
}

}  // namespace kanal::sim
