#include "sim/corner2_state.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ascii.hpp"
#include "base/ids.hpp"
#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

constexpr std::size_t max_channel = 28;

/// The types that a message's receipts have, in order.
std::vector<std::string> types_of(const DpiMessage& message, const Behaviour& behaviour) {
  if (behaviour.fate == Fate::fail_at_corner2) return {};
  if (behaviour.fate == Fate::supplier_error) return {"feil"};
  if (message.type == DpiType::utskrift) {
    std::vector<std::string> out{"mottakskvittering", "leveringskvittering"};
    if (behaviour.fate == Fate::returned) out.emplace_back("returpostkvittering");
    return out;
  }
  std::vector<std::string> out{"leveringskvittering"};
  if (behaviour.fate == Fate::notification_failed) out.emplace_back("varslingfeiletkvittering");
  if (message.wants_opening_receipt) out.emplace_back("aapningskvittering");
  return out;
}

std::string shown(const std::string& channel) { return channel.empty() ? "-" : channel; }

}  // namespace

std::optional<Fate> parse_fate(std::string_view name) {
  if (name == "deliver") return Fate::deliver;
  if (name == "fail_at_corner2") return Fate::fail_at_corner2;
  if (name == "supplier_error") return Fate::supplier_error;
  if (name == "notification_failed") return Fate::notification_failed;
  if (name == "returned") return Fate::returned;
  return std::nullopt;
}

std::string normal_channel(std::string_view name, ChannelRule rule) {
  return lower_case(rule == ChannelRule::cut ? name.substr(0, max_channel) : name);
}

bool channel_allowed(std::string_view name, ChannelRule rule) {
  if (rule != ChannelRule::strict) return true;
  return !name.empty() && name.size() <= max_channel && std::ranges::all_of(name, [](char c) {
    const char letter = ascii_lower(c);
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Corner2State::Corner2State(Corner2Rules rules, ReceiptMaker& receipts, const Environment& environment)
    : environment_(environment), receipt_maker_(receipts), rules_(std::move(rules)) {}

bool Corner2State::knows(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  return messages_.contains(id);
}

Behaviour Corner2State::behaviour_of(const DpiMessage& message) const {
  const auto found = behaviours_.find(message.type == DpiType::digital ? message.mailbox : message.addressee);
  return found == behaviours_.end() ? Behaviour{} : found->second;
}

Result<void> Corner2State::accept(DpiMessage message, const DpiCaller& sender, const std::string& channel,
                                  std::vector<ReceivedDocument> documents) {
  message.token.clear();
  const auto now = environment_.clock.now();
  const auto objection = supplier_objection(message.type, documents);
  AcceptedMessage accepted{std::move(message), sender, {}, now, {}, std::move(documents)};
  Behaviour behaviour;
  {
    const std::scoped_lock lock(mutex_);
    if (messages_.contains(accepted.message.id)) {
      return reject("corner2.duplicate", "instanceIdentifier " + accepted.message.id + " has been used before");
    }
    behaviour = behaviour_of(accepted.message);
    accepted.channel = normal_channel(channel, rules_.channels);
    accepted.statuses.push_back({"OPPRETTET", "Registrert", now});
    if (behaviour.fate == Fate::fail_at_corner2) {
      accepted.statuses.push_back({"FEILET", behaviour.text, now + rules_.sent_delay});
    } else {
      accepted.statuses.push_back({"SENDT", "Overlevert hjørne 3", now + rules_.sent_delay});
    }
    by_age_.push_back(accepted.message.id);
    messages_.emplace(accepted.message.id, accepted);
  }
  environment_.audit.record({.simulator = "corner2",
                             .organisation = sender.organisation,
                             .vendor = sender.vendor,
                             .action = "post",
                             .subject = accepted.message.id,
                             .detail = fmt::format("kanal={} type={} conversation={}", shown(accepted.channel),
                                                   name_of(accepted.message.type), accepted.message.conversation)});
  deliver(accepted, behaviour, objection);
  return {};
}

void Corner2State::deliver(const AcceptedMessage& message, const Behaviour& behaviour, const std::string& objection) {
  const auto rules = this->rules();
  auto time = message.accepted + rules.sent_delay + rules.delivery_delay;
  auto effective = behaviour;
  if (!objection.empty() && behaviour.fate != Fate::fail_at_corner2) effective = {Fate::supplier_error, objection};
  std::vector<ReceiptOrder> orders;
  for (const auto& type : types_of(message.message, effective)) {
    ReceiptOrder order{.type = type, .time = time, .id = {}};
    if (type == "feil" || type == "varslingfeiletkvittering") order.text = effective.text;
    if (type == "feil" && !objection.empty()) order.kind = "KLIENT";
    if (type == "varslingfeiletkvittering" && message.message.notify_by_sms && !message.message.notify_by_email) {
      order.kind = "sms";
    }
    orders.push_back(std::move(order));
    time += rules.later_delay;
  }
  auto& faults = environment_.faults;
  const auto met = [&](std::string_view fault) {
    return faults.any() && faults.consume(fault, message.message.conversation, message.sender.organisation);
  };
  if (orders.size() > 1 && met("corner2.receipt.out_of_order")) {
    std::swap(orders.front().time, orders.back().time);
    std::ranges::reverse(orders);
  }
  for (auto& order : orders) {
    order.id = new_uuid();
    for (const auto& flaw : receipt_flaws()) {
      if (order.flaw == ReceiptFlaw::none && met(fmt::format("corner2.receipt.{}", flaw.name))) order.flaw = flaw.flaw;
    }
    const bool twice = met("corner2.receipt.duplicate");
    const bool again = met("corner2.receipt.repeated");
    queue_one(message, order);
    if (twice) queue_one(message, order);
    if (again) {
      order.id = new_uuid();
      queue_one(message, order);
    }
  }
}

void Corner2State::queue_one(const AcceptedMessage& about, const ReceiptOrder& order, Bytes package) {
  QueuedReceipt receipt;
  receipt.id = order.id;
  receipt.type = order.type;
  receipt.conversation = about.message.conversation;
  receipt.owner = about.sender;
  receipt.channel = about.channel;
  receipt.sender_unit = about.message.sender_unit.value_or("");
  receipt.visible = order.time;
  for (const auto& flaw : receipt_flaws()) {
    if (flaw.flaw == order.flaw) receipt.flaw = flaw.name;
  }
  receipt.jws = receipt_maker_.make(about.message, order);
  receipt.package = std::move(package);
  add(std::move(receipt));
}

void Corner2State::add(QueuedReceipt receipt) {
  const std::scoped_lock lock(mutex_);
  receipt.number = all_.size() + 1;
  auto shared = std::make_shared<QueuedReceipt>(std::move(receipt));
  unread_[shared->owner.organisation].emplace(std::pair(shared->visible, shared->number), shared);
  unread_by_id_.emplace(shared->id, shared);
  all_.push_back(std::move(shared));
}

std::optional<std::vector<DpiStatus>> Corner2State::statuses(const std::string& id, const DpiCaller& caller) const {
  const auto now = environment_.clock.now();
  const std::scoped_lock lock(mutex_);
  const auto found = messages_.find(id);
  if (found == messages_.end() || found->second.sender.organisation != caller.organisation) return std::nullopt;
  std::vector<DpiStatus> out;
  for (const auto& status : found->second.statuses) {
    if (status.time <= now) out.push_back(status);
  }
  return out;
}

std::vector<std::shared_ptr<const QueuedReceipt>> Corner2State::list(const InboxQuery& query, const DpiCaller& caller) {
  const auto now = environment_.clock.now();
  std::vector<std::shared_ptr<const QueuedReceipt>> out;
  std::size_t foreign = 0;
  {
    const std::scoped_lock lock(mutex_);
    ++polls_;
    std::optional<std::string> channel;
    if (query.channel) channel = normal_channel(*query.channel, rules_.channels);
    auto skip = query.page * query.page_size;
    for (const auto& [when, receipt] : unread_[caller.organisation]) {
      if (when.first > now || out.size() >= query.page_size) break;
      if (channel && receipt->channel != *channel) continue;
      if (query.sender_unit && receipt->sender_unit != *query.sender_unit) continue;
      if (skip > 0) {
        --skip;
        continue;
      }
      if (receipt->owner.vendor != caller.vendor) ++foreign;
      out.push_back(receipt);
    }
  }
  environment_.audit.record(
      {.simulator = "corner2",
       .organisation = caller.organisation,
       .vendor = caller.vendor,
       .action = "list",
       .subject = query.channel ? lower_case(*query.channel) : "*",
       .detail = fmt::format("avsenderidentifikator={} page={} page_size={} items={} foreign={}",
                             query.sender_unit.value_or("*"), query.page, query.page_size, out.size(), foreign)});
  return out;
}

bool Corner2State::read(const std::string& id, const DpiCaller& caller) {
  const auto now = environment_.clock.now();
  std::vector<Shared> marked;
  {
    const std::scoped_lock lock(mutex_);
    const auto last = unread_by_id_.upper_bound(id);
    for (auto entry = unread_by_id_.lower_bound(id); entry != last;) {
      if (entry->second->visible > now) {
        ++entry;
        continue;
      }
      const auto kept = entry->second;
      entry = unread_by_id_.erase(entry);
      const auto& receipt = *kept;
      unread_[receipt.owner.organisation].erase({receipt.visible, receipt.number});
      // Others may be handing the old one out: they keep it, the list gets a new one.
      auto changed = std::make_shared<QueuedReceipt>(receipt);
      changed->read = now;
      changed->reader = caller;
      changed->jws.reset();
      changed->package.clear();
      all_[receipt.number - 1] = changed;
      marked.push_back(std::move(changed));
    }
  }
  for (const auto& receipt : marked) {
    environment_.audit.record(
        {.simulator = "corner2",
         .organisation = caller.organisation,
         .vendor = caller.vendor,
         .action = "read",
         .subject = id,
         .detail = fmt::format("kanal={} owner={} client={} conversation={} type={}", shown(receipt->channel),
                               receipt->owner.organisation, shown(receipt->owner.vendor), receipt->conversation,
                               receipt->type)});
  }
  if (marked.empty()) {
    environment_.audit.record({.simulator = "corner2",
                               .organisation = caller.organisation,
                               .vendor = caller.vendor,
                               .action = "read.refused",
                               .subject = id,
                               .detail = "404"});
  }
  return !marked.empty();
}

std::shared_ptr<const QueuedReceipt> Corner2State::find_receipt(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = unread_by_id_.find(id);
  return found == unread_by_id_.end() ? nullptr : found->second;
}

void Corner2State::set_behaviour(const std::string& addressee, Behaviour behaviour) {
  const std::scoped_lock lock(mutex_);
  behaviours_[addressee] = std::move(behaviour);
}

Corner2Rules Corner2State::rules() const {
  const std::scoped_lock lock(mutex_);
  return rules_;
}

void Corner2State::set_rules(Corner2Rules rules) {
  const std::scoped_lock lock(mutex_);
  rules_ = std::move(rules);
}

Result<std::string> Corner2State::queue(ManualReceipt given) {
  auto& order = given.order;
  if (order.id.empty()) order.id = new_uuid();
  AcceptedMessage about;
  if (!given.message_id.empty()) {
    auto found = find(given.message_id);
    if (!found) return reject("corner2.unknown", "there is no message " + given.message_id);
    about = std::move(*found);
  } else {
    about.sender = given.owner;
    about.channel = normal_channel(given.channel, rules().channels);
    about.message.conversation = new_uuid();
    about.message.sender = about.message.organisation = given.owner.organisation;
    if (!given.sender_unit.empty()) about.message.sender_unit = given.sender_unit;
    about.message.receiver =
        receipt_maker_.supplier(about.message.type).certificate.organisation().value_or(Orgnr{}).str();
  }
  queue_one(about, order, std::move(given.package));
  return order.id;
}

std::vector<AcceptedMessage> Corner2State::messages(std::size_t limit) const {
  std::vector<AcceptedMessage> out;
  const std::scoped_lock lock(mutex_);
  for (auto id = by_age_.rbegin(); id != by_age_.rend() && out.size() < limit; ++id) out.push_back(messages_.at(*id));
  return out;
}

std::optional<AcceptedMessage> Corner2State::find(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = messages_.find(id);
  return found == messages_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::shared_ptr<const QueuedReceipt>> Corner2State::receipts(std::size_t limit) const {
  std::vector<std::shared_ptr<const QueuedReceipt>> out;
  const std::scoped_lock lock(mutex_);
  for (auto receipt = all_.rbegin(); receipt != all_.rend() && out.size() < limit; ++receipt) out.push_back(*receipt);
  return out;
}

std::uint64_t Corner2State::polls() const {
  const std::scoped_lock lock(mutex_);
  return polls_;
}

std::size_t Corner2State::foreign_reads() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(all_, [](const Shared& receipt) {
    return receipt->read && (receipt->owner.vendor != receipt->reader.vendor ||
                             receipt->owner.organisation != receipt->reader.organisation);
  }));
}

}  // namespace kanal::sim
