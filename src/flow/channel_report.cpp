#include "flow/channel_report.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "domain/partner.hpp"

namespace kanal::flow {
namespace {

/// More than this is simply many.
constexpr int most_counted = 1000;

/// What a detection of dpo.md section 9 proves about the set-up. Those that are not here only say that others send too.
struct Weight {
  std::string_view detection;
  ChannelVerdict verdict;
};
constexpr std::array<Weight, 10> weights{{{"D1", ChannelVerdict::notice},
                                          {"D2", ChannelVerdict::notice},
                                          {"D3", ChannelVerdict::notice},
                                          {"D5", ChannelVerdict::conflict},
                                          {"D6", ChannelVerdict::conflict},
                                          {"D7", ChannelVerdict::conflict},
                                          {"D8", ChannelVerdict::conflict},
                                          {"D9", ChannelVerdict::notice},
                                          {"D11", ChannelVerdict::conflict},
                                          {"D12", ChannelVerdict::conflict}}};

ChannelVerdict weight_of(const ports::Finding& finding, Time now) {
  if (now - finding.last > evidence_counts_for) return ChannelVerdict::good;
  const auto* const found = std::ranges::find(weights, finding.detection, &Weight::detection);
  return found == weights.end() ? ChannelVerdict::good : found->verdict;
}

std::string own_names(const ServiceChannels& row) {
  std::vector<std::string> names;
  for (const auto& channel : row.channels) {
    if (channel.retired || channel.name.empty()) continue;
    if (std::ranges::count(names, channel.name) == 0) names.push_back(channel.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// The retired channels, each with the time it is listened to.
std::string retired_names(const ServiceChannels& row) {
  std::vector<std::string> names;
  for (const auto& channel : row.channels) {
    if (!channel.retired) continue;
    auto text = channel.heard_until ? fmt::format("{} (until {})", channel.name, format_iso(*channel.heard_until))
                                    : channel.name + " (as configured)";
    if (std::ranges::count(names, text) == 0) names.push_back(std::move(text));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Does everything that counts speak of channels nobody listens to?
bool only_dead_channels(const ServiceChannels& row, Time now) {
  return row.verdict == ChannelVerdict::notice && std::ranges::all_of(row.evidence, [&](const auto& finding) {
           return finding.detection == "D9" || weight_of(finding, now) == ChannelVerdict::good;
         });
}

/// How it is set up, when nothing speaks against it.
std::string set_up(const ServiceChannels& row) {
  if (!row.hub.empty()) return "sends itself, and gets what is its from the hub " + row.hub;
  if (!row.satellites.empty() && row.isolation == domain::Isolation::single_installation) {
    return fmt::format("reads the queue for its organisation, and gives {} what is theirs",
                       fmt::join(row.satellites, ", "));
  }
  switch (row.isolation) {
    case domain::Isolation::by_channel: {
      const auto own = own_names(row);
      std::string text = own.empty() ? "the main installation, without a channel: it alone of its organisation receives"
                                     : "sends and listens on " + own;
      if (const auto retired = retired_names(row); !retired.empty()) {
        text += "; still listens to " + retired + ", where answers may follow";
      }
      return text;
    }
    case domain::Isolation::by_message_id:
      return "asks only for what it sent itself: nothing is needed to keep installations apart";
    case domain::Isolation::by_switch:
      return row.receives ? "receives: no other installation may empty the same account" : "does not receive";
    case domain::Isolation::by_account:
      return "has an account of its own";
    case domain::Isolation::single_installation:
      return "must be the only installation of the organisation with this service";
  }
  return {};
}

/// In the words of an operator: what the worst evidence means.
std::string meaning_of(const ServiceChannels& row, Time now) {
  if (only_dead_channels(row, now)) return set_up(row) + "; items wait for a channel that nobody listens to";
  const auto own = own_names(row);
  if (row.verdict == ChannelVerdict::conflict && row.isolation == domain::Isolation::by_switch) {
    return "another installation empties the same account: the two take each other's items";
  }
  if (row.verdict == ChannelVerdict::conflict && row.isolation == domain::Isolation::by_account) {
    return "another installation reads the same account: the two take each other's items";
  }
  if (row.verdict == ChannelVerdict::conflict) {
    return own.empty() ? "a second installation of the organisation receives here too: the two take each other's items"
                       : fmt::format(
                             "another installation of the organisation uses {} too: the two take each other's "
                             "answers",
                             own);
  }
  return set_up(row) + "; there are signs that an installation is not set up right";
}

std::string change_of(const ServiceChannels& row, bool signs, Time now) {
  if (row.verdict == ChannelVerdict::good || row.property.empty()) return {};
  if (signs && only_dead_channels(row, now)) {
    return fmt::format("start the installation with that {}, or correct the name where it is misspelt", row.property);
  }
  if (row.isolation == domain::Isolation::by_switch) {
    return fmt::format("set {} to false in every other installation, or give each an account of its own", row.property);
  }
  if (row.isolation == domain::Isolation::by_account) {
    return fmt::format("give each installation an account of its own ({})", row.property);
  }
  return own_names(row).empty() ? fmt::format("set {} in every other installation of the organisation", row.property)
                                : fmt::format("give each installation a {} of its own", row.property);
}

void add_channels(ports::View& view, const ports::Transport& transport, const ChannelGuard& guard,
                  ServiceChannels& row) {
  const auto& service = transport.descriptor();
  const auto uses = view.channel_uses(service.service);
  const auto open = view.open_channels(service.service);
  for (const auto& configured_inbox : transport.inboxes()) {
    const auto inbox = guard.listening(view, service, configured_inbox);
    if (auto look = read_first_look(view, service.service, inbox.id)) row.first_looks.emplace_back(inbox.id, *look);
    const auto add = [&](const std::string& name, bool retired) {
      HeardChannel channel{inbox.id, name, retired, {}, {}};
      for (const auto& use : uses) {
        const bool same_inbox = inbox.all_senders || use.inbox == domain::without_icd(inbox.id);
        if (use.channel == name && same_inbox) channel.last_used = std::max(channel.last_used, {use.last_used});
      }
      for (const auto& [other, until] : open) {
        if (other == name) channel.open_until = until;
      }
      const bool configured = std::ranges::count(configured_inbox.channels.retired, name) > 0;
      if (retired && !configured) {
        channel.heard_until = channel.open_until;
        if (channel.last_used) {
          channel.heard_until = std::max(channel.heard_until, {*channel.last_used + service.default_ttl});
        }
      }
      row.channels.push_back(std::move(channel));
    };
    add(inbox.channels.own.value_or(""), false);
    for (const auto& name : inbox.channels.more) add(name, false);
    for (const auto& name : inbox.channels.retired) add(name, true);
  }
}

}  // namespace

std::string_view name_of(ChannelVerdict verdict) {
  switch (verdict) {
    case ChannelVerdict::good:
      return "good";
    case ChannelVerdict::notice:
      return "notice";
    case ChannelVerdict::conflict:
      return "conflict";
  }
  return "good";
}

Result<std::vector<ServiceChannels>> report_channels(ports::Store& store, const Services& services,
                                                     const ChannelGuard& guard, const StatusBoard& board, Time now,
                                                     const Hub* hub) {
  std::vector<ServiceChannels> rows;
  auto read = store.read([&](ports::View& view) -> Result<void> {
    rows.clear();
    const auto findings = view.findings();
    const auto quarantined = view.quarantined(most_counted);
    for (const auto& transport : services.all()) {
      const auto& descriptor = transport->descriptor();
      ServiceChannels row;
      row.service = descriptor.service;
      row.title = descriptor.title;
      row.isolation = descriptor.isolation;
      row.property = descriptor.isolation_property;
      row.receives = descriptor.receives;
      row.hub = descriptor.hub;
      if (hub != nullptr) row.satellites = hub->satellites_of(row.service);
      add_channels(view, *transport, guard, row);
      for (const auto& finding : findings) {
        if (finding.service == row.service) row.evidence.push_back(finding);
      }
      row.orphans = view.orphans(row.service, most_counted).size();
      row.quarantined =
          static_cast<std::size_t>(std::ranges::count(quarantined, row.service, &ports::Quarantined::service));
      rows.push_back(std::move(row));
    }
    return {};
  });
  if (!read) return failed(read);
  for (const auto& state : board.inboxes()) {
    for (auto& row : rows) {
      if (row.service == state.service) row.waiting_for_other_channels += state.waiting_elsewhere;
    }
  }
  for (auto& row : rows) {
    std::ranges::stable_sort(row.evidence, [](const auto& a, const auto& b) { return a.last > b.last; });
    const auto* transport = services.find(row.service);
    const auto& remarks = transport->descriptor().channel_remarks;
    row.verdict = remarks.empty() ? ChannelVerdict::good : ChannelVerdict::notice;
    bool signs = false;
    for (const auto& finding : row.evidence) {
      const auto weight = weight_of(finding, now);
      signs = signs || weight != ChannelVerdict::good;
      row.verdict = std::max(row.verdict, weight);
    }
    row.text = signs ? meaning_of(row, now) : set_up(row);
    for (const auto& remark : remarks) row.text += "; " + remark;
    row.change = change_of(row, signs, now);
  }
  return rows;
}

Result<void> count_open_messages(ports::Store& store, const Services& services, std::vector<ServiceChannels>& rows) {
  constexpr std::int64_t page_size = 500;
  return store.read([&](ports::View& view) -> Result<void> {
    for (auto& row : rows) {
      const auto* transport = services.find(row.service);
      if (transport == nullptr || row.channels.empty()) continue;
      // By channel and sender; by channel alone where an inbox is for all senders.
      std::map<std::pair<std::string, std::string>, std::int64_t> counts;
      ports::ConversationQuery query;
      query.service = row.service.str();
      query.finished = false;
      query.direction = ports::Direction::outgoing;
      for (std::int64_t page = 0; page * page_size < most_open_counted; ++page) {
        auto found = view.conversations(query, {page, page_size, {}});
        if (!found) return failed(found);
        for (const auto& open : found->content) {
          const auto channel = open.message_channel.value_or("");
          ++counts[{channel, ""}];
          ++counts[{channel, std::string(domain::without_icd(open.sender))}];
        }
        if ((page + 1) * page_size >= found->total) break;
      }
      const auto inboxes = transport->inboxes();
      for (auto& channel : row.channels) {
        const auto inbox = std::ranges::find(inboxes, channel.inbox, &ports::Inbox::id);
        const bool everybody = inboxes.size() == 1 || (inbox != inboxes.end() && inbox->all_senders);
        channel.open_messages =
            counts[{channel.name, everybody ? std::string() : std::string(domain::without_icd(channel.inbox))}];
      }
    }
    return {};
  });
}

}  // namespace kanal::flow
