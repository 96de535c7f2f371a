#include "sim/svarut_state.hpp"

#include <algorithm>

#include "base/ids.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view ready = "KLAR_FOR_MOTTAK";

/// Where downloads of what was injected come from is filled in by SvarInn, which knows its address.
std::string id_of(const json::value& item) {
  const auto* object = item.if_object();
  const auto* id = object != nullptr ? object->if_contains("id") : nullptr;
  return id != nullptr && id->is_string() ? std::string(id->get_string()) : std::string{};
}

std::string receiver_of(const json::value& item) {
  const auto* object = item.if_object();
  const auto* receiver = object != nullptr ? object->if_contains("mottaker") : nullptr;
  if (receiver == nullptr || !receiver->is_object()) return {};
  const auto* orgnr = receiver->get_object().if_contains("orgnr");
  return orgnr != nullptr && orgnr->is_string() ? std::string(orgnr->get_string()) : std::string{};
}

}  // namespace

SvarUtState::SvarUtState(SvarUtRules rules, const Environment& environment)
    : environment_(environment), rules_(std::move(rules)) {}

void SvarUtState::add_account(SvarUtAccount account) {
  const std::scoped_lock lock(mutex_);
  auto id = account.konto_id;
  accounts_.insert_or_assign(std::move(id), std::move(account));
}

std::optional<SvarUtAccount> SvarUtState::account(const std::string& konto_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = accounts_.find(konto_id);
  return found == accounts_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<SvarUtAccount> SvarUtState::account_of_integration(const std::string& integrasjon_id) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, account] : accounts_) {
    if (account.integrasjon_id == integrasjon_id) return account;
  }
  return std::nullopt;
}

std::optional<SvarUtAccount> SvarUtState::soap_account(const std::string& username, const std::string& password) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, account] : accounts_) {
    if (!username.empty() && account.username == username && account.password == password) return account;
  }
  return std::nullopt;
}

void SvarUtState::add_system(Mottakersystem system) {
  const std::scoped_lock lock(mutex_);
  auto name = system.username;
  systems_.insert_or_assign(std::move(name), std::move(system));
}

void SvarUtState::remove_system(const std::string& username) {
  const std::scoped_lock lock(mutex_);
  systems_.erase(username);
}

std::optional<Mottakersystem> SvarUtState::system(const std::string& username) const {
  const std::scoped_lock lock(mutex_);
  const auto found = systems_.find(username);
  return found == systems_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Mottakersystem> SvarUtState::systems() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Mottakersystem> out;
  out.reserve(systems_.size());
  for (const auto& [name, system] : systems_) out.push_back(system);
  return out;
}

std::set<int> SvarUtState::levels_of(const std::string& orgnr) const {
  const std::scoped_lock lock(mutex_);
  std::set<int> out;
  for (const auto& [name, system] : systems_) {
    if (system.orgnr.contains(orgnr) && !system.forsendelsestype)
      out.insert(system.levels.begin(), system.levels.end());
  }
  return out;
}

/// A system for exactly this forsendelsestype goes before one that takes what is left.
std::string SvarUtState::system_for(const Forsendelse& forsendelse) const {
  std::string general;
  for (const auto& [name, system] : systems_) {
    if (!system.orgnr.contains(forsendelse.mottaker) || !system.levels.contains(forsendelse.niva)) continue;
    if (!system.forsendelsestype) {
      general = name;
    } else if (*system.forsendelsestype == forsendelse.forsendelsestype) {
      return name;
    }
  }
  return general;
}

Result<std::string> SvarUtState::accept(Forsendelse forsendelse) {
  const std::scoped_lock lock(mutex_);
  if (forsendelse.id.empty()) forsendelse.id = new_uuid();
  if (by_id_.contains(forsendelse.id)) {
    return reject("svarut.duplicate", "Duplikat: forsendelse med id " + forsendelse.id + " finnes fra før");
  }
  forsendelse.accepted = environment_.clock.now();
  forsendelse.number = all_.size() + 1;
  forsendelse.mottakersystem = system_for(forsendelse);
  const Time accepted = forsendelse.accepted + rules_.accept_delay;
  const Time prepared = accepted + rules_.ready_delay;
  const bool received = !forsendelse.mottakersystem.empty();
  forsendelse.statuses = {{"MOTTATT", forsendelse.accepted},
                          {"AKSEPTERT", accepted},
                          {received                  ? std::string(ready)
                           : forsendelse.kun_digital ? "SENDT_DIGITALT"
                                                     : "VARSLET",
                           prepared}};
  if (const auto fate = fates_.find(forsendelse.mottaker); fate != fates_.end()) {
    forsendelse.statuses.push_back({fate->second, prepared + rules_.fate_delay});
  }
  if (received) {
    queues_[forsendelse.mottakersystem].push_back(all_.size());
  } else {
    for (auto& dokument : forsendelse.dokumenter) dokument.content.reset();
  }
  by_id_.emplace(forsendelse.id, all_.size());
  all_.push_back(std::make_shared<Forsendelse>(std::move(forsendelse)));
  return all_.back()->id;
}

ForsendelseStatus SvarUtState::status_of(const Forsendelse& forsendelse) const {
  const auto now = environment_.clock.now();
  ForsendelseStatus out = forsendelse.statuses.front();
  for (const auto& status : forsendelse.statuses) {
    if (status.time <= now) out = status;
  }
  return out;
}

bool SvarUtState::waits(const Forsendelse& forsendelse) const { return status_of(forsendelse).status == ready; }

std::vector<std::pair<std::string, ForsendelseStatus>> SvarUtState::statuses(const std::vector<std::string>& ids,
                                                                             const std::string& konto_id) const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::pair<std::string, ForsendelseStatus>> out;
  for (const auto& id : ids) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end() || all_[found->second]->konto_id != konto_id) continue;
    out.emplace_back(id, status_of(*all_[found->second]));
  }
  return out;
}

std::vector<Forsendelse> SvarUtState::by_ekstern_ref(const std::string& ekstern_ref,
                                                     const std::string& konto_id) const {
  const std::scoped_lock lock(mutex_);
  std::vector<Forsendelse> out;
  for (const auto& forsendelse : all_) {
    if (forsendelse->ekstern_ref == ekstern_ref && forsendelse->konto_id == konto_id) out.push_back(*forsendelse);
  }
  return out;
}

std::optional<Forsendelse> SvarUtState::find(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(*all_[found->second]);
}

std::vector<Forsendelse> SvarUtState::forsendelser(std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  std::vector<Forsendelse> out;
  for (auto at = all_.rbegin(); at != all_.rend() && out.size() < limit; ++at) out.push_back(**at);
  return out;
}

/// A changed copy takes its place: whoever reads the old one is not disturbed.
void SvarUtState::replace(Shared& forsendelse, const std::function<void(Forsendelse&)>& change) {
  auto copy = std::make_shared<Forsendelse>(*forsendelse);
  change(*copy);
  forsendelse = std::move(copy);
}

void SvarUtState::move_on(Forsendelse& forsendelse, const std::string& status) const {
  const auto now = environment_.clock.now();
  std::erase_if(forsendelse.statuses, [&](const ForsendelseStatus& other) { return other.time > now; });
  forsendelse.statuses.push_back({status, now});
  if (status == ready) return;
  for (auto& dokument : forsendelse.dokumenter) dokument.content.reset();
}

bool SvarUtState::set_status(const std::string& id, const std::string& status) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  auto& forsendelse = all_[found->second];
  if (status != ready) std::erase(queues_[forsendelse->mottakersystem], found->second);
  replace(forsendelse, [&](Forsendelse& changed) { move_on(changed, status); });
  return true;
}

void SvarUtState::set_fate(const std::string& orgnr, const std::string& status) {
  const std::scoped_lock lock(mutex_);
  if (status.empty()) {
    fates_.erase(orgnr);
  } else {
    fates_.insert_or_assign(orgnr, status);
  }
}

std::vector<QueuedItem> SvarUtState::queue(const std::string& username) const {
  const std::scoped_lock lock(mutex_);
  std::vector<QueuedItem> out;
  if (const auto injected = injected_.find(username); injected != injected_.end()) out = injected->second;
  if (const auto places = queues_.find(username); places != queues_.end()) {
    for (const auto place : places->second) {
      const auto& forsendelse = all_[place];
      if (waits(*forsendelse)) out.push_back({forsendelse, {}, forsendelse->id, forsendelse->mottaker});
    }
  }
  return out;
}

std::optional<QueuedItem> SvarUtState::queued(const std::string& username, const std::string& id) const {
  const auto items = queue(username);
  const auto found = std::ranges::find(items, id, &QueuedItem::id);
  return found == items.end() ? std::nullopt : std::optional(*found);
}

bool SvarUtState::acknowledge(const std::string& username, const std::string& id) {
  const std::scoped_lock lock(mutex_);
  const auto done = [&] {
    acknowledged_.emplace(username, id);
    return true;
  };
  auto& injected = injected_[username];
  if (std::erase_if(injected, [&](const QueuedItem& item) { return item.id == id; }) != 0) return done();
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  auto& forsendelse = all_[found->second];
  if (forsendelse->mottakersystem != username || !waits(*forsendelse)) return false;
  std::erase(queues_[username], found->second);
  replace(forsendelse, [&](Forsendelse& changed) { move_on(changed, "LEST"); });
  return done();
}

bool SvarUtState::acknowledged(const std::string& username, const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  return acknowledged_.contains({username, id});
}

bool SvarUtState::fail(const std::string& username, const std::string& id, const std::string& feilmelding,
                       bool permanent) {
  const std::scoped_lock lock(mutex_);
  auto& injected = injected_[username];
  const auto same = [&](const QueuedItem& item) { return item.id == id; };
  if (std::ranges::any_of(injected, same)) {
    if (permanent) std::erase_if(injected, same);
    return true;
  }
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  auto& forsendelse = all_[found->second];
  if (forsendelse->mottakersystem != username || !waits(*forsendelse)) return false;
  if (permanent) std::erase(queues_[username], found->second);
  replace(forsendelse, [&](Forsendelse& changed) {
    changed.feilmeldinger.push_back(feilmelding);
    if (permanent) move_on(changed, "VARSLET");
  });
  return true;
}

std::string SvarUtState::inject(InjectedItem item) {
  const std::scoped_lock lock(mutex_);
  auto id = id_of(item.item);
  if (id.empty()) id = new_uuid();
  if (auto* object = item.item.if_object(); object != nullptr && !object->contains("id")) (*object)["id"] = id;
  auto organisation = receiver_of(item.item);
  auto username = item.username;
  injected_[username].push_back(
      {{}, std::make_shared<const InjectedItem>(std::move(item)), id, std::move(organisation)});
  return id;
}

SvarUtRules SvarUtState::rules() const {
  const std::scoped_lock lock(mutex_);
  return rules_;
}

void SvarUtState::set_rules(SvarUtRules rules) {
  const std::scoped_lock lock(mutex_);
  rules_ = std::move(rules);
}

}  // namespace kanal::sim
