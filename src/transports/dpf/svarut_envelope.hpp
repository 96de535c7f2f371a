// Envelopes of ForsendelsesServiceV9, SOAP 1.2 with MTOM (dpf.md section 5, ForsendelsesServiceV9.wsdl). Answers are
// hostile XML and go through the one door to libxml2. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "transports/dpf/forsendelse.hpp"
#include "transports/dpf/svarut_answers.hpp"

namespace kanal::transports::dpf {

/// `sendForsendelseMedId`. Document number n, from 0, is the attachment `content_id(n)`.
[[nodiscard]] std::string write_send(const Forsendelse& forsendelse);
/// `document-0@kanal`, without angle brackets.
[[nodiscard]] std::string content_id(std::size_t document);
/// `retrieveForsendelseStatuser`
[[nodiscard]] std::string write_statuses_question(const std::vector<std::string>& ids);
/// `retrieveForsendelseIdByEksternRef`
[[nodiscard]] std::string write_find(const std::string& message_id);
/// `retreiveForsendelseTyper`, as the service spells it
[[nodiscard]] std::string write_types_question();

/// The root part of an MTOM answer, or the body itself when it is not multipart.
[[nodiscard]] std::string_view root_part(std::string_view content_type, std::string_view body);

/// Reason (SOAP 1.2) or faultstring (1.1) of a fault, and its detail; absent when the text is no fault.
[[nodiscard]] std::optional<std::string> fault_in(std::string_view xml);

// `dpf.answer` (retry) for what is not the answer to the question.
Result<std::string> read_soap_sent(std::string_view xml);
Result<std::vector<ForsendelseStatus>> read_soap_statuses(std::string_view xml);
/// Texts of all `return`s: ids or types.
Result<std::vector<std::string>> read_soap_texts(std::string_view xml, std::string_view operation);

}  // namespace kanal::transports::dpf
