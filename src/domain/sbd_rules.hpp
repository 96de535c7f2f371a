// Single header rules shared by the SBD's reader and its validation: one place for the words of rest-api.md
// section 11. Private to this folder; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/sbd.hpp"

namespace kanal::domain {

constexpr std::string_view header_member = "standardBusinessDocumentHeader";

/// `standardBusinessDocumentHeader.<rest>`
[[nodiscard]] std::string header_path(std::string_view rest);

[[nodiscard]] Violation not_null(std::string path);
/// `scope_type` must be one of the six canonical names.
[[nodiscard]] std::optional<Violation> check_scope_type(const std::string& type);
/// The sender's value must be an identifier of some authority.
[[nodiscard]] std::optional<Violation> check_sender_value(const std::string& value);

/// The canonical name of a scope type given in either form; other texts unchanged.
[[nodiscard]] std::string canonical_scope_type(std::string_view given);

/// Parts of the written form.
[[nodiscard]] boost::json::object scope_json(const Scope& scope);
[[nodiscard]] boost::json::array participants_json(const std::vector<Participant>& participants);

}  // namespace kanal::domain
