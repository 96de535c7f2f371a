// Receiving over DPFIO: the queues of our accounts as the port's inboxes (dpfio.md sections 7, 9 and 10). Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ports/transport.hpp"
#include "transports/dpfio/fiks_client.hpp"
#include "transports/dpfio/katalog.hpp"
#include "transports/dpfio/queue_reader.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpfio {

class DpfioInbox final : public ports::Surveillance {
 public:
  /// All outlive it.
  DpfioInbox(const Settings& settings, FiksClient& client, Katalog& katalog, lookup::TokenSource& tokens,
             const Resources& resources);

  // As the port's.
  [[nodiscard]] std::vector<ports::Inbox> inboxes() const;
  Result<std::vector<ports::Listed>> list(const ports::Inbox& inbox, std::stop_token stop);
  Result<ports::RemoteItem> describe(const ports::Inbox& inbox, const std::string& remote_id);
  Result<void> fetch(const ports::RemoteItem& item, Sink& into, std::stop_token stop);
  Result<ports::InboundDocument> open(const ports::RemoteItem& item, const ports::BlobRef& raw,
                                      const ports::OpenContext& context);
  Result<ports::Acknowledged> acknowledge(const ports::RemoteItem& item);
  /// What is wrong with each account; empty: nothing.
  [[nodiscard]] std::vector<std::string> problems() const;

  // Fiks IO shows nothing of what others do, but how many read a queue.
  /// Right after a new connection everything may still come.
  Result<ports::Whereabouts> whereabouts(const ports::RemoteItem& item) override;

 private:
  struct Box {
    Box(const Settings& settings, const Account& its, lookup::TokenSource& tokens, const Resources& resources)
        : account(its), reader(settings, its, tokens, resources.clock, resources.log) {}
    const Account& account;
    QueueReader reader;
    std::mutex mutex;                ///< of what follows
    std::optional<Duration> looked;  ///< when the catalogue was asked about the account
    std::string problem{};           ///< what it said
  };
  Result<Box*> box_of(const std::string& inbox) const;
  /// Is the account in order, is its key ours, and does nobody else read it? Asked every few minutes.
  void look_after(Box& box);
  [[nodiscard]] std::string what_is_wrong(const Account& account, const Konto& konto);
  /// Its organisation number; an error when the catalogue may tell later.
  Result<std::string> sender_of(const Melding& melding);
  Result<ports::InboundDocument> document_of(const Melding& melding, const Account& account);

  const Settings& settings_;
  FiksClient& client_;
  Katalog& katalog_;
  Resources resources_;
  std::vector<std::unique_ptr<Box>> boxes_;
};

/// What a message of Fiks IO itself (`tidsavbrudd`, `serverfeil`) says about one of ours; nothing when it is another
/// kind, or names none.
[[nodiscard]] std::optional<ports::ServiceReceipt> receipt_in(const Melding& melding);
/// The same from its headers, as another installation kept them. `dpfio.orphan` (reject).
[[nodiscard]] Result<ports::InboundDocument> orphan_in(const std::string& headers);

}  // namespace kanal::transports::dpfio
