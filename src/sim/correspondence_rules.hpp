// What the handlers of `POST /correspondence/upload` check, in the order of the real ones (dpv.md 6.2), after the model
// was found well-formed. Pure, apart from what it asks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/correspondence_errors.hpp"
#include "sim/correspondence_types.hpp"

namespace kanal::sim {

struct CorrespondenceChecks {
  const CorrespondenceRequest& request;
  const std::vector<CorrespondenceFile>& files;
  const CorrespondenceRules& rules;
  Time now{};                                                     ///< as the service's clock shows it
  std::function<bool(const std::string& key)> key_used;           ///< idempotency
  std::function<CorrespondenceFate(const std::string&)> fate_of;  ///< of a recipient, by its digits
  std::function<bool(const std::string& person)> reserved;        ///< in the contact register (KRR)
  std::function<bool(int code)> fault;                            ///< is this refusal ordered at its place?
};
/// The first refusal. The idempotency key is looked at first, and nothing is written.
[[nodiscard]] std::optional<CorrespondenceRefusal> check_correspondence(const CorrespondenceChecks& checks);

/// Neither HTML nor Markdown; back-tick and backslash are tolerated.
[[nodiscard]] bool is_plain_text(std::string_view text);
/// Markdown without raw HTML.
[[nodiscard]] bool is_markdown(std::string_view text);
/// What is wrong with the name of an attachment: 2010 to 2013, 2021; nothing: it is good.
[[nodiscard]] std::optional<int> attachment_name_error(std::string_view name);

}  // namespace kanal::sim
