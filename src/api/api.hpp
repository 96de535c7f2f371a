// The client REST API ("eFormidling 2") and the management endpoints (rest-api.md, operations.md section 6): routes,
// JSON, error bodies. It decides nothing about messages; the flow does. Handlers run on the HTTP server's workers and
// may block.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "flow/channel_guard.hpp"
#include "flow/client_inbox.hpp"
#include "flow/hub.hpp"
#include "flow/orphan_exchange.hpp"
#include "flow/status_board.hpp"
#include "flow/submit.hpp"
#include "flow/webhooks.hpp"
#include "net/http_server.hpp"
#include "ops/config.hpp"
#include "ops/logger.hpp"
#include "ops/metrics.hpp"
#include "ports/directory.hpp"
#include "ports/store.hpp"

namespace kanal::api {

/// What /manage may show and do (operations.md section 6).
struct ManagementSettings {
  std::string base_path = "/manage";         ///< management.endpoints.web.base-path
  std::vector<std::string> include = {"*"};  ///< management.endpoints.web.exposure.include
  std::vector<std::string> exclude{};        ///< management.endpoints.web.exposure.exclude
  bool health_details = true;                ///< management.endpoint.health.show-details
  std::optional<std::filesystem::path> log_file{};
  /// Effective configuration, secrets hidden.
  std::vector<std::pair<std::string, std::string>> configuration{};
  ops::ManagedLog* log = nullptr;                       ///< whose level may be changed; null: not
  std::function<void()> shut_down{};                    ///< begins to stop the process; empty: not from here
  std::function<std::vector<ops::Metric>()> metrics{};  ///< more figures, of parts that the API does not know
  net::AddressRules allow{};                            ///< kanal.manage.allow; empty: everybody
  std::vector<ops::Config::KeyVerdict> verdicts{};      ///< one for each key that is set, secrets hidden
};

struct ApiSettings {
  /// Basic authentication; absent: everything is open (difi.security.enable=false).
  std::optional<std::pair<std::string, Secret>> user;
  bool allow_trailing_slash = false;  ///< difi.move.feature.allowDeprecatedTrailingSlash
  std::uint64_t max_multipart_bytes = std::uint64_t{500} * 1024 * 1024;
  std::string version;
  std::string organisation;        ///< own, nine digits
  std::string installation_id;     ///< random, made once per store
  std::string name;                ///< what people call this installation (kanal.name); empty: nothing
  std::uint64_t disk_reserve = 0;  ///< kanal.disk.reserve: less free space is DOWN
  ManagementSettings management;
  bool strict_bodies = false;  ///< kanal.api.strict-bodies: members that a message type declares must be there
};

struct ApiParts {
  flow::Submit& submit;
  flow::ClientInbox& inbox;
  const flow::StatusBoard& board;
  const flow::Services& services;
  ports::Store& store;
  ports::BlobStore& blobs;
  ports::Directory& directory;
  Clock& clock;
  Log& log;
  ApiSettings settings;
  flow::Webhooks& webhooks;
  const flow::ChannelGuard& guard;
  flow::OrphanExchange& orphans;
  flow::Hub* hub = nullptr;  ///< null: this installation is none
};

/// The whole API as one handler for the HTTP server. The parts outlive it.
[[nodiscard]] net::Handler make_api(ApiParts parts);

/// The routes of that handler, for descriptions and tests.
[[nodiscard]] std::vector<net::Router::Entry> routes_of(const ApiParts& parts);

}  // namespace kanal::api
