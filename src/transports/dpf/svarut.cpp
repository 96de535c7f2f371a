#include "transports/dpf/svarut.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "domain/message_body.hpp"
#include "domain/message_type.hpp"
#include "domain/partner.hpp"
#include "formats/arkivmelding.hpp"
#include "formats/xml.hpp"
#include "ops/key_names.hpp"
#include "transports/dpf/svarut_rest.hpp"
#include "transports/dpf/svarut_soap.hpp"

namespace kanal::transports::dpf {
namespace {

namespace json = boost::json;
using domain::ReceiptStatus;

/// SvarUt's index of references may lag: that it knows none proves something only so long after the call.
constexpr std::chrono::seconds lag{10};
constexpr std::string_view carried_type = "arkivmelding";
constexpr std::size_t most_types_lists = 1000;
constexpr lookup::CacheTerms types_terms{std::chrono::hours(1), std::chrono::minutes(1), std::chrono::hours(24)};
constexpr int highest_level = 4;

/// SvarUt carries no receipts: LEST is all there is (dpf.md 4.2 no. 2).
bool is_receipt(const domain::Sbd& sbd) {
  const auto* type = domain::find_message_type(sbd.document.type);
  return type != nullptr && (type->is_receipt || type->is_status);
}

Result<std::string> sender_in(const domain::Sbd& sbd) {
  if (sbd.sender.empty()) return reject("dpf.sender", "the message has no sender");
  return sender_of(sbd.sender.front().authority, sbd.sender.front().value);
}

Result<std::string> receiver_in(const domain::Sbd& sbd) {
  if (sbd.receiver.empty()) return reject("dpf.receiver", "the message has no receiver");
  auto receiver = domain::parse_partner(sbd.receiver.front().authority, sbd.receiver.front().value);
  if (!receiver || receiver->kind != domain::Partner::Kind::organisation) {
    return reject("dpf.receiver", "only organisations receive over DPF");
  }
  return receiver->primary;
}

std::optional<int> level_of(const domain::Sbd& sbd) {
  const auto* type = domain::find_message_type(sbd.document.type);
  return type != nullptr ? domain::security_level(*type, sbd.body) : std::nullopt;
}

std::string type_in(const domain::Sbd& sbd) {
  const auto* body = sbd.body.if_object();
  const auto* dpf = body != nullptr ? body->if_contains("dpf") : nullptr;
  const auto* type = dpf != nullptr && dpf->is_object() ? dpf->get_object().if_contains("forsendelseType") : nullptr;
  return type != nullptr && type->is_string() ? std::string(ops::trimmed(type->get_string())) : std::string{};
}

Result<formats::Arkivmelding> arkivmelding_in(const ports::OutboundDocument& document, ports::BlobStore& blobs) {
  const auto file = std::ranges::find(document.files, formats::arkivmelding_file_name, &ports::Attachment::filename);
  if (file == document.files.end()) return reject("dpf.document", "the message has no arkivmelding.xml");
  auto source = blobs.open(file->blob);
  if (!source) return failed(source);
  return formats::read_arkivmelding(**source);
}

/// Remembered before the first byte of a forsendelse can be at SvarUt: that it may be there, and since when.
std::string posted_state(Time now) { return json::serialize(json::object{{"posted", format_iso(now)}}); }

std::optional<Time> posted_at(const std::string& state) {
  json::error_code error;
  const auto value = json::parse(state, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* posted = object != nullptr ? object->if_contains("posted") : nullptr;
  const auto at = posted != nullptr && posted->is_string() ? parse_iso(posted->get_string()) : std::nullopt;
  return at ? std::optional(at->utc) : std::nullopt;
}

std::unique_ptr<SvarUtClient> make_client(const Settings& settings, const Resources& resources) {
  if (settings.type == SvarUtType::rest) {
    return std::make_unique<SvarUtRest>(settings, resources.http, resources.clock, resources.log);
  }
  return std::make_unique<SvarUtSoap>(settings, resources.http, resources.clock);
}

}  // namespace

SvarUt::SvarUt(const Settings& settings, const Resources& resources)
    : settings_(settings),
      resources_(resources),
      certificate_(settings.root, resources.http, resources.clock),
      client_(make_client(settings, resources)),
      statuses_(*client_, resources.clock, resources.log),
      types_(resources.clock, most_types_lists, [](const Error&) { return true; }),
      knocking_([this](const std::stop_token& stop) { knock(stop); }) {}

void SvarUt::knock(const std::stop_token& stop) {
  for (const auto& sender : client_->senders()) {
    if (stop.stop_requested()) return;
    auto let_in = noted(sender, client_->types(sender, stop));
    if (let_in || stop.stop_requested()) continue;
    resources_.log.warning("svarut_not_let_in", {{"orgnr", sender}, {"reason", let_in.error().text()}});
  }
}

void SvarUt::note(const std::string& sender, const Error* error) {
  const std::scoped_lock lock(mutex_);
  if (error == nullptr) {
    problems_.erase(sender);
  } else if (error->disposition == Disposition::retry && error->code != "http.stopped") {
    problems_[sender] = error->text();
  }
}

template <class T>
Result<T> SvarUt::noted(const std::string& sender, Result<T> result) {
  note(sender, result ? nullptr : &result.error());
  return result;
}

ports::TransportHealth SvarUt::health() const {
  ports::TransportHealth health;
  if (!client_->senders().contains(settings_.organisation)) {
    health.add(fmt::format("SvarUt credentials not configured for orgnr {}", settings_.organisation));
  }
  for (const auto& problem : client_->problems()) health.add(problem);
  const std::scoped_lock lock(mutex_);
  for (const auto& [sender, problem] : problems_) health.add(fmt::format("SvarUt for {}: {}", sender, problem));
  return health;
}

Result<void> SvarUt::check_type(const domain::Sbd& sbd, const std::string& sender) {
  const auto wanted = type_in(sbd);
  if (wanted.empty()) return {};
  auto types = types_.get(sender, types_terms, [&] { return noted(sender, client_->types(sender, {})); });
  if (!types) {
    // SvarUt checks it again; that it is away is no reason to refuse a message.
    resources_.log.warning("svarut_types_unknown", {{"orgnr", sender}, {"reason", types.error().text()}});
    return {};
  }
  if (std::ranges::count(*types->value, wanted) > 0) return {};
  return reject("submit.forsendelse_type", fmt::format("Found forsendelseType {}, but valid types are {}", wanted,
                                                       fmt::join(*types->value, ", ")));
}

Result<void> SvarUt::complete(domain::Sbd& sbd, const ports::CreateContext& /*context*/) {
  if (is_receipt(sbd)) return {};
  if (!ops::lower(sbd.document.type).starts_with(carried_type)) {
    return reject("submit.document", fmt::format("DPF carries arkivmelding only, not {}", sbd.document.type));
  }
  auto sender = sender_in(sbd);
  if (!sender) return reject("submit.sender", sender.error().message);
  if (!client_->senders().contains(*sender)) {
    return reject("submit.svarut_credentials", fmt::format("SvarUt credentials not configured for orgnr {}", *sender));
  }
  const auto level = level_of(sbd);
  if (!level) return reject("submit.document", "sikkerhetsnivaa must be given in an arkivmelding over DPF: 3 or 4");
  if (*level == highest_level && !settings_.encrypted) {
    return reject("submit.document", "sikkerhetsnivaa 4 needs encryption, and difi.move.fiks.kryptert is false");
  }
  return check_type(sbd, *sender);
}

Result<void> SvarUt::check_file(const domain::Sbd& sbd, const ports::Attachment& file) {
  if (is_receipt(sbd) || file.filename == formats::arkivmelding_file_name) return {};
  if (auto wrong = wrong_name(file.filename)) return reject("submit.document", std::move(*wrong));
  if (print_of(file.filename, settings_) == Print::forbidden && !settings_.only_digital) {
    return reject(
        "submit.content_type",
        fmt::format("{} is no PDF and cannot be printed: SvarUt refuses it unless its extension is in "
                    "difi.move.fiks.ut.ekskluderesFraPrint, or difi.move.fiks.ut.kun-digital-levering is true",
                    file.filename));
  }
  return {};
}

ports::Sent SvarUt::sent(std::string id) const {
  ports::Sent sent;
  sent.remote_reference = std::move(id);
  sent.follow = settings_.ask_statuses;
  // What SvarUt has accepted it delivers, one way or another.
  sent.at_once = {ReceiptStatus::levert};
  return sent;
}

Result<boost::json::object> SvarUt::info_of(const std::string& organisation) {
  auto entity = resources_.directory.entity(organisation);
  if (entity) return std::move(entity->info);
  // An address that nobody knows has its substitute; only an outage is waited out.
  if (entity.error().disposition == Disposition::reject) return boost::json::object{};
  return failed(std::move(entity).error(), "name and address of " + organisation);
}

Result<lookup::Recipient> SvarUt::recipient_of(const domain::Sbd& sbd, const std::string& receiver) {
  auto records = resources_.directory.lookup({receiver, sbd.process(), level_of(sbd), sbd.conversation_id().str()});
  if (!records) return failed(std::move(records).error(), "the receiver's service record");
  const auto* record = ports::choose(*records, sbd.document.standard);
  if (record == nullptr || record->service != ServiceIdentifier("DPF")) {
    return retry("dpf.route_changed", "the Service Registry no longer routes this document type over DPF");
  }
  if (!settings_.encrypted) return lookup::Recipient{};
  auto certificate = certificate_.get(record->pem_certificate);
  if (!certificate) return failed(certificate);
  return lookup::Recipient(std::move(*certificate));
}

Result<ports::Sent> SvarUt::send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                                 std::stop_token stop) {
  const auto& sbd = document.sbd;
  if (is_receipt(sbd)) {
    resources_.log.info("receipt_discarded",
                        {{"message_id", sbd.message_id().str()}, {"reason", "SvarUt carries no receipts"}});
    ports::Sent discarded;
    discarded.remote_reference = sbd.message_id().str();
    discarded.at_once = {ReceiptStatus::levert, ReceiptStatus::lest};
    return discarded;
  }
  auto sender = sender_in(sbd);
  if (!sender) return failed(sender);
  if (!dispatch.remembered().empty()) {
    // KS takes the same reference twice, and would send a second letter (dpf.md 4.7).
    auto known = noted(*sender, client_->find(*sender, sbd.message_id().str()));
    if (!known) return failed(known);
    if (!known->empty()) return sent(std::move(*known));
    if (const auto at = posted_at(dispatch.remembered()); at && resources_.clock.now() < *at + lag) {
      Error wait{
          "dpf.in_doubt", "SvarUt may have the forsendelse of a call without an answer", Disposition::retry, {}, {}};
      wait.retry_after = std::chrono::duration_cast<std::chrono::milliseconds>(*at + lag - resources_.clock.now());
      return tl::unexpected(wait);
    }
  }
  auto id = post(document, *sender, dispatch, stop);
  if (!id) return failed(id);
  return sent(std::move(*id));
}

Result<std::string> SvarUt::post(const ports::OutboundDocument& document, const std::string& sender,
                                 ports::Dispatch& dispatch, const std::stop_token& stop) {
  const auto& sbd = document.sbd;
  auto receiver = receiver_in(sbd);
  if (!receiver) return failed(receiver);
  auto recipient = recipient_of(sbd, *receiver);
  if (!recipient) return failed(recipient);
  auto receiver_info = info_of(*receiver);
  if (!receiver_info) return failed(receiver_info);
  auto sender_info = info_of(sender);
  if (!sender_info) return failed(sender_info);
  auto arkivmelding = arkivmelding_in(document, dispatch.blobs());
  if (!arkivmelding) return failed(arkivmelding);
  auto forsendelse = make_forsendelse(sbd, *arkivmelding, {*receiver, sender, *receiver_info, *sender_info},
                                      document.files, settings_);
  if (!forsendelse) return failed(forsendelse);
  const bool posted_before = !dispatch.remembered().empty();
  if (!posted_before) {
    for (const auto& remark : forsendelse->remarks) {
      resources_.log.warning("forsendelse_shortened", {{"message_id", forsendelse->message_id}, {"reason", remark}});
    }
  }
  auto stored = dispatch.remember(posted_state(resources_.clock.now()), {}, {});
  if (!stored) return failed(stored);
  dispatch.reach("send.reference_stored");
  auto id = noted(sender, client_->send(*forsendelse, *recipient, dispatch.blobs(), stop));
  if (!id && id.error().code == "dpf.duplicate" && posted_before) return after_duplicate(*forsendelse, id.error());
  return id;
}

/// By SOAP we choose the id. That SvarUt has it already means that an earlier attempt of ours got there.
Result<std::string> SvarUt::after_duplicate(const Forsendelse& forsendelse, const Error& refusal) {
  auto known = client_->statuses(forsendelse.sender, {forsendelse.id});
  if (!known)
    return retry("dpf.away", refusal.text() + "; whether it is ours could not be found out: " + known.error().text());
  const bool ours = std::ranges::count(*known, forsendelse.id, &ForsendelseStatus::id) > 0;
  if (ours) return forsendelse.id;
  return tl::unexpected(refusal);
}

std::vector<Result<ports::StatusReport>> SvarUt::statuses(const std::vector<ports::StatusQuestion>& questions) {
  auto answers = statuses_.ask(questions);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto sender = sender_of(domain::iso6523_authority, questions[i].sender);
    if (sender) note(*sender, answers[i] ? nullptr : &answers[i].error());
  }
  return answers;
}

}  // namespace kanal::transports::dpf
