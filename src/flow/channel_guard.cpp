#include "flow/channel_guard.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "domain/partner.hpp"
#include "flow/retry.hpp"

namespace kanal::flow {
namespace {

/// The channel an item came on, when it is one that this inbox listens to: nobody else should use it.
std::optional<std::string> our_channel(const ports::Inbox& inbox, const ports::RemoteItem& item) {
  if (!item.channel_seen || item.channel_seen->empty()) return std::nullopt;
  return domain::is_heard(inbox.channels, *item.channel_seen) ? item.channel_seen : std::nullopt;
}

std::string taken_by(const ports::Descriptor& service, const std::optional<std::string>& channel) {
  if (service.isolation == domain::Isolation::by_switch) {
    return fmt::format(
        "taken by another installation that empties the same account; only one may: set {} to false in "
        "all others, or give each an account of its own",
        service.isolation_property);
  }
  if (service.isolation == domain::Isolation::by_account) {
    return fmt::format(
        "taken by another installation that reads the same account: give each an account of its own ({})",
        service.isolation_property);
  }
  if (service.isolation == domain::Isolation::single_installation) {
    return fmt::format(
        "taken by another installation of the organisation that reads the same queue; only one may: set {} to false in "
        "all others",
        service.isolation_property);
  }
  return channel ? fmt::format(
                       "taken by another installation that uses the channel name '{}' too; give each installation its "
                       "own {}",
                       *channel, service.isolation_property)
                 : fmt::format(
                       "taken by another installation without a channel; only one may receive: set {} in all others",
                       service.isolation_property);
}

/// Why an answer came here to a message that was never sent from here.
std::string cause_of_orphan(const ports::Descriptor& service, const ports::RemoteItem& item,
                            const std::optional<std::string>& channel) {
  if (service.isolation == domain::Isolation::single_installation) {
    const bool named = item.channel_seen && !item.channel_seen->empty();
    return fmt::format(
        "another installation of the organisation{} sends over {} too, and its answers come here: only one may (set {} "
        "to false in all others); or this installation's database was lost",
        named ? ", with the channel '" + *item.channel_seen + "'," : "", service.service.str(),
        service.isolation_property);
  }
  if (service.isolation == domain::Isolation::by_account) {
    return fmt::format(
        "another installation sends with the same account, and its answers come here: give each an account of its own "
        "({}); or this installation's database was lost",
        service.isolation_property);
  }
  if (channel) {
    return fmt::format("another installation of the organisation uses the channel name '{}' too; give each its own {}",
                       *channel, service.isolation_property);
  }
  return fmt::format(
      "another installation of the organisation sends without a channel (set {} there), this installation's database "
      "was lost, or the counterpart does not echo channels",
      service.isolation_property);
}

}  // namespace

MessageId answered_by(const domain::Sbd& document) {
  return MessageId(document.document.type == "status" ? document.document.instance_identifier
                                                      : document.body_text("relatedToMessageId"));
}

Claim claim_of(const domain::Sbd& document) {
  return {document.document.type, answered_by(document), document.conversation_id(), document.sender_value(),
          domain::write_sbd(document)};
}

/// What the service said to one acknowledgement.
struct ChannelGuard::Outcome {
  Result<ports::Acknowledged> answer;
  int fetches = 0;  ///< by anybody; 0: not asked
};

ChannelGuard::ChannelGuard(ports::Store& store, Clock& clock, Log& log) : store_(store), clock_(clock), log_(log) {}

ports::Inbox ChannelGuard::listening(ports::View& view, const ports::Descriptor& service, ports::Inbox inbox) const {
  if (service.isolation != domain::Isolation::by_channel) return inbox;
  const auto organisation = domain::without_icd(inbox.id);
  const auto open = view.open_channels(service.service);
  for (const auto& use : view.channel_uses(service.service)) {
    if (use.channel.empty() || domain::is_current(inbox.channels, use.channel)) continue;
    if (use.inbox != organisation && !inbox.all_senders) continue;
    const bool under_way = std::ranges::count(open, use.channel, &std::pair<std::string, Time>::first) > 0;
    const bool receipts_may_follow = clock_.now() < use.last_used + service.default_ttl;
    auto& retired = inbox.channels.retired;
    if ((under_way || receipts_may_follow) && std::ranges::find(retired, use.channel) == retired.end()) {
      retired.push_back(use.channel);
    }
  }
  return inbox;
}

domain::Verdict ChannelGuard::classify(const ports::Descriptor& service, const ports::Inbox& inbox,
                                       const ports::RemoteItem& item) const {
  switch (service.isolation) {
    case domain::Isolation::by_channel:
      return domain::receive_rule(inbox.channels, item.channel_seen);
    case domain::Isolation::by_message_id:
    case domain::Isolation::by_switch:
    case domain::Isolation::by_account:
    case domain::Isolation::single_installation:
      // Whatever the service offers this mailbox is for us, until the document itself says otherwise (settle).
      return domain::Verdict::ours;
  }
  return domain::Verdict::unknown;
}

Result<void> ChannelGuard::report(ports::Txn& txn, const ServiceIdentifier& service, std::string detection,
                                  std::string subject, std::string text) {
  const Time now = clock_.now();
  log_.warning("channel_finding", {{"service_identifier", service.str()}, {"detection", detection}, {"reason", text}});
  return txn.report({service, std::move(detection), std::move(subject), std::move(text), now, now, 1});
}

Result<domain::Verdict> ChannelGuard::settle(ports::Txn& txn, const ports::Descriptor& service, ports::RemoteItem& item,
                                             const ports::Inbox& inbox, const Claim& claim, bool ours) {
  if (ours) {
    item.verdict = domain::Verdict::ours;
    return domain::Verdict::ours;
  }
  const auto channel = our_channel(inbox, item);
  std::string detection = claim.kind == "status" ? "D1" : "D2";
  if (channel) detection = "D11";
  const std::string cause = cause_of_orphan(service, item, channel);
  item.verdict = domain::Verdict::unknown;
  item.state = ports::RemoteItem::State::seen;
  item.look_again = clock_.now() + look_again_delay(item.attempts);
  const bool first_time = item.refers_to.empty();
  item.refers_to = claim.message_id.empty() ? MessageId(claim.conversation_id.str()) : claim.message_id;
  item.reason = fmt::format("a {} about {} {}, which this installation never sent: {}", claim.kind,
                            claim.message_id.empty() ? "conversation" : "message", item.refers_to.str(), cause);
  ++item.attempts;
  if (!first_time) return domain::Verdict::unknown;
  ports::Orphan orphan;
  orphan.service = item.service;
  orphan.remote_id = item.remote_id;
  orphan.message_id = claim.message_id;
  orphan.conversation_id = claim.conversation_id;
  orphan.counterpart = claim.counterpart;
  orphan.kind = claim.kind;
  orphan.cause = cause;
  orphan.sbd = claim.document;
  orphan.at = clock_.now();
  if (auto kept = txn.insert(orphan); !kept) return failed(kept);
  if (auto reported = report(txn, item.service, detection, item.refers_to.str(), item.reason); !reported) {
    return failed(reported);
  }
  return domain::Verdict::unknown;
}

/// Writes down what came of one acknowledgement.
Result<void> ChannelGuard::note(ports::Txn& txn, ports::RemoteItem& item, const Outcome& outcome, bool fresh) {
  if (!outcome.answer) {
    ++item.attempts;
    item.reason = "not acknowledged yet: " + outcome.answer.error().text();
    return txn.put(item);
  }
  item.state = ports::RemoteItem::State::acknowledged;
  item.look_again = clock_.now() + look_again_delay(0);  // lists may lag behind
  const std::string about = item.refers_to.empty() ? "" : " about message " + item.refers_to.str();
  if (*outcome.answer == ports::Acknowledged::already_done && fresh) {
    auto reported = report(txn, item.service, "D8", item.remote_id,
                           fmt::format("item {}{} from {} was acknowledged by another installation while we took it: "
                                       "it may have been delivered there too",
                                       item.remote_id, about, item.sender));
    if (!reported) return failed(reported);
  }
  if (item.fetches > 0 && outcome.fetches > item.fetches) {
    auto reported = report(txn, item.service, "D7", item.remote_id,
                           fmt::format("item {}{} from {} was fetched {} times, but only {} times from here: it was "
                                       "possibly delivered by another installation too",
                                       item.remote_id, about, item.sender, outcome.fetches, item.fetches));
    if (!reported) return failed(reported);
  }
  return txn.put(item);
}

void ChannelGuard::acknowledge(ports::Transport& transport, std::vector<ports::RemoteItem>& items, bool fresh,
                               const std::function<void(std::vector<std::function<void()>>)>& run_all) {
  std::vector<std::optional<Outcome>> outcomes(items.size());
  std::vector<std::function<void()>> tasks;
  tasks.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    tasks.emplace_back([&, i] {
      auto& outcome = outcomes[i].emplace(Outcome{transport.acknowledge(items[i])});
      auto* surveillance = transport.surveillance();
      if (!outcome.answer || *outcome.answer != ports::Acknowledged::already_done || surveillance == nullptr) return;
      outcome.fetches = surveillance->fetches(items[i]).value_or(0);
    });
  }
  run_all(std::move(tasks));
  auto written = store_.write([&](ports::Txn& txn) -> Result<void> {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (auto noted = note(txn, items[i], *outcomes[i], fresh); !noted) return failed(noted);
    }
    return {};
  });
  if (!written) log_.error("acknowledgement_not_stored", {{"reason", written.error().text()}});
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (const auto& answer = outcomes[i]->answer; !answer) {
      log_.warning("acknowledge_failed", {{"remote_id", items[i].remote_id}, {"reason", answer.error().text()}});
    }
  }
}

void ChannelGuard::refuse(ports::Transport& transport, std::vector<ports::RemoteItem> items) {
  if (items.empty()) return;
  for (auto& item : items) {
    const auto told = transport.refuse(item);
    if (told) {
      item.state = ports::RemoteItem::State::refused;
      continue;
    }
    item.look_again = clock_.now() + look_again_delay(item.attempts++);
    log_.warning("refusal_failed", {{"remote_id", item.remote_id}, {"reason", told.error().text()}});
  }
  auto written = store_.write([&](ports::Txn& txn) -> Result<void> {
    for (const auto& item : items) {
      if (auto put = txn.put(item); !put) return put;
    }
    return {};
  });
  if (!written) log_.error("refusal_not_stored", {{"reason", written.error().text()}});
}

Result<void> ChannelGuard::vanished(ports::Txn& txn, const ports::Descriptor& service, ports::RemoteItem& item,
                                    const ports::Inbox& inbox) {
  const auto channel = our_channel(inbox, item);
  item.state = ports::RemoteItem::State::gone;
  item.reason = taken_by(service, channel);
  if (auto put = txn.put(item); !put) return failed(put);
  return report(txn, item.service, channel ? "D11" : "D5", item.remote_id,
                fmt::format("item {} from {} was {}", item.remote_id, item.sender, item.reason));
}

Result<void> ChannelGuard::expired(ports::Txn& txn, ports::RemoteItem& item) {
  item.state = ports::RemoteItem::State::gone;
  item.reason = "expired or removed at the service before it could be taken";
  log_.error("item_lost", {{"service_identifier", item.service.str()},
                           {"remote_id", item.remote_id},
                           {"sender", item.sender},
                           {"reason", item.reason}});
  return txn.put(item);
}

Result<void> ChannelGuard::touched_by_another(ports::Txn& txn, ports::RemoteItem& item) {
  item.verdict = domain::Verdict::unknown;
  item.look_again = clock_.now() + look_again_delay(item.attempts++);
  item.reason =
      "its download was begun, but not by this installation as far as its store tells: another installation without a "
      "channel, or a lost store";
  if (auto put = txn.put(item); !put) return failed(put);
  return report(txn, item.service, "D6", item.remote_id,
                fmt::format("item {} from {}: {}", item.remote_id, item.sender, item.reason));
}

Result<void> ChannelGuard::confirmed_unseen(ports::Txn& txn, const ports::Descriptor& service, ports::RemoteItem& item,
                                            const ports::Inbox& inbox) {
  const auto channel = our_channel(inbox, item);
  item.verdict = domain::Verdict::ours;
  item.state = ports::RemoteItem::State::gone;
  item.reason = taken_by(service, channel);
  if (auto put = txn.put(item); !put) return failed(put);
  return report(txn, item.service, channel ? "D11" : "D6", item.remote_id,
                fmt::format("item {} from {} was {}; it was gone before this installation saw it", item.remote_id,
                            item.sender, item.reason));
}

Result<void> ChannelGuard::departed_elsewhere(ports::Txn& txn, const ports::Descriptor& service,
                                              const ports::Inbox& inbox, const ports::Departure& departure) {
  const auto& own = inbox.channels.own;
  const bool tells = !departure.installation.empty();
  const std::string who = tells ? "installation " + departure.installation : "another installation";
  const std::string what = fmt::format("{} sends for {} (latest: {} to {} at {})", who, inbox.id, departure.remote_id,
                                       departure.receiver, format_iso(departure.created));
  const std::string subject = tells ? departure.installation : inbox.id;
  if (tells && own && departure.channel == own) {
    return report(txn, service.service, "D11", subject,
                  fmt::format("{} and uses the channel name '{}' too; give each its own {}", what, *own,
                              service.isolation_property));
  }
  if (tells && !own && !departure.channel) {
    return report(txn, service.service, "D12", subject,
                  fmt::format("{} and has no channel either; only one may: set {} in all others", what,
                              service.isolation_property));
  }
  const std::string advice =
      departure.channel
          ? fmt::format("it has the channel '{}'", *departure.channel)
          : fmt::format("it needs a {} of its own, or the two take each other's answers", service.isolation_property);
  return report(txn, service.service, "D4", subject, fmt::format("{}; {}", what, advice));
}

}  // namespace kanal::flow
