// The names of queues, and which of them a document goes to (dpe.md section 2). Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "domain/sbd.hpp"

namespace kanal::transports::dpe {

enum class Mode { innsyn, data, meeting };
/// As in names of queues.
[[nodiscard]] std::string_view name_of(Mode mode);
/// Any case.
[[nodiscard]] std::optional<Mode> mode_of(std::string_view text);

/// `nextbestqueue<organisation number><suffix>`.
[[nodiscard]] std::string queue_name(std::string_view organisation, std::string_view suffix);

/// Is it answered where the receiver's mode says, and not where the Service Registry does?
[[nodiscard]] bool has_fixed_queue(const domain::Sbd& sbd);
/// The suffix for a status or an einnsyn_kvittering of an installation with this mode. `receipt_queue`, when not empty,
/// replaces it. `dpe.reference_type` (reject) for a kvittering that does not say what it is about.
Result<std::string> answer_suffix(const domain::Sbd& sbd, Mode own, const std::string& receipt_queue);

}  // namespace kanal::transports::dpe
