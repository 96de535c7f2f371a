// Accounts, integrations, messages and dokumentlager of Fiks IO: what it knows besides what is in its broker. Ids are
// kept in lower case. Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sim/fiks_io_types.hpp"
#include "sim/simulator.hpp"

namespace kanal::sim {

class FiksIoState {
 public:
  FiksIoState(FiksIoRules rules, const Environment& environment);

  /// Adds or replaces, by konto id.
  void add_account(FiksIoAccount account);
  [[nodiscard]] std::optional<FiksIoAccount> account(const std::string& konto_id) const;
  [[nodiscard]] std::vector<FiksIoAccount> accounts() const;
  /// Adds or replaces, by id.
  void add_integration(FiksIoIntegration integration);
  [[nodiscard]] std::optional<FiksIoIntegration> integration(const std::string& id) const;
  [[nodiscard]] std::vector<FiksIoIntegration> integrations() const;

  /// Remembers a message; the oldest of very many are forgotten.
  void record(FiksIoMessage message);
  [[nodiscard]] std::optional<FiksIoMessage> message(const std::string& melding_id) const;
  /// Newest first.
  [[nodiscard]] std::vector<FiksIoMessage> messages(std::size_t limit) const;

  void store(FiksIoStored stored);
  void drop_stored(const std::string& id);
  /// Nothing when there is none, or none any more.
  [[nodiscard]] std::optional<FiksIoStored> stored(const std::string& id);

  void set_script(const std::string& konto_id, std::optional<FiksIoScript> script);
  [[nodiscard]] std::optional<FiksIoScript> script(const std::string& konto_id) const;
  /// Konto ids that have one.
  [[nodiscard]] std::vector<std::string> scripted() const;

  [[nodiscard]] FiksIoRules rules() const;
  void change_rules(const std::function<void(FiksIoRules&)>& change);

 private:
  Environment environment_;
  mutable std::mutex mutex_;
  FiksIoRules rules_;
  std::map<std::string, FiksIoAccount> accounts_;
  std::map<std::string, FiksIoIntegration> integrations_;
  std::map<std::string, FiksIoScript> scripts_;
  std::deque<FiksIoMessage> messages_;  ///< oldest first
  std::map<std::string, FiksIoStored> stored_;
};

}  // namespace kanal::sim
