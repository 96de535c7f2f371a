// What the catalogue of business messages says about their bodies (messages.md 4.2 to 4.11): which members there are,
// of which kind, and which must be there. Pure functions; any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "base/result.hpp"
#include "domain/message_type.hpp"
#include "domain/sbd.hpp"

namespace kanal::domain {

enum class BodyKind { text, whole_number, boolean, date, object, texts_by_name, list_of_objects, anything };

/// One member of a business message.
struct BodyField {
  std::string_view path;  ///< `dpv.varselType`: of the object `dpv`
  BodyKind kind = BodyKind::text;
  std::string_view constraint{};  ///< `NotNull` or `NotEmpty` when the catalogue declares it required
  std::string_view allowed{};     ///< the values of an enumeration, joined by ", "
};

/// The declared members of a type, parents before their members; empty when it declares none.
[[nodiscard]] std::span<const BodyField> body_fields(const MessageType& type);

/// `sbd.body` for the first member whose value cannot be read as what it is: a text where a number belongs, a value
/// that an enumeration does not have. Scalars are read as each other where that loses nothing ("3" is a number). The
/// message names the member and never repeats its value.
Result<void> check_body_readable(const MessageType& type, const boost::json::value& body);

/// The declared constraints that a readable body breaks; paths begin with the type's name.
[[nodiscard]] std::vector<Violation> check_body_constraints(const MessageType& type, const boost::json::value& body);

/// `sikkerhetsnivaa`, if the type has it and the body gives it.
[[nodiscard]] std::optional<int> security_level(const MessageType& type, const boost::json::value& body);

/// Names in `metadataFiler` (file and metadata file) that are not among `files`, in the order they are written. Empty
/// for types whose `metadataFiler` does not name files that must be there at send.
[[nodiscard]] std::vector<std::string> missing_metadata_files(const MessageType& type, const boost::json::value& body,
                                                              std::span<const std::string> files);

}  // namespace kanal::domain
