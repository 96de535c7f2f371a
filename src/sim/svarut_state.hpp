// Accounts, receiving systems and forsendelser of KS, with every rule of dpf.md that is not about HTTP. Time comes from
// the injected clock: what is to come is written down at once and shows when its time has come. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/json/value.hpp>

#include "base/result.hpp"
#include "sim/simulator.hpp"
#include "sim/svarut_types.hpp"

namespace kanal::sim {

/// An item that a receiving system finds in its queue although nobody sent it: hostile, broken or just foreign.
struct InjectedItem {
  std::string username;     ///< whose queue
  boost::json::value item;  ///< as listed; of an object, `id` and `downloadUrl` are filled in when absent
  std::string content{};    ///< what is in the CMS, usually a zip
  std::string content_type = "application/zip;charset=UTF-8";
  std::string filename = "dokumenter.zip";           ///< of Content-Disposition
  std::optional<crypto::Certificate> encrypt_for{};  ///< absent: the receiving system's certificate
  bool encrypt = true;                               ///< false: `content` comes as it is
};

/// What SvarInn has in a queue.
struct QueuedItem {
  std::shared_ptr<const Forsendelse> forsendelse{};  ///< absent: injected
  std::shared_ptr<const InjectedItem> injected{};
  std::string id;
  std::string organisation;  ///< the receiver's, nine digits when it has one
};

class SvarUtState {
 public:
  SvarUtState(SvarUtRules rules, const Environment& environment);

  /// Adds or replaces, by konto id.
  void add_account(SvarUtAccount account);
  [[nodiscard]] std::optional<SvarUtAccount> account(const std::string& konto_id) const;
  [[nodiscard]] std::optional<SvarUtAccount> account_of_integration(const std::string& integrasjon_id) const;
  /// The account of a SOAP user; nothing when name or password is wrong.
  [[nodiscard]] std::optional<SvarUtAccount> soap_account(const std::string& username,
                                                          const std::string& password) const;
  /// Adds or replaces, by user name.
  void add_system(Mottakersystem system);
  void remove_system(const std::string& username);
  /// Nothing when the user is unknown.
  [[nodiscard]] std::optional<Mottakersystem> system(const std::string& username) const;
  [[nodiscard]] std::vector<Mottakersystem> systems() const;
  /// The levels at which an organisation has a receiving system without a forsendelsestype.
  [[nodiscard]] std::set<int> levels_of(const std::string& orgnr) const;

  /// A new one, with a new id unless it has one. Gives the id; `svarut.duplicate` when a given id is used.
  Result<std::string> accept(Forsendelse forsendelse);
  /// Those of the account among `ids`, with the status of now.
  [[nodiscard]] std::vector<std::pair<std::string, ForsendelseStatus>> statuses(const std::vector<std::string>& ids,
                                                                                const std::string& konto_id) const;
  /// Newest last.
  [[nodiscard]] std::vector<Forsendelse> by_ekstern_ref(const std::string& ekstern_ref,
                                                        const std::string& konto_id) const;
  [[nodiscard]] std::optional<Forsendelse> find(const std::string& id) const;
  /// Newest first.
  [[nodiscard]] std::vector<Forsendelse> forsendelser(std::size_t limit) const;
  /// The status of now.
  [[nodiscard]] ForsendelseStatus status_of(const Forsendelse& forsendelse) const;
  /// From now on, whatever was to come; leaving KLAR_FOR_MOTTAK takes it off its queue. False: there is none.
  bool set_status(const std::string& id, const std::string& status);
  /// What becomes of forsendelser to an organisation after they are ready: AVVIST, IKKE_LEVERT, PRINTET, LEST, ...
  /// Empty: nothing, they wait.
  void set_fate(const std::string& orgnr, const std::string& status);

  // SvarInn.
  /// Oldest first, all of them.
  [[nodiscard]] std::vector<QueuedItem> queue(const std::string& username) const;
  [[nodiscard]] std::optional<QueuedItem> queued(const std::string& username, const std::string& id) const;
  /// LEST, and off the queue. False: it is not there.
  bool acknowledge(const std::string& username, const std::string& id);
  /// Was it acknowledged before?
  [[nodiscard]] bool acknowledged(const std::string& username, const std::string& id) const;
  /// Noted at the sender; with `permanent` off the queue, and KS goes on with VARSLET. False: it is not there.
  bool fail(const std::string& username, const std::string& id, const std::string& feilmelding, bool permanent);
  /// Gives its id.
  std::string inject(InjectedItem item);

  [[nodiscard]] SvarUtRules rules() const;
  void set_rules(SvarUtRules rules);

 private:
  using Shared = std::shared_ptr<Forsendelse>;
  [[nodiscard]] std::string system_for(const Forsendelse& forsendelse) const;
  [[nodiscard]] bool waits(const Forsendelse& forsendelse) const;
  static void replace(Shared& forsendelse, const std::function<void(Forsendelse&)>& change);
  void move_on(Forsendelse& forsendelse, const std::string& status) const;

  Environment environment_;
  mutable std::mutex mutex_;
  SvarUtRules rules_;
  std::map<std::string, SvarUtAccount> accounts_;
  std::map<std::string, Mottakersystem> systems_;
  std::map<std::string, std::string> fates_;
  std::vector<Shared> all_;  ///< by number
  std::unordered_map<std::string, std::size_t> by_id_;
  std::map<std::string, std::vector<std::size_t>> queues_;  ///< by user name: places in all_ that may wait
  std::map<std::string, std::vector<QueuedItem>> injected_;
  std::set<std::pair<std::string, std::string>> acknowledged_;
};

}  // namespace kanal::sim
