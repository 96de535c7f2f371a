#include "flow/channel_guard.hpp"

#include <fmt/format.h>

#include "flow/retry.hpp"

namespace kanal::flow {

ChannelGuard::ChannelGuard(ports::Store& store, Clock& clock, Log& log) : store_(store), clock_(clock), log_(log) {}

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

Result<domain::Verdict> ChannelGuard::settle(ports::Txn& txn, ports::RemoteItem& item, const ports::Inbox& inbox,
                                             const domain::Sbd& document, bool ours) {
  if (ours) {
    item.verdict = domain::Verdict::ours;
    return domain::Verdict::ours;
  }
  const bool own_channel = inbox.channels.own && item.channel_seen == inbox.channels.own;
  const bool is_status = document.document.type == "status";
  std::string detection = is_status ? "D1" : "D2";
  if (own_channel) detection = "D11";
  const std::string cause =
      own_channel ? fmt::format(
                        "another installation of the organisation uses the channel name '{}' too; give each its own "
                        "difi.move.dpo.message-channel",
                        *inbox.channels.own)
                  : "another installation of the organisation sends without a channel (set "
                    "difi.move.dpo.message-channel there), this "
                    "installation's database was lost, or the counterpart does not echo channels";
  item.verdict = domain::Verdict::unknown;
  item.state = ports::RemoteItem::State::seen;
  item.look_again = clock_.now() + look_again_delay(item.attempts);
  const bool first_time = item.refers_to.empty();
  item.refers_to =
      MessageId(is_status ? document.document.instance_identifier : document.body_text("relatedToMessageId"));
  item.reason = fmt::format("a {} about message {}, which this installation never sent: {}", document.document.type,
                            item.refers_to.str(), cause);
  ++item.attempts;
  if (!first_time) return domain::Verdict::unknown;
  ports::Orphan orphan;
  orphan.service = item.service;
  orphan.remote_id = item.remote_id;
  orphan.message_id = item.refers_to;
  orphan.conversation_id = document.conversation_id();
  orphan.counterpart = document.sender_value();
  orphan.kind = document.document.type;
  orphan.cause = cause;
  orphan.sbd = domain::write_sbd(document);
  orphan.at = clock_.now();
  if (auto kept = txn.insert(orphan); !kept) return failed(kept);
  if (auto reported = report(txn, item.service, detection, item.refers_to.str(), item.reason); !reported) {
    return failed(reported);
  }
  return domain::Verdict::unknown;
}

void ChannelGuard::acknowledge(ports::Transport& transport, std::vector<ports::RemoteItem>& items, bool fresh,
                               const std::function<void(std::vector<std::function<void()>>)>& run_all) {
  std::vector<std::optional<Result<ports::Acknowledged>>> results(items.size());
  std::vector<std::function<void()>> tasks;
  tasks.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    tasks.emplace_back([&, i] { results[i] = transport.acknowledge(items[i]); });
  }
  run_all(std::move(tasks));
  auto written = store_.write([&](ports::Txn& txn) -> Result<void> {
    for (std::size_t i = 0; i < items.size(); ++i) {
      auto& item = items[i];
      const auto& result = *results[i];
      if (!result) {
        ++item.attempts;
        item.reason = "not acknowledged yet: " + result.error().text();
      } else {
        if (*result == ports::Acknowledged::already_done && fresh) {
          auto reported =
              report(txn, item.service, "D8", item.remote_id,
                     fmt::format("item {} from {} was acknowledged by another installation while we took it: it "
                                 "may have been delivered there too",
                                 item.remote_id, item.sender));
          if (!reported) return failed(reported);
        }
        item.state = ports::RemoteItem::State::acknowledged;
      }
      if (auto put = txn.put(item); !put) return failed(put);
    }
    return {};
  });
  if (!written) log_.error("acknowledgement_not_stored", {{"reason", written.error().text()}});
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!*results[i]) {
      log_.warning("acknowledge_failed", {{"remote_id", items[i].remote_id}, {"reason", results[i]->error().text()}});
    }
  }
}

Result<void> ChannelGuard::vanished(ports::Txn& txn, ports::RemoteItem& item, const ports::Inbox& inbox) {
  item.state = ports::RemoteItem::State::gone;
  const bool own_channel = inbox.channels.own && item.channel_seen == inbox.channels.own;
  item.reason = own_channel ? fmt::format(
                                  "taken by another installation that uses the channel name '{}' too; give each "
                                  "installation its own difi.move.dpo.message-channel",
                                  *inbox.channels.own)
                            : "taken by another installation without a channel; only one may receive: set "
                              "difi.move.dpo.message-channel in all others";
  if (auto put = txn.put(item); !put) return failed(put);
  return report(txn, item.service, own_channel ? "D11" : "D5", item.remote_id,
                fmt::format("item {} from {} was {}", item.remote_id, item.sender, item.reason));
}

Result<void> ChannelGuard::touched_by_another(ports::Txn& txn, ports::RemoteItem& item) {
  item.verdict = domain::Verdict::unknown;
  item.look_again = clock_.now() + look_again_delay(item.attempts++);
  item.reason =
      "its download was begun, but not by this installation as far as its store tells: another installation without a "
      "channel, or "
      "a lost store";
  if (auto put = txn.put(item); !put) return failed(put);
  return report(txn, item.service, "D6", item.remote_id,
                fmt::format("item {} from {}: {}", item.remote_id, item.sender, item.reason));
}

}  // namespace kanal::flow
