#include "transports/dpf/svarinn.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "domain/made_sbd.hpp"
#include "domain/partner.hpp"
#include "transports/dpf/svarinn_package.hpp"

namespace kanal::transports::dpf {
namespace {

/// Downloads that bring nothing readable before the content itself is blamed, not its way here.
constexpr int damaged_downloads = 3;

std::string iso6523(const std::string& orgnr) { return domain::iso6523(Orgnr(orgnr)); }

/// Who sent it, as far as KS tells.
std::string sender_of(const InnForsendelse& forsendelse, const InnSettings& settings) {
  return iso6523(forsendelse.sender.orgnr.empty() ? settings.fallback_sender : forsendelse.sender.orgnr);
}

}  // namespace

SvarInn::SvarInn(const InnSettings& settings, const Resources& resources)
    : settings_(settings),
      resources_(resources),
      client_(settings_, resources_.http, resources_.clock, resources_.log) {}

std::vector<ports::Inbox> SvarInn::inboxes() const {
  std::vector<ports::Inbox> inboxes;
  inboxes.reserve(settings_.accounts.size());
  for (const auto& account : settings_.accounts) inboxes.push_back({iso6523(account.organisation), {}, false});
  return inboxes;
}

/// The account that listed an item acknowledges it, whichever organisation the item is for (8.2).
Result<const InnAccount*> SvarInn::account_of(const std::string& inbox) const {
  const auto account = std::ranges::find(settings_.accounts, domain::without_icd(inbox), &InnAccount::organisation);
  if (account != settings_.accounts.end()) return &*account;
  return retry("dpf.no_account", fmt::format("SvarInn credentials not configured for {}", inbox));
}

Result<SvarInn::SharedWaiting> SvarInn::find(const std::string& inbox, const std::string& remote_id) const {
  const std::scoped_lock lock(mutex_);
  if (const auto listed = waiting_.find(inbox); listed != waiting_.end()) {
    if (const auto item = listed->second.find(remote_id); item != listed->second.end()) return item->second;
  }
  return retry("dpf.not_listed", "SvarInn has not listed the forsendelse lately");
}

void SvarInn::note(const std::string& organisation, const Error* error) {
  const std::scoped_lock lock(mutex_);
  if (error == nullptr) {
    problems_.erase(organisation);
  } else if (error->code != "http.stopped") {
    problems_[organisation] = error->text();
  }
}

Result<std::vector<ports::Listed>> SvarInn::list(const ports::Inbox& inbox, std::stop_token stop) {
  auto account = account_of(inbox.id);
  if (!account) return failed(account);
  auto list = client_.list(**account, std::move(stop));
  note((*account)->organisation, list ? nullptr : &list.error());
  if (!list) return failed(list);
  std::vector<ports::Listed> listed;
  listed.reserve(list->forsendelser.size());
  WaitingById waiting;
  for (auto& forsendelse : list->forsendelser) {
    listed.push_back({forsendelse.id, false});
    auto id = forsendelse.id;
    waiting.emplace(std::move(id), std::make_shared<const Waiting>(Waiting{std::move(forsendelse), {}}));
  }
  const std::scoped_lock lock(mutex_);
  waiting_[inbox.id] = std::move(waiting);
  return listed;
}

Result<ports::RemoteItem> SvarInn::describe(const ports::Inbox& inbox, const std::string& remote_id) {
  auto waiting = find(inbox.id, remote_id);
  if (!waiting) return failed(waiting);
  const auto& forsendelse = (*waiting)->forsendelse;
  ports::RemoteItem item;
  item.service = ServiceIdentifier("DPF");
  item.inbox = inbox.id;
  item.remote_id = remote_id;
  item.sender = sender_of(forsendelse, settings_);
  item.created = item.published = forsendelse.date.value_or(resources_.clock.now());
  return item;
}

Result<void> SvarInn::fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop) {
  auto account = account_of(item.inbox);
  if (!account) return failed(account);
  auto waiting = find(item.inbox, item.remote_id);
  if (!waiting) return failed(waiting);
  auto download = client_.download(**account, (*waiting)->forsendelse, into, std::move(stop));
  if (!download) return failed(download);
  auto known = std::make_shared<const Waiting>(Waiting{(*waiting)->forsendelse, std::move(*download)});
  const std::scoped_lock lock(mutex_);
  waiting_[item.inbox].insert_or_assign(item.remote_id, std::move(known));
  return {};
}

domain::Sbd SvarInn::document_of(const InnForsendelse& forsendelse, const InnAccount& account) const {
  auto sbd = domain::make_sbd(
      {sender_of(forsendelse, settings_),
       iso6523(forsendelse.receiver.empty() ? account.organisation : forsendelse.receiver), settings_.document_type,
       "arkivmelding", MessageId(forsendelse.id), ConversationId(forsendelse.id), settings_.process},
      settings_.default_ttl, resources_.clock.now());
  if (!forsendelse.answers.empty()) domain::add_scope(sbd, domain::scope_type::receiver_ref, forsendelse.answers);
  boost::json::object body;
  if (forsendelse.level) body["sikkerhetsnivaa"] = *forsendelse.level;
  sbd.body = std::move(body);
  return sbd;
}

Result<ports::InboundDocument> SvarInn::open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                             ports::OpenContext context) {
  auto account = account_of(item.inbox);
  if (!account) return failed(account);
  auto waiting = find(item.inbox, item.remote_id);
  if (!waiting) return failed(waiting);
  const auto& [forsendelse, download] = **waiting;
  ports::InboundDocument document;
  document.sbd = document_of(forsendelse, **account);
  auto package = repack(forsendelse, download, raw,
                        {settings_.keys,
                         resources_.identities.front(),
                         {document.sbd.sender_value(), document.sbd.receiver_value()},
                         resources_.clock.now()},
                        context.blobs);
  const bool locked = !package && package.error().code == "dpf.certificate";
  {
    const std::scoped_lock lock(mutex_);
    if (locked) {
      locked_[(*account)->organisation] = package.error().text();
    } else {
      locked_.erase((*account)->organisation);
    }
  }
  if (package) {
    document.package = std::move(*package);
    return document;
  }
  auto error = std::move(package).error();
  if (error.code == "dpf.damaged" && item.attempts + 1 < damaged_downloads) error.disposition = Disposition::retry;
  return tl::unexpected(std::move(error));
}

Result<ports::Acknowledged> SvarInn::acknowledge(const ports::RemoteItem& item) {
  auto account = account_of(item.inbox);
  if (!account) return failed(account);
  return client_.acknowledge(**account, item.remote_id);
}

Result<ports::Acknowledged> SvarInn::refuse(const ports::RemoteItem& item) {
  auto account = account_of(item.inbox);
  if (!account) return failed(account);
  return client_.report_failure(**account, item.remote_id,
                                "Mottakerens integrasjonspunkt kan ikke lese forsendelsen: " + item.reason);
}

ports::TransportHealth SvarInn::health() const {
  ports::TransportHealth health;
  const std::scoped_lock lock(mutex_);
  for (const auto* problems : {&problems_, &locked_}) {
    for (const auto& [organisation, problem] : *problems) {
      health.add(fmt::format("SvarInn for {}: {}", organisation, problem));
    }
  }
  return health;
}

}  // namespace kanal::transports::dpf
