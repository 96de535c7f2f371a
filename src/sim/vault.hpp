// HashiCorp Vault: key/value engines of version 1 and 2, tokens with the paths they may read, real error bodies.
//   GET /v1/sys/internal/ui/mounts/{path}     GET /v1/{mount}/{path}     GET /v1/{mount}/data/{path}
// Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "sim/simulator.hpp"

namespace kanal::sim {

class Vault {
 public:
  Vault(SiteOptions site, const Environment& environment);

  Result<void> start() { return site_.start(); }
  [[nodiscard]] std::string url() const { return site_.url(); }

  void mount(const std::string& name, int version);
  /// `path` below the mount.
  void put(const std::string& mount, const std::string& path, std::map<std::string, std::string> secrets);
  /// The token may read `mount/path` and nothing else, until allowed more.
  void allow(const std::string& token, const std::string& mount, const std::string& path);
  /// May every token ask what is mounted? Old policies do not allow it.
  void tell_mounts(bool told);
  void seal(bool sealed);

 private:
  using Answer = std::variant<net::Response, std::unique_ptr<net::BodyHandler>>;
  net::Response answer(const net::Request& request);
  net::Response mounts(const std::string& token, const std::string& path);

  std::mutex mutex_;
  std::map<std::string, int> versions_;
  std::map<std::string, std::map<std::string, std::string>> secrets_;  ///< by mount/path
  std::map<std::string, std::set<std::string>> allowed_;
  bool tell_mounts_ = true;
  bool sealed_ = false;
  Site site_;
};

}  // namespace kanal::sim
