// Correspondences, their life cycle and who may see them, with every rule of dpv.md that is not about HTTP. Time comes
// from the injected clock: what is to come is written down at once and shows when its time has come. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "sim/correspondence_types.hpp"
#include "sim/simulator.hpp"

namespace kanal::sim {

/// Who purges.
enum class Purger { recipient, altinn };

/// The look-up of dpv.md 5.4. An absent member matches everything.
struct CorrespondenceQuery {
  std::optional<std::string> senders_reference{};
  std::optional<std::string> resource{};
  std::optional<std::string> idempotent_key{};
  bool as_sender = true;  ///< the caller's own; false: those that the caller has received
};

class CorrespondenceState {
 public:
  CorrespondenceState(CorrespondenceRules rules, const Environment& environment);

  /// Has the key been used?
  [[nodiscard]] bool knows_key(const std::string& key) const;
  /// One correspondence for each recipient, in order. `correspondence.duplicate`: somebody else was first with the key;
  /// then nothing is stored. `ignore_key` stores it in any case.
  Result<std::vector<StoredCorrespondence>> accept(std::shared_ptr<const CorrespondenceRequest> request,
                                                   std::vector<CorrespondenceFile> files,
                                                   const CorrespondenceCaller& caller, bool ignore_key = false);
  /// The caller's own, purged or not; counts the question. Nothing: there is none.
  std::optional<StoredCorrespondence> overview(const std::string& id, const CorrespondenceCaller& caller);
  /// Oldest first, at most 1000. Purged ones are not among them.
  std::vector<std::string> lookup(const CorrespondenceQuery& query, const CorrespondenceCaller& caller);

  // What a recipient, Altinn or an administrator may do; by id. False: there is no such correspondence.
  /// Published at once, if it is not.
  bool publish(const std::string& id);
  /// Read now, published or not: the real service has been seen to do it.
  bool read(const std::string& id);
  /// Its attachments are downloaded.
  bool download(const std::string& id);
  bool purge(const std::string& id, Purger by);
  /// Nothing comes after it.
  bool fail(const std::string& id, const std::string& text = {});
  /// Nothing comes after it.
  bool reserve(const std::string& id);

  /// What becomes of correspondences to this recipient (nine or eleven digits).
  void set_behaviour(const std::string& recipient, CorrespondenceBehaviour behaviour);
  [[nodiscard]] CorrespondenceBehaviour behaviour_of(const std::string& recipient) const;
  [[nodiscard]] CorrespondenceRules rules() const;
  void set_rules(CorrespondenceRules rules);

  /// Newest first.
  [[nodiscard]] std::vector<StoredCorrespondence> newest(std::size_t limit) const;
  [[nodiscard]] std::optional<StoredCorrespondence> find(const std::string& id) const;
  /// With this sendersReference, oldest first.
  [[nodiscard]] std::vector<StoredCorrespondence> find_by_reference(const std::string& senders_reference) const;
  [[nodiscard]] std::size_t size() const;

  /// Counts a request to an endpoint: `upload`, `overview`, `lookup`, `health`.
  void count(const std::string& endpoint, const std::string& authorization);
  /// Requests by endpoint.
  [[nodiscard]] std::map<std::string, std::uint64_t> counters() const;
  /// The last Authorization header that came, admitted or not.
  [[nodiscard]] std::string last_authorization() const;

 private:
  using Shared = std::shared_ptr<StoredCorrespondence>;

  [[nodiscard]] std::vector<CorrespondenceEvent> life_of(const StoredCorrespondence& one,
                                                         const CorrespondenceBehaviour& behaviour) const;
  bool change(const std::string& id, const std::function<void(StoredCorrespondence&, Time)>& how);
  [[nodiscard]] bool met(std::string_view fault, const StoredCorrespondence& one) const;
  void forget_contents();

  Environment environment_;
  mutable std::mutex mutex_;
  CorrespondenceRules rules_;
  std::map<std::string, CorrespondenceBehaviour> behaviours_;
  std::unordered_map<std::string, Shared> by_id_;
  std::unordered_multimap<std::string, Shared> by_reference_;
  std::unordered_map<std::string, Shared> by_key_;
  std::vector<Shared> by_age_;
  std::size_t forgotten_ = 0;  ///< so many of `by_age_` have lost their file bytes
  std::map<std::string, std::uint64_t> counters_;
  std::string last_authorization_;
};

}  // namespace kanal::sim
