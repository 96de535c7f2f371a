// Messages, statuses and receipts of corner 2, with every rule of dpi.md that is not about HTTP. Time comes from the
// injected clock: what is to come is written down at once and shows when its time has come. Thread-safe.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/corner2_types.hpp"
#include "sim/dpi_receipts.hpp"
#include "sim/simulator.hpp"

namespace kanal::sim {

/// A receipt queued by hand.
struct ManualReceipt {
  std::string message_id{};  ///< about this message; empty: about none, then `owner` and `channel` count
  ReceiptOrder order{};      ///< an empty id gets a new one
  DpiCaller owner{};
  std::string channel{};
  std::string sender_unit{};
  Bytes package{};
};

class Corner2State {
 public:
  /// `receipts` must outlive this.
  Corner2State(Corner2Rules rules, ReceiptMaker& receipts, const Environment& environment);

  [[nodiscard]] bool knows(const std::string& id) const;
  /// The message's statuses and receipts are made. `corner2.duplicate`: the id has been used.
  Result<void> accept(DpiMessage message, const DpiCaller& sender, const std::string& channel,
                      std::vector<ReceivedDocument> documents);
  /// Those so far; nothing: the caller has sent no such message.
  [[nodiscard]] std::optional<std::vector<DpiStatus>> statuses(const std::string& id, const DpiCaller& caller) const;
  /// Unread ones of the caller's organisation, oldest first. Nothing is locked for anybody.
  [[nodiscard]] std::vector<std::shared_ptr<const QueuedReceipt>> list(const InboxQuery& query,
                                                                       const DpiCaller& caller);
  /// Gone for everybody, whoever asks. False: there is none, or it has been read.
  bool read(const std::string& id, const DpiCaller& caller);
  /// Unread.
  [[nodiscard]] std::shared_ptr<const QueuedReceipt> find_receipt(const std::string& id) const;

  // What an administrator may do.
  /// Messages to this mailbox address, or letters to this name.
  void set_behaviour(const std::string& addressee, Behaviour behaviour);
  [[nodiscard]] Corner2Rules rules() const;
  void set_rules(Corner2Rules rules);
  /// Gives its id; `corner2.unknown` for an unknown message.
  Result<std::string> queue(ManualReceipt receipt);
  /// Newest first.
  [[nodiscard]] std::vector<AcceptedMessage> messages(std::size_t limit) const;
  [[nodiscard]] std::optional<AcceptedMessage> find(const std::string& id) const;
  /// Newest first, read ones too.
  [[nodiscard]] std::vector<std::shared_ptr<const QueuedReceipt>> receipts(std::size_t limit) const;
  /// Receipts that were marked as read by another client, or from another organisation, than the message came from.
  [[nodiscard]] std::size_t foreign_reads() const;
  /// How often receipts were asked for.
  [[nodiscard]] std::uint64_t polls() const;

 private:
  using Shared = std::shared_ptr<QueuedReceipt>;
  /// By when they show, then by number.
  using Inbox = std::map<std::pair<Time, std::uint64_t>, Shared>;

  [[nodiscard]] Behaviour behaviour_of(const DpiMessage& message) const;
  void deliver(const AcceptedMessage& message, const Behaviour& behaviour, const std::string& objection);
  void queue_one(const AcceptedMessage& about, const ReceiptOrder& order, Bytes package = {});
  void add(QueuedReceipt receipt);

  Environment environment_;
  ReceiptMaker& receipt_maker_;
  mutable std::mutex mutex_;
  Corner2Rules rules_;
  std::map<std::string, Behaviour> behaviours_;
  std::unordered_map<std::string, AcceptedMessage> messages_;
  std::vector<std::string> by_age_;
  std::map<std::string, Inbox> unread_;  ///< by organisation
  std::multimap<std::string, Shared> unread_by_id_;
  std::vector<Shared> all_;
  std::uint64_t polls_ = 0;
};

/// As channels are compared and kept: lower case, and cut where the rule says so.
[[nodiscard]] std::string normal_channel(std::string_view name, ChannelRule rule);
/// Is the name one that the rule takes?
[[nodiscard]] bool channel_allowed(std::string_view name, ChannelRule rule);

}  // namespace kanal::sim
