// Names of settings: relaxed forms, environment names, and which of them hide secrets (configuration.md section 1,
// "Relaxed names"). Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kanal::ops {

/// The elements between the dots; empty ones are kept.
[[nodiscard]] std::vector<std::string_view> key_elements(std::string_view key);

/// The catalogue key that an environment variable stands for, indexes filled in: `DIFI_MOVE_DPO_REPORTEES_0_ORGID`
/// gives `difi.move.dpo.reportees[0].orgId`. Both `NOTIFICATIONTEXT` and the legacy `NOTIFICATION_TEXT` match. A
/// variable of no known setting gives nothing, but one that starts with `DIFI_` or `KANAL_` gives its dotted form, so
/// that it can be reported.
[[nodiscard]] std::optional<std::string> key_of_environment(std::string_view name);

/// `difi.move.dpo.message-channel` gives `DIFI_MOVE_DPO_MESSAGECHANNEL`.
[[nodiscard]] std::string environment_name(std::string_view key);

/// The key without what follows its first index: `a.b[0].c` gives `a.b`. Values of one list come from one source.
[[nodiscard]] std::string_view list_base(std::string_view key);

/// By type, or by a last element that ends in password, token, secret and the like.
[[nodiscard]] bool is_secret_key(std::string_view key);

/// White space cut off at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

[[nodiscard]] std::string lower(std::string_view text);

}  // namespace kanal::ops
