#include "transports/dpf/dpf_transport.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kanal::transports::dpf {
namespace {

using namespace std::chrono;

constexpr int statuses_per_call = 100;

ports::Descriptor describe_service(const Settings& settings, const InnSettings& in) {
  ports::Descriptor descriptor;
  descriptor.service = ServiceIdentifier("DPF");
  descriptor.title = "KS SvarUt and SvarInn";
  if (settings.sends) descriptor.message_types = {"arkivmelding"};
  descriptor.isolation = domain::Isolation::by_switch;
  descriptor.isolation_property = "difi.move.fiks.inn.enable";
  descriptor.upload_size_limit = settings.upload_size_limit;
  descriptor.upload_size_text = settings.upload_size_text;
  descriptor.default_ttl = settings.default_ttl;
  descriptor.local_receipt = domain::ReceiptStatus::lest;
  descriptor.receives = !in.accounts.empty();
  descriptor.polling_interval = in.polling_interval;
  descriptor.list_window = inn_list_window;
  descriptor.leaves_unreadable = true;
  auto& follow = descriptor.follow;
  follow.first = std::min<Duration>(seconds(5), settings.status_interval);
  follow.interval = settings.status_interval;
  follow.longest = std::max<Duration>(settings.longest_status_interval, settings.status_interval);
  follow.grows_over = settings.status_interval_grows_over;
  follow.limit = 0;
  follow.pollable = true;
  follow.batch = statuses_per_call;
  follow.after_delivery = true;
  return descriptor;
}

tl::unexpected<Error> does_not_receive() {
  return retry("dpf.off", "difi.move.fiks.inn.enable is false: this installation does not receive over DPF");
}

tl::unexpected<Error> does_not_send() {
  return retry("dpf.off", "difi.move.feature.enableDPF is false: this installation only receives over DPF");
}

}  // namespace

DpfTransport::DpfTransport(Settings out, InnSettings in, const Resources& resources)
    : out_(std::move(out)), in_(std::move(in)), descriptor_(describe_service(out_, in_)) {
  if (out_.sends) svarut_.emplace(out_, resources);
  if (in_.enabled) svarinn_.emplace(in_, resources);
}

Result<void> DpfTransport::complete(domain::Sbd& sbd, const ports::CreateContext& context) {
  if (svarut_) return svarut_->complete(sbd, context);
  return reject("submit.service_disabled", fmt::format("Service {} is not enabled", descriptor_.service.str()));
}

Result<void> DpfTransport::check_file(const domain::Sbd& sbd, const ports::Attachment& file) {
  return svarut_ ? svarut_->check_file(sbd, file) : Result<void>{};
}

Result<ports::Sent> DpfTransport::send(const ports::OutboundDocument& document, ports::Dispatch& dispatch,
                                       std::stop_token stop) {
  if (svarut_) return svarut_->send(document, dispatch, std::move(stop));
  return does_not_send();
}

Result<ports::StatusReport> DpfTransport::status(const ports::StatusQuestion& question) {
  return std::move(statuses({question}).front());
}

std::vector<Result<ports::StatusReport>> DpfTransport::statuses(const std::vector<ports::StatusQuestion>& questions) {
  if (svarut_) return svarut_->statuses(questions);
  return {questions.size(), Result<ports::StatusReport>(does_not_send())};
}

std::vector<ports::Inbox> DpfTransport::inboxes() const {
  return svarinn_ ? svarinn_->inboxes() : std::vector<ports::Inbox>{};
}

Result<std::vector<ports::Listed>> DpfTransport::list(const ports::Inbox& inbox, std::stop_token stop) {
  if (svarinn_) return svarinn_->list(inbox, std::move(stop));
  return does_not_receive();
}

Result<ports::RemoteItem> DpfTransport::describe(const ports::Inbox& inbox, const std::string& remote_id) {
  if (svarinn_) return svarinn_->describe(inbox, remote_id);
  return does_not_receive();
}

Result<void> DpfTransport::fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) {
  if (svarinn_) return svarinn_->fetch(item, into, std::move(stop));
  return does_not_receive();
}

Result<ports::InboundDocument> DpfTransport::open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                                  ports::OpenContext context) {
  if (svarinn_) return svarinn_->open(item, raw, std::move(context));
  return does_not_receive();
}

Result<ports::Acknowledged> DpfTransport::acknowledge(const ports::RemoteItem& item) {
  if (svarinn_) return svarinn_->acknowledge(item);
  return does_not_receive();
}

Result<ports::Acknowledged> DpfTransport::refuse(const ports::RemoteItem& item) {
  if (svarinn_) return svarinn_->refuse(item);
  return does_not_receive();
}

ports::TransportHealth DpfTransport::health() const {
  auto health = svarut_ ? svarut_->health() : ports::TransportHealth{};
  if (!svarinn_) return health;
  if (const auto in = svarinn_->health(); !in.up) health.add(in.detail);
  return health;
}

}  // namespace kanal::transports::dpf
