#include "transports/dpo/broker_surveillance.hpp"

#include <algorithm>
#include <array>

namespace kanal::transports::dpo {
namespace {

/// Begun, broken off or refused: never on its way.
constexpr std::array<std::string_view, 4> never_left = {"Initialized", "UploadStarted", "Cancelled", "Failed"};

std::string text_of(const std::map<std::string, std::string>& properties, const char* name) {
  const auto found = properties.find(name);
  return found == properties.end() ? std::string{} : found->second;
}

}  // namespace

Result<std::vector<std::string>> BrokerSurveillance::departures(const ports::Inbox& inbox, Time since,
                                                                std::stop_token stop) {
  auto reportee = settings_.reportee(inbox.id);
  if (!reportee) return failed(reportee);
  return listing_.all((*reportee)->user, {.status = {}, .recipient_status = {}, .role = "Sender"}, since, stop);
}

Result<std::optional<ports::Departure>> BrokerSurveillance::departure(const ports::Inbox& inbox,
                                                                      const std::string& remote_id) {
  auto reportee = settings_.reportee(inbox.id);
  if (!reportee) return failed(reportee);
  auto overview = broker_.overview((*reportee)->user, remote_id, true);
  if (!overview) return failed(overview);
  if (std::ranges::find(never_left, overview->status) != never_left.end()) return std::optional<ports::Departure>{};
  ports::Departure departure;
  departure.remote_id = remote_id;
  if (!overview->recipients.empty()) departure.receiver = overview->recipients.begin()->first;
  departure.created = overview->created;
  departure.installation = text_of(overview->properties, instance_property);
  auto channel = text_of(overview->properties, channel_property);
  if (!channel.empty() && channel != no_channel) departure.channel = std::move(channel);
  return std::optional(std::move(departure));
}

Result<std::vector<std::string>> BrokerSurveillance::confirmed(const ports::Inbox& inbox, Time since,
                                                               std::stop_token stop) {
  auto reportee = settings_.reportee(inbox.id);
  if (!reportee) return failed(reportee);
  const Search search{.status = "AllConfirmedDownloaded", .recipient_status = "DownloadConfirmed", .role = {}};
  return listing_.all((*reportee)->user, search, since, stop);
}

Result<ports::Whereabouts> BrokerSurveillance::whereabouts(const ports::RemoteItem& item) {
  auto reportee = settings_.reportee(item.inbox);
  if (!reportee) return failed(reportee);
  auto overview = broker_.overview((*reportee)->user, item.remote_id, false);
  if (!overview) {
    if (overview.error().code == "dpo.BRO-00001") return ports::Whereabouts::gone;
    return failed(overview);
  }
  const auto own = overview->recipients.find(item.inbox);
  if (own != overview->recipients.end() && (own->second == "DownloadStarted" || own->second == "DownloadConfirmed")) {
    return ports::Whereabouts::taken;
  }
  const bool ended = overview->status == "Purged" || overview->status == "Failed" || overview->status == "Cancelled";
  return ended ? ports::Whereabouts::gone : ports::Whereabouts::waiting;
}

Result<int> BrokerSurveillance::fetches(const ports::RemoteItem& item) {
  auto reportee = settings_.reportee(item.inbox);
  if (!reportee) return failed(reportee);
  return broker_.count_downloads((*reportee)->user, item.remote_id);
}

}  // namespace kanal::transports::dpo
