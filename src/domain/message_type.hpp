// The catalogue of business messages (messages.md section 4): one row per type, nothing else decides on types.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kanal::domain {

struct MessageType {
  std::string_view name;           ///< catalogue spelling
  std::string_view document_type;  ///< default `standard`; empty when any is allowed (fiksio)
  bool is_receipt = false;         ///< a receipt that the receiving case system sends
  bool is_status = false;          ///< made by gateways only; never shown to a client
  bool needs_files = true;         ///< `send` refuses it without files
  bool needs_arkivmelding_xml = false;
  std::string_view service_without_receiver = "UNKNOWN";  ///< who carries it when the SBD names no receiver
  bool needs_main_document = false;  ///< `send` refuses it when no file is the one that `hoveddokument` names
  bool has_addresses = false;        ///< a letter on paper: receiver's and return address (messages.md 4.7)
  bool names_no_message = false;     ///< a receipt that does not say which message it answers
  /// The service whose document types are protocol names of its own: all of them are this type.
  std::string_view takes_any_of_service{};
};

/// All rows, in catalogue order.
[[nodiscard]] std::span<const MessageType> message_types();
/// By name, case-insensitively; null when unknown.
[[nodiscard]] const MessageType* find_message_type(std::string_view name);
/// The type whose name ends `standard` after `::`; null when none.
[[nodiscard]] const MessageType* message_type_of_standard(std::string_view standard);
/// The type of a document type that a service record lists: by its name, else the one that takes any of that service;
/// null when neither.
[[nodiscard]] const MessageType* message_type_of(std::string_view standard, std::string_view service);
/// May a document of `type`, carried by `service`, have this `standard` (rest-api.md 5.1 no. 13)?
[[nodiscard]] bool standard_fits(const MessageType& type, std::string_view standard, std::string_view service);
/// Names of all types that are neither receipt nor status, joined by ", " (text of UnknownMessageTypeException).
[[nodiscard]] std::string expected_type_names();

}  // namespace kanal::domain
