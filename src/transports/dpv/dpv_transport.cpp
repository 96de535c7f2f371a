#include "transports/dpv/dpv_transport.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "domain/message_body.hpp"
#include "domain/message_type.hpp"
#include "domain/partner.hpp"
#include "formats/utf8.hpp"
#include "formats/xml.hpp"
#include "transports/dpv/correspondence_answers.hpp"

namespace kanal::transports::dpv {
namespace {

using namespace std::chrono;
using domain::ReceiptStatus;

/// How long a correspondence must be gone before it counts as removed.
constexpr minutes gone_for{2};
constexpr std::string_view gone_text = "Melding slettet i Altinn, stopper polling.";

ports::Descriptor describe_service(const Settings& settings) {
  ports::Descriptor descriptor;
  descriptor.service = ServiceIdentifier("DPV");
  descriptor.title = "Altinn Digital Post";
  descriptor.message_types = {"arkivmelding", "digital_dpv"};
  descriptor.isolation = domain::Isolation::by_message_id;
  descriptor.upload_size_limit = settings.upload_size_limit;
  descriptor.upload_size_text = settings.upload_size_text;
  descriptor.default_ttl = settings.default_ttl;
  descriptor.local_receipt = ReceiptStatus::levert;
  auto& follow = descriptor.follow;
  follow.first = settings.first_question;
  follow.interval = settings.status_interval;
  follow.longest = std::max<Duration>(settings.longest_status_interval, settings.status_interval);
  follow.grows_over = settings.status_interval_grows_over;
  follow.limit = 0;
  follow.pollable = true;
  follow.after_delivery = true;
  return descriptor;
}

/// Altinn carries no receipts: they count as read (dpv.md 1 no. 3).
bool is_receipt(const domain::Sbd& sbd) {
  const auto* type = domain::find_message_type(sbd.document.type);
  return type != nullptr && (type->is_receipt || type->is_status);
}

/// Until Altinn has told its id: what it is looked up by. Altinn's own ids hold no slash.
std::string unknown_reference(const std::string& resource, const std::string& message_id) {
  return resource + "/" + message_id;
}

Result<formats::Arkivmelding> arkivmelding_in(const ports::OutboundDocument& document, ports::BlobStore& blobs) {
  const auto file = std::ranges::find(document.files, formats::arkivmelding_file_name, &ports::Attachment::filename);
  if (file == document.files.end()) return reject("dpv.document", "the message has no arkivmelding.xml");
  auto source = blobs.open(file->blob);
  if (!source) return failed(source);
  return formats::read_arkivmelding(**source);
}

/// Remembered before the first byte can be at Altinn: that it may be there, and whether it was refused for a reason
/// that passes once.
constexpr std::string_view posted = R"({"posted":true})";
constexpr std::string_view refused_once = R"({"posted":true,"once":true})";

}  // namespace

DpvTransport::DpvTransport(Settings settings, const Resources& resources)
    : settings_(std::move(settings)),
      resources_(resources),
      descriptor_(describe_service(settings_)),
      client_(settings_, resources_.http, resources_.clock, resources_.log),
      knocking_([this](const std::stop_token& stop) {
        const auto there = noted(client_.knock(stop));
        if (there || stop.stop_requested()) return;
        resources_.log.warning("altinn_not_reached", {{"reason", there.error().text()}});
      }) {}

template <class T>
Result<T> DpvTransport::noted(Result<T> result) {
  const std::scoped_lock lock(mutex_);
  if (result) {
    problem_.clear();
  } else if (result.error().disposition == Disposition::retry && result.error().code != "http.stopped") {
    problem_ = result.error().text();
  }
  return result;
}

ports::TransportHealth DpvTransport::health() const {
  for (const auto& token : client_.token_health()) {
    if (!token.last_error.empty()) return {false, token.last_error};
  }
  const std::scoped_lock lock(mutex_);
  return {problem_.empty(), problem_};
}

Result<void> DpvTransport::complete(domain::Sbd& sbd, const ports::CreateContext& /*context*/) {
  if (is_receipt(sbd)) return {};
  if (auto sender = sender_number(sbd); !sender) return reject("submit.sender", sender.error().message);
  if (!is_uuid(sbd.message_id().str())) {
    return reject("submit.document", "messageId must be a UUID: Altinn keeps messages apart by it");
  }
  return is_digital_dpv(sbd) ? check_texts(sbd) : Result<void>{};
}

Result<void> DpvTransport::check_file(const domain::Sbd& sbd, const ports::Attachment& file) {
  if (is_receipt(sbd)) return {};
  if (!is_digital_dpv(sbd) && file.filename == formats::arkivmelding_file_name) return {};  // it stays here
  if (auto wrong = wrong_name(file.filename)) return reject("submit.document", std::move(*wrong));
  if (auto wrong = wrong_extension(file.filename)) return reject("submit.content_type", std::move(*wrong));
  if (file.mimetype.empty() || formats::has_control_characters(file.mimetype)) {
    return reject("submit.content_type", fmt::format("{} has no content type that can be sent", file.filename));
  }
  return {};
}

Result<std::string> DpvTransport::resource_of(const domain::Sbd& sbd) {
  auto receiver = domain::parse_partner(sbd.receiver.front().authority, sbd.receiver.front().value);
  if (!receiver) return failed(receiver);
  const auto* type = domain::find_message_type(sbd.document.type);
  const auto level = type != nullptr ? domain::security_level(*type, sbd.body) : std::nullopt;
  auto records = resources_.directory.lookup({receiver->primary, sbd.process(), level, sbd.conversation_id().str()});
  if (!records) return failed(std::move(records).error(), "the receiver's service record");
  const auto* record = ports::choose(*records, sbd.document.standard);
  if (record == nullptr || record->service != descriptor_.service) {
    return retry("dpv.route_changed", "the Service Registry no longer routes this document type over DPV");
  }
  return record->resource.value_or("");
}

Result<std::string> DpvTransport::name_of(const domain::Sbd& sbd) {
  auto number = sender_number(sbd);
  if (!number) return failed(number);
  auto entity = resources_.directory.entity(*number);
  if (!entity) {
    // A name that nobody knows has its substitute; only an outage is waited out.
    if (entity.error().disposition == Disposition::reject) return std::string{};
    return failed(std::move(entity).error(), "the name of the sender " + *number);
  }
  const auto* name = entity->info.if_contains("organizationName");
  return name != nullptr && name->is_string() ? std::string(name->get_string()) : std::string{};
}

ports::Sent DpvTransport::sent(std::string reference, std::string title) const {
  ports::Sent sent;
  sent.remote_reference = std::move(reference);
  sent.follow = settings_.ask_statuses;
  sent.message_title = std::move(title);
  return sent;
}

Result<ports::Sent> DpvTransport::send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                                       std::stop_token stop) {
  const auto& sbd = document.sbd;
  if (is_receipt(sbd)) {
    resources_.log.info("receipt_discarded",
                        {{"message_id", sbd.message_id().str()}, {"reason", "DPV carries no receipts"}});
    ports::Sent discarded;
    discarded.remote_reference = sbd.message_id().str();
    discarded.at_once = {ReceiptStatus::levert, ReceiptStatus::lest};
    return discarded;
  }
  auto resource = resource_of(sbd);
  if (!resource) return failed(resource);
  return post(document, *resource, dispatch, stop);
}

Result<ports::Sent> DpvTransport::post(const ports::OutboundDocument& document, const std::string& resource,
                                       ports::Dispatch& dispatch, const std::stop_token& stop) {
  const auto& sbd = document.sbd;
  auto name = name_of(sbd);
  if (!name) return failed(name);
  std::optional<formats::Arkivmelding> arkivmelding;
  if (!is_digital_dpv(sbd)) {
    auto read = arkivmelding_in(document, dispatch.blobs());
    if (!read) return failed(read);
    arkivmelding = std::move(*read);
  }
  const Surroundings around{resource, *name, arkivmelding ? &*arkivmelding : nullptr};
  auto correspondence = make_correspondence(sbd, around, document.files, settings_, resources_.clock.now());
  if (!correspondence) return failed(correspondence);
  const bool before = !dispatch.remembered().empty();
  const bool refused_before = dispatch.remembered() == refused_once;
  if (!before) {
    for (const auto& remark : correspondence->remarks) {
      resources_.log.warning("correspondence_shortened", {{"message_id", sbd.message_id().str()}, {"reason", remark}});
    }
    if (auto stored = dispatch.remember(std::string(posted), {}, {}); !stored) return failed(stored);
  }
  dispatch.reach("send.reference_stored");
  // The key makes a second call safe: Altinn refuses it before anything else (dpv.md 6.2).
  auto id = noted(client_.upload(*correspondence, dispatch.blobs(), stop));
  if (id) return sent(std::move(*id), correspondence->title);
  auto error = std::move(id).error();
  if (error.code == "dpv.duplicate") {
    const auto message_id = sbd.message_id().str();
    auto known = noted(client_.find(message_id, resource));
    const bool found = known && !known->empty();
    // It is there. What Altinn calls it is found out when it is asked about.
    return sent(found ? std::move(*known) : unknown_reference(resource, message_id), correspondence->title);
  }
  if (error.code == "dpv.once") {
    if (refused_before) {
      error.disposition = Disposition::reject;
    } else if (auto stored = dispatch.remember(std::string(refused_once), {}, {}); !stored) {
      return failed(stored);
    }
  }
  return tl::unexpected(std::move(error));
}

/// Gone, but perhaps only for a while.
ports::StatusReport DpvTransport::missing(const ports::StatusQuestion& question) const {
  const Time now = resources_.clock.now();
  ports::StatusReport report;
  const auto before = read_missing(question.remembered);
  const Time since = before ? before->since : now;
  if (now - since < gone_for) {
    report.remember = write_missing({since});
    return report;
  }
  report.statuses.push_back({ReceiptStatus::annet, {}, std::string(gone_text), {}});
  report.settled = true;
  return report;
}

Result<ports::StatusReport> DpvTransport::status(const ports::StatusQuestion& question) {
  auto id = question.remote_reference;
  if (const auto slash = id.find('/'); slash != std::string::npos) {
    auto found = noted(client_.find(id.substr(slash + 1), id.substr(0, slash)));
    if (!found) return failed(found);
    if (found->empty()) return ports::StatusReport{};
    id = std::move(*found);
  }
  auto answer = noted(client_.overview(id));
  if (!answer) return failed(answer);
  constexpr int not_found = 404;
  constexpr int gone = 410;
  constexpr int unknown_code = 1001;
  const bool unknown = answer->status == not_found && error_code(answer->body) == unknown_code;
  if (unknown || answer->status == gone) return missing(question);
  if (!answer->ok()) {
    auto error = error_of(*answer, "the overview", resources_.clock.now());
    // A question is never the message's fault.
    error.disposition = Disposition::retry;
    return noted(Result<ports::StatusReport>(tl::unexpected(std::move(error))));
  }
  auto report = read_overview(answer->body);
  if (report && id != question.remote_reference) report->remote_reference = id;
  return report;
}

}  // namespace kanal::transports::dpv
