#include "sim/transfer_index.hpp"

#include <algorithm>

namespace kanal::sim {
namespace {

/// A sender given in URN form is not found by a search, which looks for `0192:` (dpo.md 3.1).
bool sender_is_searchable(const Transfer& transfer) { return transfer.given.sender.starts_with("0192:"); }

bool is_sender(const Transfer& transfer, const std::string& organisation) {
  return transfer.sender_organisation == organisation && sender_is_searchable(transfer);
}

const Recipient* recipient(const Transfer& transfer, const std::string& organisation) {
  const auto found = std::ranges::find(transfer.recipients, organisation, &Recipient::organisation);
  return found == transfer.recipients.end() ? nullptr : &*found;
}

}  // namespace

template <class Change>
void TransferIndex::change(const Transfer& transfer, const Change& apply) {
  const auto status = static_cast<std::size_t>(transfer.current().status);
  const Key key{transfer.current().time, transfer.sequence, &transfer};
  if (sender_is_searchable(transfer)) apply(organisations_[transfer.sender_organisation].by_status.at(status), key);
  for (const auto& recipient : transfer.recipients) {
    auto& of = organisations_[recipient.organisation];
    apply(of.by_status.at(status), key);
    apply(of.as_recipient.at(status).at(static_cast<std::size_t>(recipient.latest)), key);
  }
}

void TransferIndex::add(const Transfer& transfer) {
  const Key key{transfer.created, transfer.sequence, &transfer};
  if (sender_is_searchable(transfer)) organisations_[transfer.sender_organisation].created.insert(key);
  for (const auto& recipient : transfer.recipients) organisations_[recipient.organisation].created.insert(key);
  insert(transfer);
}

void TransferIndex::remove(const Transfer& transfer) {
  change(transfer, [](Keys& keys, const Key& key) { keys.erase(key); });
}

void TransferIndex::insert(const Transfer& transfer) {
  change(transfer, [](Keys& keys, const Key& key) { keys.insert(key); });
}

bool TransferIndex::fits(const Transfer& transfer, const std::string& organisation, const SearchQuery& query) {
  if (transfer.given.resource != query.resource) return false;
  if (query.status && transfer.current().status != *query.status) return false;
  const auto* as_recipient = recipient(transfer, organisation);
  if (query.recipient_status) return as_recipient != nullptr && as_recipient->latest == *query.recipient_status;
  switch (query.role) {
    case SearchQuery::Role::sender:
      return is_sender(transfer, organisation);
    case SearchQuery::Role::recipient:
      return as_recipient != nullptr;
    case SearchQuery::Role::any:
      return true;
  }
  return true;
}

const TransferIndex::Keys& TransferIndex::keys_for(const OfOrganisation& of, const SearchQuery& query) {
  if (!query.status) return of.created;
  const auto status = static_cast<std::size_t>(*query.status);
  if (query.recipient_status) return of.as_recipient.at(status).at(static_cast<std::size_t>(*query.recipient_status));
  return of.by_status.at(status);
}

std::vector<std::string> TransferIndex::search(const std::string& organisation, const SearchQuery& query) const {
  const auto of = organisations_.find(organisation);
  if (of == organisations_.end()) return {};
  return collect(keys_for(of->second, query), organisation, query);
}

std::vector<std::string> TransferIndex::collect(const Keys& keys, const std::string& organisation,
                                                const SearchQuery& query) {
  // Strict when alone, inclusive when both are given.
  const bool inclusive = query.from && query.to;
  const auto after = [&](Time time) { return keys.upper_bound({time, UINT64_MAX, nullptr}); };
  const auto at = [&](Time time) { return keys.lower_bound({time, 0, nullptr}); };
  auto first = keys.begin();
  auto last = keys.end();
  if (inclusive && *query.from > *query.to) return {};
  if (query.from) first = inclusive ? at(*query.from) : after(*query.from);
  if (query.to) last = inclusive ? after(*query.to) : at(*query.to);
  std::vector<std::string> ids;
  const auto take = [&](const Key& key) {
    if (fits(*key.transfer, organisation, query)) ids.push_back(key.transfer->id);
  };
  if (query.ascending) {
    for (; first != last && ids.size() < search_limit; ++first) take(*first);
  } else {
    while (last != first && ids.size() < search_limit) take(*--last);
  }
  return ids;
}

}  // namespace kanal::sim
