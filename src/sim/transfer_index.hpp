// Finds transfers for a search in logarithmic time (dpo.md 3.6): for each organisation its transfers by creation, by
// file status, and as recipient by file status and latest recipient status. Belongs to the broker's state and its
// mutex.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/broker_types.hpp"

namespace kanal::sim {

struct SearchQuery {
  std::string resource;
  std::optional<FileStatus> status{};
  std::optional<RecipientStatus> recipient_status{};
  enum class Role { any, sender, recipient } role = Role::any;
  std::optional<Time> from{};
  std::optional<Time> to{};
  bool ascending = false;
};

constexpr std::size_t search_limit = 100;

class TransferIndex {
 public:
  /// A new transfer; it must stay where it is.
  void add(const Transfer& transfer);
  /// Around each change of a status: remove() before, insert() after.
  void remove(const Transfer& transfer);
  void insert(const Transfer& transfer);
  /// Ids in the order asked for, at most search_limit.
  [[nodiscard]] std::vector<std::string> search(const std::string& organisation, const SearchQuery& query) const;

 private:
  struct Key {
    Time time{};
    std::uint64_t sequence = 0;
    const Transfer* transfer = nullptr;
    friend bool operator<(const Key& a, const Key& b) {
      return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
    }
  };
  using Keys = std::set<Key>;
  struct OfOrganisation {
    Keys created;
    std::array<Keys, file_status_count> by_status;
    std::array<std::array<Keys, recipient_status_count>, file_status_count> as_recipient;
  };

  [[nodiscard]] static bool fits(const Transfer& transfer, const std::string& organisation, const SearchQuery& query);
  [[nodiscard]] static std::vector<std::string> collect(const Keys& keys, const std::string& organisation,
                                                        const SearchQuery& query);
  [[nodiscard]] static const Keys& keys_for(const OfOrganisation& of, const SearchQuery& query);
  template <class Change>
  void change(const Transfer& transfer, const Change& apply);

  std::unordered_map<std::string, OfOrganisation> organisations_;
};

}  // namespace kanal::sim
