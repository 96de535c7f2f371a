// The Standard Business Document in JSON: header, scopes and one business message (messages.md sections 1-2,
// dpo.md section 5). One reader serves the client API and the wire; what is merely wrong (and not unreadable)
// comes back as violations, so that each caller decides. Values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::domain {

/// A sender or receiver.
struct Participant {
  std::string authority;
  std::string value;
  boost::json::array contact_information{};  ///< passed through untouched
};

struct ScopeInformation {
  std::optional<OffsetTime> expected_response;
  std::optional<OffsetTime> requesting_creation;
  std::optional<std::string> requesting_identifier;
};

struct Scope {
  std::string type;  ///< canonical spelling; legacy upper-case forms are read as these
  std::optional<std::string> instance_identifier;
  std::optional<std::string> identifier;
  std::vector<ScopeInformation> information;
};

namespace scope_type {
constexpr std::string_view conversation_id = "ConversationId";
constexpr std::string_view parent_id = "ParentId";
constexpr std::string_view sender_ref = "SenderRef";
constexpr std::string_view receiver_ref = "ReceiverRef";
constexpr std::string_view journalpost_id = "JournalpostId";
constexpr std::string_view message_channel = "MessageChannel";
}  // namespace scope_type

struct DocumentIdentification {
  std::string standard;
  std::string type_version;
  std::string instance_identifier;  ///< the messageId; empty when the client gave none
  std::string type;                 ///< exactly as given
  std::optional<bool> multiple_type;
  std::optional<OffsetTime> creation;
};

/// One document. Copyable; the body is any JSON value and round-trips unchanged.
class Sbd {
 public:
  std::string header_version;
  std::vector<Participant> sender;
  std::vector<Participant> receiver;
  DocumentIdentification document;
  std::optional<boost::json::object> manifest;
  std::vector<Scope> scopes;
  boost::json::value body;  ///< the business message

  [[nodiscard]] MessageId message_id() const { return MessageId(document.instance_identifier); }
  [[nodiscard]] ConversationId conversation_id() const;
  /// `identifier` of the ConversationId scope; empty when absent.
  [[nodiscard]] std::string process() const;
  /// Time to live: `expectedResponseDateTime` of the ConversationId scope's first information.
  [[nodiscard]] std::optional<OffsetTime> expected_response() const;
  /// `identifier` of the MessageChannel scope; absent when null, blank or not there (dpo.md 8.7 cases 2-3).
  [[nodiscard]] std::optional<std::string> message_channel() const;
  /// First scope of a type, or null.
  [[nodiscard]] Scope* find_scope(std::string_view type);
  [[nodiscard]] const Scope* find_scope(std::string_view type) const;
  /// Removes all MessageChannel scopes and writes exactly one, or none for an absent or blank channel. A scope that
  /// names the channel already is kept as it is; a new one gets a random instanceIdentifier.
  void set_message_channel(const std::optional<std::string>& channel);
  /// Value of the first sender/receiver; empty when absent.
  [[nodiscard]] std::string sender_value() const;
  [[nodiscard]] std::string receiver_value() const;
  /// Member of the body when that is an object and the member is a string; empty otherwise.
  [[nodiscard]] std::string body_text(std::string_view member) const;
};

/// One broken rule of the header, in the words of the reference's bean validation (rest-api.md section 11).
struct Violation {
  std::string path;     ///< `standardBusinessDocumentHeader.headerVersion`
  std::string code;     ///< `NotNull`, `Size`, `OneOf`, ...
  std::string message;  ///< `must not be null`
  boost::json::value rejected = nullptr;
};

/// What was read, and what is wrong with it that only the text tells: `NotNull` for each missing member, which is an
/// empty text in `sbd`, and the rules broken by members given as "" or []. Everything that can be seen in `sbd` itself
/// is left to validate_header(); the two lists together are complete and never overlap.
struct SbdReading {
  Sbd sbd;
  std::vector<Violation> violations;
};

/// Limits for hostile input.
constexpr std::size_t max_sbd_bytes = std::size_t{1024} * 1024;
constexpr std::size_t max_sbd_depth = 32;

/// Reads an SBD. Unreadable text is rejected with a code:
/// `sbd.json` (no JSON, wrong JSON types), `sbd.members` (not exactly header and body, or the body's name is
/// not the type), `sbd.type_missing`, `sbd.type_unknown`. Unknown members inside objects are ignored, either
/// member order is accepted, unescaped control characters inside strings are accepted. The body's name is compared
/// with the type ignoring case. Size, depth and the length of header arrays are bounded (`sbd.json`).
Result<SbdReading> read_sbd(std::string_view json);

/// Header rules that every document must keep, as bean validation does it (messages.md section 2): Size, SenderValue,
/// UUID, MessageType, OneOf, SbdScopeConditionalInstanceIdentifierUuid, the members of contacts and manifest items.
/// Texts that are empty count as absent and break no rule here. `now` decides whether expectedResponseDateTime is in
/// the future (Future); without it that rule is not applied (the wire).
std::vector<Violation> validate_header(const Sbd& sbd, std::optional<Time> now);

/// Header first, then the body under `document.type` as given; absent members and empty arrays omitted.
[[nodiscard]] boost::json::object to_json(const Sbd& sbd);
/// The same as text, one line.
[[nodiscard]] std::string write_sbd(const Sbd& sbd);

}  // namespace kanal::domain
