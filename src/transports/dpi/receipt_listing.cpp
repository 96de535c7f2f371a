#include "transports/dpi/receipt_listing.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/digest.hpp"
#include "transports/dpi/receipt.hpp"

namespace kanal::transports::dpi {
namespace {

constexpr int polling_threads = 4;
/// Of one channel in one round: what is over it comes with the next.
constexpr std::size_t most_per_round = 2000;
constexpr std::size_t most_bytes_per_round = std::size_t{32} * 1024 * 1024;

std::size_t bytes_of_all(const std::vector<std::string>& texts) {
  std::size_t total = 0;
  for (const auto& text : texts) total += text.size();
  return total;
}

}  // namespace

ReceiptListing::ReceiptListing(const Settings& settings, AccessPoint& access_point, Clock& clock, Log& log)
    : settings_(settings), access_point_(access_point), clock_(clock), log_(log), pool_(polling_threads) {}

Result<std::vector<SharedReceipt>> ReceiptListing::all(const std::vector<std::string>& channels, std::stop_token stop) {
  std::vector<Selector> selectors;
  for (const auto& channel : channels) {
    if (settings_.poll_without_sender_identifier) selectors.emplace_back(channel, std::nullopt);
    for (const auto& sender : settings_.sender_identifiers) selectors.emplace_back(channel, sender);
  }
  std::vector<std::optional<Result<Texts>>> answers(selectors.size());
  std::vector<std::function<void()>> tasks;
  tasks.reserve(selectors.size());
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    tasks.emplace_back([&, i] { answers[i] = read(selectors[i], stop); });
  }
  pool_.run_all(std::move(tasks));

  const std::scoped_lock lock(mutex_);
  problems_.clear();
  std::erase_if(waiting_,
                [&](const auto& entry) { return std::ranges::find(selectors, entry.first) == selectors.end(); });
  std::vector<SharedReceipt> found;
  std::unordered_map<std::string, SharedReceipt> by_id;
  std::optional<Error> failure;
  std::size_t failures = 0;
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    if (*answers[i]) {
      keep(selectors[i], **answers[i]);
    } else {
      ++failures;
      failure = answers[i]->error();
      problems_[selectors[i]] = fmt::format("channel {}: {}", selectors[i].first, failure->text());
      log_.warning("receipts_not_read", {{"channel", selectors[i].first}, {"reason", failure->text()}});
    }
    for (const auto& receipt : waiting_[selectors[i]]) {
      if (by_id.emplace(receipt->id, receipt).second) found.push_back(receipt);
    }
  }
  by_id_ = std::move(by_id);
  if (failure && failures == selectors.size()) return tl::unexpected(std::move(*failure));
  std::ranges::stable_sort(found, [](const auto& a, const auto& b) { return a->created < b->created; });
  return found;
}

/// All pages of one selector.
Result<ReceiptListing::Texts> ReceiptListing::read(const Selector& selector, const std::stop_token& stop) {
  ReceiptQuery query{selector.first, selector.second, settings_.page_size, {}};
  auto first = access_point_.receipts(query, stop);
  if (!first || static_cast<int>(first->size()) < query.page_size) return first;
  return further(std::move(query), std::move(*first), stop);
}

/// The page after the first; nothing when the service knows no pages.
Result<std::optional<ReceiptListing::Texts>> ReceiptListing::second_page(const ReceiptQuery& query, const Texts& first,
                                                                         const std::stop_token& stop) {
  Paging paging{};
  {
    const std::scoped_lock lock(mutex_);
    paging = paging_;
  }
  for (const auto& [kind, number] : {std::pair{Paging::from_zero, 1}, std::pair{Paging::from_one, 2}}) {
    if (paging != Paging::unknown && paging != kind) continue;
    auto asked = query;
    asked.page = number;
    auto page = access_point_.receipts(asked, stop);
    if (!page) return failed(page);
    if (!page->empty() && page->front() == first.front()) continue;  // the first page once more
    const std::scoped_lock lock(mutex_);
    paging_ = kind;
    return std::optional(std::move(*page));
  }
  const std::scoped_lock lock(mutex_);
  if (paging == Paging::unknown) paging_ = Paging::ignored;
  return std::optional<Texts>{};
}

/// A full page may hide ours behind what is not ours, since nothing passes over unread items.
Result<ReceiptListing::Texts> ReceiptListing::further(ReceiptQuery query, Texts texts, const std::stop_token& stop) {
  auto second = second_page(query, texts, stop);
  if (!second) return failed(second);
  if (!*second) {
    // No pages: ask for more at once, as far as allowed.
    while (static_cast<int>(texts.size()) >= query.page_size && query.page_size < settings_.largest_page) {
      query.page_size = std::min(query.page_size * 4, settings_.largest_page);
      auto more = access_point_.receipts(query, stop);
      if (!more) return more;
      texts = std::move(*more);
    }
    return texts;
  }
  int number = 1;
  {
    const std::scoped_lock lock(mutex_);
    number = paging_ == Paging::from_one ? 2 : 1;
  }
  auto page = std::move(**second);
  while (true) {
    const bool full = static_cast<int>(page.size()) >= query.page_size;
    std::ranges::move(page, std::back_inserter(texts));
    if (!full || texts.size() >= most_per_round || bytes_of_all(texts) >= most_bytes_per_round) return texts;
    query.page = ++number;
    auto next = access_point_.receipts(query, stop);
    if (!next) return next;
    page = std::move(*next);
  }
}

/// Under the lock.
void ReceiptListing::keep(const Selector& selector, const Texts& texts) {
  std::map<std::string, Time> first_seen;
  for (const auto& receipt : waiting_[selector]) first_seen.emplace(receipt->id, receipt->created);
  std::vector<SharedReceipt> receipts;
  receipts.reserve(texts.size());
  for (const auto& text : texts) {
    auto label = read_label(text);
    if (label.id.empty()) label.id = "jws:" + to_hex(crypto::sha256(bytes_of(text)));
    const auto known = first_seen.find(label.id);
    Time created = label.created.value_or(known != first_seen.end() ? known->second : clock_.now());
    // Of those from one instant the list tells which came first.
    if (!receipts.empty() && receipts.back()->created == created) created += Duration(1);
    receipts.push_back(std::make_shared<const WaitingReceipt>(
        WaitingReceipt{std::move(label.id), selector.first, text, std::move(label.supplier), created}));
  }
  waiting_[selector] = std::move(receipts);
}

SharedReceipt ReceiptListing::find(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::vector<std::string> ReceiptListing::problems() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> texts;
  texts.reserve(problems_.size());
  for (const auto& [selector, text] : problems_) texts.push_back(text);
  return texts;
}

}  // namespace kanal::transports::dpi
