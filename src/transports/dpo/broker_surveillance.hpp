// What the broker shows of an organisation's whole traffic (dpo.md section 9): it knows no installations, so everybody
// sees everything. Thread-safe.
#pragma once

#include "ports/surveillance.hpp"
#include "transports/dpo/broker_client.hpp"
#include "transports/dpo/broker_listing.hpp"
#include "transports/dpo/dpo_settings.hpp"

namespace kanal::transports::dpo {

// Names in the property list of a transfer by which installations describe themselves (dpo.md 9, D12).
inline constexpr const char* instance_property = "ip.instance";
inline constexpr const char* channel_property = "ip.channel";
inline constexpr const char* version_property = "ip.version";
inline constexpr const char* no_channel = "-";

class BrokerSurveillance final : public ports::Surveillance {
 public:
  BrokerSurveillance(const Settings& settings, BrokerClient& broker, BrokerListing& listing)
      : settings_(settings), broker_(broker), listing_(listing) {}

  Result<std::vector<std::string>> departures(const ports::Inbox& inbox, Time since, std::stop_token stop) override;
  Result<std::optional<ports::Departure>> departure(const ports::Inbox& inbox, const std::string& remote_id) override;
  Result<std::vector<std::string>> confirmed(const ports::Inbox& inbox, Time since, std::stop_token stop) override;
  Result<ports::Whereabouts> whereabouts(const ports::RemoteItem& item) override;
  Result<int> fetches(const ports::RemoteItem& item) override;

 private:
  const Settings& settings_;
  BrokerClient& broker_;
  BrokerListing& listing_;
};

}  // namespace kanal::transports::dpo
