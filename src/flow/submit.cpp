#include "flow/submit.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "domain/message_body.hpp"
#include "domain/message_type.hpp"
#include "domain/partner.hpp"
#include "domain/print_address.hpp"
#include "flow/dispatcher.hpp"

namespace kanal::flow {
namespace {

/// The partner of a participant; the sentence of the refusal names which one.
Result<domain::Partner> partner_of(const domain::Participant& participant, std::string_view role) {
  auto partner = domain::parse_partner(participant.authority, participant.value);
  if (!partner) return reject("submit.partner", fmt::format("{}: {}", role, partner.error().message));
  return partner;
}

void fill_blank_scope_ids(domain::Sbd& sbd) {
  for (auto& scope : sbd.scopes) {
    if (!scope.instance_identifier || scope.instance_identifier->empty()) scope.instance_identifier = new_uuid();
  }
}

void fill_time_to_live(domain::Sbd& sbd, std::chrono::hours ttl, Time now) {
  auto* scope = sbd.find_scope(domain::scope_type::conversation_id);
  if (scope == nullptr || sbd.expected_response()) return;
  if (scope->information.empty()) scope->information.emplace_back();
  scope->information.front().expected_response = in_oslo(now + ttl);
}

/// Defaults that belong to the type of message (rest-api.md 5.1 no. 7).
void fill_body(domain::Sbd& sbd, const domain::MessageType& type, const boost::json::object* service_record) {
  auto* body = sbd.body.if_object();
  if (!type.has_addresses || body == nullptr) return;
  domain::fill_print_defaults(*body);
  if (service_record != nullptr) domain::fill_print_addresses(*body, *service_record);
}

std::string joined(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ",")); }

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t megabyte = 1024 * 1024;
  return bytes < megabyte ? fmt::format("{}b", bytes) : fmt::format("{}MB", bytes / megabyte);
}

/// A completed and checked document, not stored yet.
struct Submit::Draft {
  domain::Sbd sbd;
  ports::Transport* transport = nullptr;
  ports::Conversation conversation;
  ports::Message message;
};

/// Where the document goes: rest-api.md 5.1 no. 5 and 6.
struct Submit::Route {
  std::optional<domain::Partner> receiver;
  ServiceIdentifier service;
  std::optional<boost::json::object> record;  ///< as the register gave it; absent without a receiver
};

Result<Submit::Route> Submit::route(const domain::Sbd& sbd, const domain::MessageType& type) {
  Route route;
  if (!sbd.receiver.empty()) {
    auto parsed = partner_of(sbd.receiver.front(), "receiver");
    if (!parsed) return failed(parsed);
    route.receiver = std::move(*parsed);
  }
  const std::string process = sbd.process();
  if (process.empty()) {
    return reject("submit.no_process",
                  "SBD missing process: set `identifier` of the ConversationId scope to the process");
  }
  if (!route.receiver) {
    route.service = ServiceIdentifier(std::string(type.service_without_receiver));
    return route;
  }
  const ConversationId conversation = sbd.conversation_id();
  auto records =
      parts_.directory.lookup({route.receiver->primary, process, domain::security_level(type, sbd.body),
                               conversation.empty() ? std::nullopt : std::optional<std::string>(conversation.str())});
  if (!records && records.error().disposition == Disposition::retry) return failed(records);
  const std::string refusal = fmt::format("Receiver do not accept the document process {}", process);
  if (!records) return failed(Error{"submit.receiver", records.error().text(), Disposition::reject, {}, {}}, refusal);
  const auto* record = ports::choose(*records, sbd.document.standard);
  if (record == nullptr) {
    return failed(
        Error{"submit.receiver",
              fmt::format("The receiver does not accept the document type {} for this process", sbd.document.standard),
              Disposition::reject,
              {},
              {}},
        refusal);
  }
  route.service = record->service;
  route.record = record->raw;
  return route;
}

Submit::Submit(SubmitParts parts, Hint work_available) : parts_(parts), work_available_(std::move(work_available)) {}

Result<Submit::Draft> Submit::prepare(domain::Sbd sbd) {
  const Time now = parts_.clock.now();
  const auto* type = domain::find_message_type(sbd.document.type);
  if (type == nullptr) {
    return reject("submit.unknown_type",
                  fmt::format("Unknown NextMove document type {}. Expected one of the following values: {}",
                              sbd.document.type, domain::expected_type_names()));
  }
  if (sbd.sender.empty()) {
    sbd.sender.push_back(
        {std::string(domain::iso6523_authority), domain::iso6523(parts_.settings.own_organisation), {}});
  }
  auto rewritten =
      domain::on_behalf_of(sbd.sender.front().authority, sbd.sender.front().value, parts_.settings.own_organisation);
  if (!rewritten) return reject("submit.partner", "sender: " + rewritten.error().message);
  sbd.sender.front().value = *rewritten;
  auto sender = partner_of(sbd.sender.front(), "sender");
  if (!sender) return failed(sender);

  auto route = this->route(sbd, *type);
  if (!route) return failed(route);
  const auto& service = route->service;

  Draft draft;
  draft.transport = parts_.services.find(service);
  if (sbd.document.instance_identifier.empty()) sbd.document.instance_identifier = new_uuid();
  if (!sbd.document.creation) sbd.document.creation = in_oslo(now);
  fill_time_to_live(
      sbd, draft.transport != nullptr ? draft.transport->descriptor().default_ttl : parts_.settings.default_ttl, now);
  fill_blank_scope_ids(sbd);
  fill_body(sbd, *type, route->record ? &*route->record : nullptr);

  ports::CreateContext context;
  bool exists = false;
  auto looked = parts_.store.read([&](ports::View& view) -> Result<void> {
    const MessageId id = sbd.message_id();
    exists =
        view.message(id, ports::Direction::outgoing).has_value() || (!type->is_status && view.conversation_exists(id));
    if (const std::string related = sbd.body_text("relatedToMessageId"); !related.empty()) {
      context.answered = view.conversation(MessageId(related), ports::Direction::incoming);
    }
    return {};
  });
  if (!looked) return failed(looked);
  if (exists) {
    return reject("submit.exists", fmt::format("Message with messageId = {} already exists", sbd.message_id().str()));
  }
  context.last_channel = [&]() -> std::optional<std::string> {
    std::optional<std::string> channel;
    ports::ConversationQuery query;
    query.service = service.str();
    query.direction = ports::Direction::outgoing;
    auto read = parts_.store.read([&](ports::View& view) -> Result<void> {
      auto page = view.conversations(query, {0, 1, {{"id", true}}});
      if (!page) return failed(page);
      if (!page->content.empty()) channel = page->content.front().message_channel;
      return {};
    });
    return read ? channel : std::nullopt;
  };
  const bool against_register = draft.transport != nullptr && draft.transport->descriptor().needs_own_certificate_check;
  if (auto checked = parts_.own_certificate.check(against_register); !checked) return failed(checked);
  if (draft.transport == nullptr) {
    return reject("submit.service_disabled", fmt::format("Service {} is not enabled", service.str()));
  }
  if (type->has_addresses) {
    const boost::json::object none;
    const auto* body = sbd.body.if_object();
    if (auto complete = domain::check_print_addresses(body != nullptr ? *body : none); !complete) {
      return failed(complete);
    }
  }
  if (!domain::standard_fits(*type, sbd.document.standard, service.str())) {
    return reject("submit.type_mismatch", fmt::format("Message type {} does not match the document type {}",
                                                      sbd.document.type, sbd.document.standard));
  }
  if (auto completed = draft.transport->complete(sbd, context); !completed) return failed(completed);
  fill_blank_scope_ids(sbd);

  auto& conversation = draft.conversation;
  conversation.conversation_id = sbd.conversation_id();
  conversation.message_id = sbd.message_id();
  conversation.direction = ports::Direction::outgoing;
  conversation.service = service;
  conversation.sender = sbd.sender_value();
  conversation.sender_identifier = sender->part_or_primary();
  conversation.receiver = sbd.receiver_value();
  conversation.receiver_identifier = route->receiver ? route->receiver->primary : "";
  conversation.process = sbd.process();
  conversation.document_type = sbd.document.standard;
  conversation.message_type = type->name;
  conversation.message_reference = sbd.conversation_id().str();
  conversation.last_update = now;
  conversation.expiry = sbd.expected_response()->utc;
  conversation.message_channel = sbd.message_channel();

  auto& message = draft.message;
  message.direction = ports::Direction::outgoing;
  message.message_id = conversation.message_id;
  message.conversation_id = conversation.conversation_id;
  message.service = service;
  message.process = conversation.process;
  message.sender_identifier = conversation.sender_identifier;
  message.receiver_identifier = conversation.receiver_identifier;
  message.sbd = domain::write_sbd(sbd);
  message.created = now;
  message.last_updated = now;
  draft.sbd = std::move(sbd);
  return draft;
}

Result<void> Submit::store_draft(ports::Txn& txn, Draft& draft) {
  // Asked again here: between prepare() and this transaction another request may have used the id.
  const bool status = domain::find_message_type(draft.sbd.document.type)->is_status;
  if (txn.message(draft.message.message_id, ports::Direction::outgoing) ||
      (!status && txn.conversation_exists(draft.message.message_id))) {
    return reject("submit.exists",
                  fmt::format("Message with messageId = {} already exists", draft.message.message_id.str()));
  }
  if (auto stored = txn.insert(draft.message); !stored) return failed(stored);
  if (status) return {};
  if (auto stored = txn.insert(draft.conversation); !stored) return failed(stored);
  auto created =
      txn.add_status(draft.conversation.id, domain::ReceiptStatus::opprettet, draft.conversation.last_update);
  if (!created) return failed(created);
  return {};
}

Result<domain::Sbd> Submit::create(domain::Sbd sbd) {
  if (auto room = room_for_message(0); !room) return failed(room);
  auto draft = prepare(std::move(sbd));
  if (!draft) return failed(draft);
  if (auto stored = parts_.store.write([&](ports::Txn& txn) { return store_draft(txn, *draft); }); !stored) {
    return failed(stored);
  }
  parts_.points.reach("submit.created");
  return std::move(draft->sbd);
}

Result<void> Submit::check_sendable(const domain::Sbd& sbd, const std::vector<std::string>& names,
                                    const std::optional<ports::ArkivmeldingFacts>& arkivmelding) {
  const auto* type = domain::find_message_type(sbd.document.type);
  if (type == nullptr) return bug("submit.unknown_type", "a stored message has a type that is not in the catalogue");
  if (type->needs_files && names.empty())
    return reject("submit.no_files", "There must always be at least one attachment");
  if (const auto ttl = sbd.expected_response(); ttl && parts_.clock.now() > ttl->utc) {
    return reject(
        "submit.expired",
        fmt::format("ExpectedResponseDateTime {} has been exceeded. Please resend the message", format_iso(*ttl)));
  }
  if (type->needs_arkivmelding_xml) {
    if (!arkivmelding) return reject("submit.no_arkivmelding", "DPO message type requires arkivmelding.xml attachment");
    std::vector<std::string> missing;
    for (const auto& name : arkivmelding->referenced_files) {
      if (std::ranges::find(names, name) == names.end()) missing.push_back(name);
    }
    if (!missing.empty()) {
      return reject("submit.missing_files",
                    "File(s) defined in arkivmelding, but not found in message: " + joined(missing));
    }
  }
  if (const auto missing = domain::missing_metadata_files(*type, sbd.body, names); !missing.empty()) {
    return reject("submit.missing_metadata", fmt::format("File(s) named {} was not found", joined(missing)));
  }
  const std::string main_document = sbd.body_text("hoveddokument");
  if (type->needs_main_document && std::ranges::find(names, main_document) == names.end()) {
    return reject("submit.no_main_document",
                  "Missing a primary document. Please specify the hoveddokument property in the business message and "
                  "verify that is equal to one of the filenames.");
  }
  return {};
}

namespace {

/// A channel's use is one row for all of its messages: it is written once a minute, or senders would wait for each
/// other.
Result<void> note_use(ports::Txn& txn, const ports::ChannelUse& use) {
  for (const auto& known : txn.channel_uses(use.service)) {
    const bool same = known.inbox == use.inbox && known.channel == use.channel;
    if (same && !known.retired && known.last_used >= use.last_used) return {};
  }
  return txn.put(use);
}

}  // namespace

Result<void> Submit::queue(ports::Txn& txn, ports::Message& message, const domain::Sbd& sbd) {
  message.queued = true;
  message.last_updated = parts_.clock.now();
  if (auto updated = txn.update(message); !updated) return failed(updated);
  const Time now = message.last_updated;
  const ports::ChannelUse use{message.service,
                              message.sender_identifier,
                              sbd.message_channel().value_or(""),
                              now,
                              std::chrono::ceil<std::chrono::minutes>(now),
                              {}};
  if (auto noted = note_use(txn, use); !noted) return noted;
  ports::Job job;
  job.kind = send_job;
  job.key = message.message_id.str();
  job.service = message.service;
  job.payload = "{}";
  job.not_before = job.created = now;
  if (auto queued = txn.enqueue(std::move(job)); !queued) return failed(queued);
  return {};
}

Result<void> Submit::send(const MessageId& id) {
  std::optional<ports::Message> message;
  std::vector<ports::Attachment> files;
  auto looked = parts_.store.read([&](ports::View& view) -> Result<void> {
    message = view.message(id, ports::Direction::outgoing);
    if (message) files = view.attachments(message->id);
    return {};
  });
  if (!looked) return failed(looked);
  if (!message) return reject("submit.not_found", fmt::format("Message with messageId = {} was not found", id.str()));
  if (message->queued) return {};
  auto reading = domain::read_sbd(message->sbd);
  if (!reading) return bug("submit.stored_sbd", "a stored SBD cannot be read: " + reading.error().message);
  const auto* transport = parts_.services.find(message->service);
  if (transport == nullptr) {
    return reject("submit.service_disabled", fmt::format("Service {} is not enabled", message->service.str()));
  }
  if (auto checked = parts_.own_certificate.check(transport->descriptor().needs_own_certificate_check); !checked) {
    return failed(checked);
  }
  std::vector<std::string> names;
  std::optional<ports::ArkivmeldingFacts> arkivmelding;
  for (const auto& file : files) {
    names.push_back(file.filename);
    auto facts = read_arkivmelding(file.filename, file.blob);
    if (!facts) return failed(facts);
    if (*facts) arkivmelding = std::move(*facts);
  }
  auto sendable = check_sendable(reading->sbd, names, arkivmelding);
  if (!sendable && sendable.error().code == "submit.expired") {
    // The status outlives the error (rest-api.md 5.3 no. 3). The conversation is finished by it, so expiry will not
    // find the message.
    auto marked = parts_.store.write([&](ports::Txn& txn) -> Result<void> {
      const auto current = txn.message(id, ports::Direction::outgoing);
      if (!current || current->queued) return {};
      auto removed = txn.remove_message(current->id);
      if (!removed) return failed(removed);
      const auto conversation = txn.conversation(id, ports::Direction::outgoing);
      if (!conversation) return {};
      auto added = txn.add_status(conversation->id, domain::ReceiptStatus::levetid_utlopt, parts_.clock.now(),
                                  std::string(domain::expired_description));
      if (!added) return failed(added);
      return {};
    });
    if (!marked) return failed(marked);
  }
  if (!sendable) return failed(sendable);
  auto queued = parts_.store.write([&](ports::Txn& txn) -> Result<void> {
    auto current = txn.message(id, ports::Direction::outgoing);
    if (!current) return reject("submit.not_found", fmt::format("Message with messageId = {} was not found", id.str()));
    return current->queued ? Result<void>{} : queue(txn, *current, reading->sbd);
  });
  if (!queued) return failed(queued);
  parts_.points.reach("submit.queued");
  work_available_();
  return {};
}

Result<domain::Sbd> Submit::create_and_send(domain::Sbd sbd, std::vector<StagedFile> files) {
  auto work = [&]() -> Result<domain::Sbd> {
    auto draft = prepare(std::move(sbd));
    if (!draft) return failed(draft);
    std::vector<std::string> names;
    std::optional<ports::ArkivmeldingFacts> arkivmelding;
    for (auto& file : files) {
      names.push_back(file.head.filename);
      auto facts = read_arkivmelding(file.head.filename, file.blob);
      if (!facts) return failed(facts);
      file.arkivmelding = std::move(*facts);
      if (file.arkivmelding) arkivmelding = file.arkivmelding;
    }
    auto stored = parts_.store.write([&](ports::Txn& txn) -> Result<void> {
      if (auto inserted = store_draft(txn, *draft); !inserted) return failed(inserted);
      for (const auto& file : files) {
        if (auto added = add_file(txn, draft->message, draft->sbd, file); !added) return failed(added);
      }
      if (auto sendable = check_sendable(draft->sbd, names, arkivmelding); !sendable) return failed(sendable);
      return queue(txn, draft->message, draft->sbd);
    });
    if (!stored) return failed(stored);
    return std::move(draft->sbd);
  };
  auto sent = work();
  if (!sent) {
    for (const auto& file : files) drop(file.blob);
    return sent;
  }
  parts_.points.reach("submit.queued");
  work_available_();
  return sent;
}

void Submit::drop(const ports::BlobRef& blob) {
  if (auto removed = parts_.blobs.remove(blob.id); !removed) {
    parts_.log.warning("blob_not_removed", {{"reason", removed.error().text()}});
  }
}

Result<void> Submit::remove(const MessageId& id) {
  return parts_.store.write([&](ports::Txn& txn) -> Result<void> {
    const auto message = txn.message(id, ports::Direction::outgoing);
    if (!message) return {};
    if (txn.job(send_job, message->message_id.str())) {
      auto cancelled = txn.cancel_job(send_job, message->message_id.str());
      if (!cancelled) return failed(cancelled);
      if (!*cancelled) {
        return reject("submit.busy", fmt::format("Message with messageId = {} is being sent right now", id.str()));
      }
    }
    auto removed = txn.remove_message(message->id);
    if (!removed) return failed(removed);
    return {};
  });
}

}  // namespace kanal::flow
