#include "transports/dpf/svarut_errors.hpp"

#include <fmt/format.h>

#include "lookup/remote_answer.hpp"

namespace kanal::transports::dpf {
namespace {

/// A right or a password comes when somebody gives it.
constexpr std::chrono::minutes patience{5};
constexpr int too_early = 425;

}  // namespace

Error error_of_answer(const net::ClientResponse& response, std::string_view call, const std::string& said,
                      const Caller& caller, Time now, std::string_view who) {
  Error error;
  error.message = fmt::format("{} answered {} to {}{}{}", who, response.status, call, said.empty() ? "" : ": ", said);
  error.retry_after = lookup::retry_after(response, now);
  error.disposition = Disposition::retry;
  if (response.status == 401) {
    error.code = "dpf.credentials";
    error.message += fmt::format(" ({}: check {})", caller.account, caller.settings);
    if (!error.retry_after) error.retry_after = patience;
  } else if (response.status == 403 || response.status == 404) {
    error.code = "dpf.denied";
    error.message += fmt::format(" ({}: check {})", caller.account, caller.rights);
    if (!error.retry_after) error.retry_after = patience;
  } else if (lookup::is_temporary(response.status) || response.status == too_early) {
    error.code = "dpf.away";
  } else {
    error.code = "dpf.refused";
    error.disposition = Disposition::reject;
  }
  return error;
}

}  // namespace kanal::transports::dpf
