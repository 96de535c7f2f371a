// What SvarUt answers by REST (dpf.md 3.4 to 3.7), read with suspicion: bounded depth, unknown members ignored. Pure
// functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::transports::dpf {

/// One line of a status answer.
struct ForsendelseStatus {
  std::string id;
  std::string status;  ///< as written; may be one that we do not know
  std::optional<Time> at;
};

// All of them: `dpf.answer` (retry) for a body that is not what it should be: what was done is not known then.

/// `{"id": ...}` of a sent forsendelse. A UUID.
Result<std::string> read_sent(std::string_view body);
/// `{"statuser": [...]}`; lines without an id or a status are left out.
Result<std::vector<ForsendelseStatus>> read_statuses(std::string_view body);
/// `{"forsendelseIds": [...]}`
Result<std::vector<std::string>> read_ids(std::string_view body);
/// `{"forsendelsestyper": [...]}`
Result<std::vector<std::string>> read_types(std::string_view body);

/// The newest id of E4's answer (`forsendelser` with `id` and `dato`); empty when it names none.
Result<std::string> read_newest(std::string_view body);

/// What an error body tells, fit for logs; empty for one of a proxy.
[[nodiscard]] std::string problem_text(std::string_view body);

}  // namespace kanal::transports::dpf
