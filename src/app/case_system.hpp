// A small case system: the client of the REST API that `kanal send`, the sandbox's demo and the tests use. It speaks to
// any installation over HTTP, exactly as an archive system would.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.hpp"
#include "net/http_client.hpp"

namespace kanal::app {

/// A file to send; content in memory or on disk.
struct OutgoingFile {
  std::string name;
  std::string mimetype;
  std::string content{};
  std::filesystem::path path{};  ///< streamed when set
};

/// The processes that a letter has when nobody names another.
constexpr std::string_view archive_process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
constexpr std::string_view digital_post_process = "urn:no:difi:profile:digitalpost:info:ver1.0";
constexpr std::string_view journal_process = "urn:no:difi:profile:einnsyn:journalpost:ver1.0";
constexpr std::string_view innsynskrav_process = "urn:no:difi:profile:einnsyn:innsynskrav:ver1.0";
constexpr std::string_view einnsyn_response_process = "urn:no:difi:profile:einnsyn:response:ver1.0";

/// What a message says.
struct Letter {
  std::string sender;    ///< `0192:<orgnr>`; empty: the installation's own
  std::string receiver;  ///< `0192:<orgnr>`; a resident's number for digital post
  std::string title = "Brev";
  std::string process{archive_process};
  std::string message_id{};  ///< empty: the installation chooses
  std::vector<OutgoingFile> files;
  std::string type = "arkivmelding";  ///< `digital` or `print`: post to a resident
  std::string conversation_id{};      ///< empty: a new one
  bool opening_receipt = false;       ///< digital: ask for one
  std::string sender_identifier{};    ///< digital post: `avsenderId`
  boost::json::object body{};         ///< of the business message; empty: made from the rest
  std::string answers{};              ///< the message this one answers (ReceiverRef)
  std::string lives_until{};          ///< ISO 8601; empty: as long as the service's messages do
};
/// To a resident, by digital mailbox (`digital`) or on paper (`print`).
[[nodiscard]] Letter letter_to_resident(std::string type, std::string receiver, std::vector<OutgoingFile> files);

/// An `innsynskrav` or a `publisering` about the organisation `orgnr`.
[[nodiscard]] Letter letter_to_einnsyn(std::string type, std::string receiver, const std::string& orgnr,
                                       std::vector<OutgoingFile> files);

/// A message of a protocol to an account at Fiks IO.
[[nodiscard]] Letter letter_to_account(std::string protocol, std::string konto_id, std::vector<OutgoingFile> files);

/// The letter's files; those of an arkivmelding with arkivmelding.xml first, made when it has none.
[[nodiscard]] std::vector<OutgoingFile> complete_files(const Letter& letter);

/// One status as the API gives it.
struct SeenStatus {
  std::string status;
  std::string at;
  std::string description;
};

/// A peeked message.
struct Peeked {
  std::string message_id;
  std::string conversation_id;
  std::string type;
  std::string sender;
  std::string related_to;  ///< receipts: the message they answer
  boost::json::object sbd;
};

/// The SBD of a letter, of whatever type.
[[nodiscard]] boost::json::object make_sbd(const Letter& letter);
/// A minimal, valid arkivmelding.xml that refers to the files.
[[nodiscard]] std::string make_arkivmelding_xml(const Letter& letter);
/// A one-page PDF with a line of text, so that the demo sends something a person can open.
[[nodiscard]] std::string make_pdf(std::string_view text);

/// Errors: those of the HTTP client, and `client.refused` with status, exception and message of the installation's
/// answer.
class CaseSystem {
 public:
  CaseSystem(std::string url, net::HttpClient& http, std::optional<std::string> basic_auth = {});

  /// Create, upload, send; gives the messageId. arkivmelding.xml is made when the letter has none.
  Result<std::string> send(const Letter& letter);
  // The same step by step.
  Result<std::string> create(const Letter& letter);
  Result<void> upload(const std::string& message_id, const OutgoingFile& file, const std::string& title);
  Result<void> submit(const std::string& message_id);
  /// The same in one multipart request; for small files.
  Result<std::string> send_multipart(const Letter& letter);
  /// An arkivmelding_kvittering for a message we received.
  Result<std::string> send_receipt(const Peeked& about, std::string_view receipt_type);
  /// Nothing when nothing waits.
  Result<std::optional<Peeked>> peek();
  /// The first message of the queue, locked or not: for a client whose peek was never answered.
  Result<std::optional<Peeked>> waiting();
  /// The package's bytes; nothing for 204.
  Result<std::optional<std::string>> pop(const std::string& message_id);
  /// Streams the package; gives its size (0 for 204).
  Result<std::uint64_t> pop_into(const std::string& message_id, Sink& sink);
  Result<void> remove(const std::string& message_id);
  /// In order.
  Result<std::vector<SeenStatus>> statuses(const std::string& message_id);
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  static Result<std::optional<Peeked>> as_peeked(const boost::json::value& sbd);
  Result<net::ClientResponse> call(net::ClientRequest request);
  Result<std::string> create_document(const boost::json::object& sbd);
  [[nodiscard]] net::ClientRequest request(std::string method, const std::string& path) const;

  std::string url_;
  net::HttpClient& http_;
  std::optional<std::string> basic_auth_;
};

}  // namespace kanal::app
