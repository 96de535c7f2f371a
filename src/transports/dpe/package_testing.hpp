// Documents and bodies of DPE for tests and the fuzz target. Never included by product code.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "crypto/issue.hpp"
#include "domain/sbd_samples.hpp"
#include "ports/memory_testing.hpp"
#include "transports/dpe/package.hpp"

namespace kanal::transports::dpe::testing {

using ports::testing::MemoryBlobs;

constexpr const char* message_id = "5f0b9b7e-6f0c-4b0a-9d55-2f2a4c1d7b10";
constexpr const char* conversation_id = "0d5a3c34-8a4e-4a9b-a6f1-0b8f3a3f2c77";
constexpr const char* journal_process = "urn:no:difi:profile:einnsyn:journalpost:ver1.0";
constexpr const char* response_process = "urn:no:difi:profile:einnsyn:response:ver1.0";

/// A document of eInnsyn; `body` is JSON.
inline domain::Sbd document(const std::string& type, const std::string& process, const std::string& body,
                            const std::string& sender, const std::string& receiver) {
  namespace samples = domain::samples;
  auto value = samples::arkivmelding();
  const std::string header = "/standardBusinessDocumentHeader";
  const auto text = [](const std::string& plain) { return "\"" + plain + "\""; };
  samples::set(value, header + "/sender/0/identifier/value", text("0192:" + sender));
  samples::set(value, header + "/receiver/0/identifier/value", text("0192:" + receiver));
  samples::set(value, header + "/documentIdentification/type", text(type));
  const std::string family = type == "status" ? "eformidling" : "einnsyn";
  samples::set(value, header + "/documentIdentification/standard", text("urn:no:difi:" + family + ":xsd::" + type));
  samples::set(value, header + "/documentIdentification/instanceIdentifier", text(message_id));
  samples::set(value, header + "/businessScope/scope/0/instanceIdentifier", text(conversation_id));
  samples::set(value, header + "/businessScope/scope/0/identifier", text(process));
  samples::remove(value, "/arkivmelding");
  samples::set(value, "/" + type, body);
  return domain::read_sbd(boost::json::serialize(value))->sbd;
}
inline domain::Sbd publication(const std::string& sender, const std::string& receiver) {
  return document("publisering", journal_process, "{\"orgnr\":\"" + sender + "\"}", sender, receiver);
}
inline domain::Sbd status_of(const std::string& sender, const std::string& receiver, const std::string& value) {
  return document("status", response_process, "{\"status\":\"" + value + "\"}", sender, receiver);
}

inline std::vector<ports::Attachment> one_file(MemoryBlobs& blobs, const std::string& content = "{\"@graph\":[]}") {
  std::vector<ports::Attachment> files(1);
  files[0].filename = "journal.jsonld";
  files[0].mimetype = "application/ld+json";
  files[0].blob = blobs.put(content);
  return files;
}

/// The body of a document, as it is sent.
inline std::string body_of(const domain::Sbd& sbd, MemoryBlobs& blobs, const std::vector<ports::Attachment>& files,
                           const Sealing& sealing) {
  const auto written = write_package(sbd, files, sealing, blobs);
  if (!written) std::abort();
  auto content = blobs.content(*written);
  if (!blobs.remove(written->id)) std::abort();
  return content;
}

}  // namespace kanal::transports::dpe::testing
