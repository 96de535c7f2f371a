#include "sim/fiks_io_state.hpp"

#include <algorithm>

#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

constexpr std::size_t max_messages = 200'000;

template <class Map>
auto found_in(const Map& map, const std::string& id) {
  const auto found = map.find(lower_case(id));
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

template <class Map>
auto values_of(const Map& map) {
  std::vector<typename Map::mapped_type> out;
  out.reserve(map.size());
  for (const auto& [id, value] : map) out.push_back(value);
  return out;
}

}  // namespace

FiksIoState::FiksIoState(FiksIoRules rules, const Environment& environment)
    : environment_(environment), rules_(rules) {}

void FiksIoState::add_account(FiksIoAccount account) {
  account.konto_id = lower_case(account.konto_id);
  if (account.fiks_org_id.empty()) account.fiks_org_id = derived_uuid("fiks-org", account.orgnr);
  if (account.fiks_org_navn.empty()) account.fiks_org_navn = account.navn;
  auto id = account.konto_id;
  const std::scoped_lock lock(mutex_);
  accounts_.insert_or_assign(std::move(id), std::move(account));
}

std::optional<FiksIoAccount> FiksIoState::account(const std::string& konto_id) const {
  const std::scoped_lock lock(mutex_);
  return found_in(accounts_, konto_id);
}

std::vector<FiksIoAccount> FiksIoState::accounts() const {
  const std::scoped_lock lock(mutex_);
  return values_of(accounts_);
}

void FiksIoState::add_integration(FiksIoIntegration integration) {
  integration.id = lower_case(integration.id);
  std::set<std::string> konto_ids;
  for (const auto& id : integration.konto_ids) konto_ids.insert(lower_case(id));
  integration.konto_ids = std::move(konto_ids);
  auto id = integration.id;
  const std::scoped_lock lock(mutex_);
  integrations_.insert_or_assign(std::move(id), std::move(integration));
}

std::optional<FiksIoIntegration> FiksIoState::integration(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  return found_in(integrations_, id);
}

std::vector<FiksIoIntegration> FiksIoState::integrations() const {
  const std::scoped_lock lock(mutex_);
  return values_of(integrations_);
}

void FiksIoState::record(FiksIoMessage message) {
  const std::scoped_lock lock(mutex_);
  messages_.push_back(std::move(message));
  if (messages_.size() > max_messages) messages_.pop_front();
}

std::optional<FiksIoMessage> FiksIoState::message(const std::string& melding_id) const {
  const auto wanted = lower_case(melding_id);
  const std::scoped_lock lock(mutex_);
  // The one asked for is usually among the newest.
  const auto found = std::find_if(messages_.rbegin(), messages_.rend(),
                                  [&](const FiksIoMessage& one) { return one.melding_id == wanted; });
  return found == messages_.rend() ? std::nullopt : std::optional(*found);
}

std::vector<FiksIoMessage> FiksIoState::messages(std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(limit, messages_.size()));
  return {messages_.rbegin(), messages_.rbegin() + count};
}

void FiksIoState::store(FiksIoStored stored) {
  auto id = stored.id;
  const auto now = environment_.clock.now();
  const std::scoped_lock lock(mutex_);
  std::erase_if(stored_, [&](const auto& entry) { return entry.second.expires <= now; });
  stored_.insert_or_assign(std::move(id), std::move(stored));
}

void FiksIoState::drop_stored(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  stored_.erase(lower_case(id));
}

std::optional<FiksIoStored> FiksIoState::stored(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  auto found = found_in(stored_, id);
  if (!found || found->expires > environment_.clock.now()) return found;
  stored_.erase(found->id);
  return std::nullopt;
}

void FiksIoState::set_script(const std::string& konto_id, std::optional<FiksIoScript> script) {
  const std::scoped_lock lock(mutex_);
  if (script) {
    scripts_.insert_or_assign(lower_case(konto_id), std::move(*script));
  } else {
    scripts_.erase(lower_case(konto_id));
  }
}

std::optional<FiksIoScript> FiksIoState::script(const std::string& konto_id) const {
  const std::scoped_lock lock(mutex_);
  return found_in(scripts_, konto_id);
}

std::vector<std::string> FiksIoState::scripted() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> out;
  out.reserve(scripts_.size());
  for (const auto& [id, script] : scripts_) out.push_back(id);
  return out;
}

FiksIoRules FiksIoState::rules() const {
  const std::scoped_lock lock(mutex_);
  return rules_;
}

void FiksIoState::change_rules(const std::function<void(FiksIoRules&)>& change) {
  const std::scoped_lock lock(mutex_);
  change(rules_);
}

}  // namespace kanal::sim
