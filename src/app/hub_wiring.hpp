// The settings of a hub and of its satellites (docs/hub.md), and what is made of them. Wiring only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "flow/hub.hpp"
#include "net/http_server.hpp"
#include "ops/config.hpp"
#include "transports/hub_client.hpp"

namespace kanal::app {

/// A hub as it is configured.
struct HubSetup {
  flow::HubSettings settings;
  net::ServerOptions server;
  std::map<std::string, std::string> satellites;  ///< by SHA-256 of their certificates
};

/// Nothing when kanal.hub.port is not set: this installation is no hub. Errors name the setting.
Result<std::optional<HubSetup>> read_hub(const ops::Config& config);

/// Where a satellite gets what is its, and for which services.
struct SatelliteSetup {
  std::shared_ptr<transports::HubClient> hub;
  std::vector<ServiceIdentifier> services;
};

/// Nothing when kanal.hub.url is not set: this installation is no satellite. The clock outlives it.
Result<std::optional<SatelliteSetup>> read_satellite(const ops::Config& config, Clock& clock);

}  // namespace kanal::app
