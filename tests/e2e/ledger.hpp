// What the broker saw: every document that was uploaded, read from its package, and which installation fetched or
// confirmed it. The judge of the multi-installation tests: it knows nothing of the product's rules.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/sbd.hpp"
#include "formats/zip_reader.hpp"
#include "formats/zip_writer.hpp"
#include "sim/national.hpp"

namespace kanal::testing {

/// A zip with only an SBD in it, as statuses are sent.
inline Bytes make_package(const domain::Sbd& sbd) {
  MemorySink bytes(1024 * 1024);
  formats::ZipWriter zip(bytes);
  EXPECT_TRUE(zip.add("sbd.json", bytes_of(domain::write_sbd(sbd))));
  EXPECT_TRUE(zip.finish());
  return bytes.take();
}

/// One transfer.
struct Document {
  std::string id;
  std::string reference;
  std::string from, to;  ///< nine digits
  std::string type;      ///< of the SBD; empty when it could not be read
  std::string message_id;
  std::string about;                       ///< the message that a status or receipt answers
  std::string status;                      ///< of a status
  std::vector<std::string> downloaded_by;  ///< client ids, one per download
  std::vector<std::string> confirmed_by;
};

class Ledger {
 public:
  explicit Ledger(sim::National& national) : national_(national) {}

  /// Forgets what was before.
  void begin() {
    national_.audit().clear();
    known_.clear();
    before_ = national_.broker().state().list({}, most).size();
  }

  /// Oldest first. A package is read once, so it may be purged later.
  std::vector<Document> read() {
    auto transfers = national_.broker().state().list({}, most);
    transfers.resize(transfers.size() - before_);
    std::ranges::reverse(transfers);
    std::vector<Document> documents;
    for (const auto& transfer : transfers) {
      auto& known = known_[transfer.id];
      if (known.type.empty() && transfer.content) read_package(transfer, known);
      if (!transfer.published) continue;
      auto document = known;
      for (const auto& entry : national_.audit().find({.simulator = "broker", .subject = transfer.id})) {
        if (entry.action == "download") document.downloaded_by.push_back(entry.vendor);
        if (entry.action == "confirm") document.confirmed_by.push_back(entry.vendor);
      }
      documents.push_back(std::move(document));
    }
    return documents;
  }

 private:
  static void read_package(const sim::Transfer& transfer, Document& document) {
    document.id = transfer.id;
    document.reference = transfer.given.reference.value_or("");
    document.from = transfer.sender_organisation;
    document.to = transfer.recipients.front().organisation;
    auto source = sim::Content::open(transfer.content, 0, transfer.size);
    ASSERT_TRUE(source);
    const auto bytes = read_all(**source, 64 * 1024 * 1024);
    ASSERT_TRUE(bytes);
    MemorySource zip(*bytes);
    const auto read = formats::for_each_entry(zip, {}, [&](const auto& entry, Source& content) -> Result<void> {
      if (entry.name != "sbd.json") return {};
      auto text = read_all(content, domain::max_sbd_bytes);
      if (!text) return failed(text);
      auto reading = domain::read_sbd(text_of(*text));
      if (!reading) return failed(reading);
      const auto& sbd = reading->sbd;
      document.type = sbd.document.type;
      document.message_id = sbd.document.instance_identifier;
      document.about = document.type == "status" ? document.message_id : sbd.body_text("relatedToMessageId");
      document.status = sbd.body_text("status");
      return {};
    });
    if (!read) document.type = "unreadable";
  }

  static constexpr std::size_t most = 5000;
  sim::National& national_;
  std::size_t before_ = 0;
  std::map<std::string, Document> known_;
};

}  // namespace kanal::testing
