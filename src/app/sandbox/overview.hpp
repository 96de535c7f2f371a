// The page for people over all installations of a sandbox: the files of an installation's own page, a list of the
// installations, and their answers under one address, for reading only.
//   GET /                            the page; /page/{file} its files
//   GET /overview/installations      [{"name", "url", "organisation", "channel"}]
//   GET /overview/{name}/...         what that installation answers, below /api/conversations, /api/statuses, /manage/
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"

namespace kanal::app {

/// An installation as the overview shows it.
struct OverviewParty {
  std::string name;
  std::string url;
  std::string orgnr;
  std::string channel;  ///< empty: none
};

/// Listens on loopback from start() until it is destroyed.
class Overview {
 public:
  /// `version` is what the page shows; `http` outlives it. Port 0: any free one. `server.bind` when it is taken.
  static Result<std::unique_ptr<Overview>> start(std::vector<OverviewParty> parties, std::string_view version,
                                                 std::uint16_t port, net::HttpClient& http, Log& log);
  Overview(const Overview&) = delete;
  Overview& operator=(const Overview&) = delete;
  ~Overview() = default;
  [[nodiscard]] std::string url() const { return server_.url(); }

 private:
  Overview(std::vector<OverviewParty> parties, std::string_view version, std::uint16_t port, net::HttpClient& http,
           Log& log);
  [[nodiscard]] net::Response answer(const net::Request& request) const;
  [[nodiscard]] net::Response forward(const net::Request& request) const;

  std::vector<OverviewParty> parties_;
  std::string version_;
  net::HttpClient& http_;
  net::HttpServer server_;
};

}  // namespace kanal::app
