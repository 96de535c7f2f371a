// SvarUt as both of its interfaces offer it (dpf.md sections 3 and 5). Thread-safe; calls block.
#pragma once

#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lookup/upload_body.hpp"
#include "ports/blob_store.hpp"
#include "transports/dpf/forsendelse.hpp"
#include "transports/dpf/svarut_answers.hpp"

namespace kanal::transports::dpf {

/// Errors of every call, by dpf.md 4.2: `dpf.refused` (reject: the forsendelse is at fault), `dpf.credentials` (retry:
/// 401; names property and account), `dpf.denied` (retry with patience: 403, 404), `dpf.away` (retry; Retry-After),
/// `dpf.answer` (retry: not to be read), `dpf.duplicate` (reject: SOAP knows the id), `dpf.no_account` (retry: none is
/// configured for the sender), those of the HTTP client and of tokens.
class SvarUtClient {
 public:
  SvarUtClient() = default;
  SvarUtClient(const SvarUtClient&) = delete;
  SvarUtClient& operator=(const SvarUtClient&) = delete;
  virtual ~SvarUtClient() = default;

  /// Gives the id at SvarUt. `recipient` encrypts.
  virtual Result<std::string> send(const Forsendelse& forsendelse, const lookup::Recipient& recipient,
                                   ports::BlobStore& blobs, std::stop_token stop) = 0;
  /// Of those it tells of; `ids` may be left out or told twice.
  virtual Result<std::vector<ForsendelseStatus>> statuses(const std::string& sender,
                                                          const std::vector<std::string>& ids) = 0;
  /// The id of what was sent under an external reference; empty when SvarUt knows none. Of several the newest.
  virtual Result<std::string> find(const std::string& sender, const std::string& message_id) = 0;
  /// Legal `forsendelsestype`s.
  virtual Result<std::vector<std::string>> types(const std::string& sender, std::stop_token stop) = 0;
  /// Organisations that can send.
  [[nodiscard]] virtual std::set<std::string> senders() const = 0;
  /// What is wrong with getting in, beside what calls told; empty: nothing.
  [[nodiscard]] virtual std::vector<std::string> problems() const = 0;
};

}  // namespace kanal::transports::dpf
