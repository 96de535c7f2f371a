// The Altinn 3 Broker's REST API as far as DPO needs it (dpo.md section 3). Thread-safe; calls block.
// Error codes: `dpo.BRO-nnnnn` for the broker's own, `dpo.http` for others, `dpo.access` for a refused party, and those
// of the HTTP client and the token source. Dispositions follow the table of dpo.md 3.9.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/stream.hpp"
#include "base/time.hpp"
#include "lookup/token_source.hpp"
#include "net/http_client.hpp"
#include "transports/dpo/dpo_settings.hpp"

namespace kanal::transports::dpo {

/// E5, the fields DPO needs. Unknown enum values stay as text.
struct Overview {
  std::string id;
  std::string status;
  std::string status_text;
  std::string sender;
  std::optional<std::string> reference;  ///< sendersFileTransferReference
  std::optional<std::string> checksum;   ///< MD5, hex
  std::uint64_t size = 0;
  Time created{};
  Time published{};
  Time status_changed{};
  std::map<std::string, std::string> recipients;  ///< organisation to its status
  std::map<std::string, std::string> properties;
};

struct Initialization {
  std::string reference;
  std::string sender;
  std::string receiver;
  std::string checksum;  ///< MD5, hex
  std::map<std::string, std::string> properties;
};

/// What E4 filters on; empty: everything.
struct Search {
  std::string status;
  std::string recipient_status;
  std::string role;  ///< `Sender` or `Recipient`
};

class BrokerClient {
 public:
  BrokerClient(const Settings& settings, net::HttpClient& http, lookup::TokenSource& tokens, Clock& clock);

  /// E1; gives the fileTransferId.
  Result<std::string> initialize(const lookup::SystemUser& user, const Initialization& initialization);
  /// E2.
  Result<void> upload(const lookup::SystemUser& user, const std::string& id, Source& content, std::uint64_t size,
                      std::stop_token stop);
  /// E4: oldest first, at most 100. `from` is exclusive.
  Result<std::vector<std::string>> search(const lookup::SystemUser& user, const Search& search,
                                          std::optional<Time> from);
  /// E5.
  Result<Overview> overview(const lookup::SystemUser& user, const std::string& id, bool as_sender);
  /// E6: how often the organisation of `user` has begun to download.
  Result<int> count_downloads(const lookup::SystemUser& user, const std::string& id);
  /// E7.
  Result<void> download(const lookup::SystemUser& user, const std::string& id, Sink& into, std::stop_token stop);
  /// E8. False: the broker says it was confirmed before (BRO-00010).
  Result<bool> confirm(const lookup::SystemUser& user, const std::string& id);

 private:
  lookup::TokenRequest token_for(const lookup::SystemUser& user, bool as_sender) const;
  Result<net::ClientResponse> call(const lookup::TokenRequest& token, net::ClientRequest request);
  [[nodiscard]] std::string url(std::string_view path) const;
  [[nodiscard]] Error error_of(const net::ClientResponse& response, std::string_view call) const;
  /// For calls with a stream, which send_with_token() cannot repeat: the next attempt gets a new token.
  void reject_token(const lookup::TokenRequest& request, const std::string& token, const net::ClientResponse& response);

  const Settings& settings_;
  net::HttpClient& http_;
  lookup::TokenSource& tokens_;
  Clock& clock_;
};

}  // namespace kanal::transports::dpo
