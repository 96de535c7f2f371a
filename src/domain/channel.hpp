// Channels (channels.md; dpo.md section 8): the rules by which installations of one organisation are kept apart.
// Pure functions and values: the channel guard in flow/ is the only one that acts on their answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kanal::domain {

/// How a message service keeps installations apart.
enum class Isolation { by_channel, by_message_id, by_switch, by_account, single_installation };
[[nodiscard]] std::string_view name_of(Isolation isolation);

/// Whose a remote item is.
enum class Verdict {
  ours,           ///< store, then acknowledge
  other_channel,  ///< another installation's: never touch
  unknown,        ///< nobody's that we know: leave, remember, look again, explain
};
[[nodiscard]] std::string_view name_of(Verdict verdict);
[[nodiscard]] std::optional<Verdict> verdict(std::string_view name);

/// DPO channel name: full match of `[a-zA-Z0-9-_]{0,25}`, case sensitive, the empty text included.
[[nodiscard]] bool is_channel_name(std::string_view text);

/// The channels an installation listens to: its own (absent: it is the main installation) and former names
/// that still have messages under way.
struct ChannelSet {
  std::optional<std::string> own;
  std::vector<std::string> retired;
  /// Answers without a channel to messages sent before `own` was set are looked at too (dpo.md 8.7 case 12).
  bool unchannelled_answers = false;
  /// Further own ones, at a service where one installation sends on several in turn.
  std::vector<std::string> more{};
};

/// Is it one of the installation's own channels of today? The empty text is the main installation's.
[[nodiscard]] bool is_current(const ChannelSet& channels, std::string_view channel);
/// Does the installation listen to it: a current or a retired one?
[[nodiscard]] bool is_heard(const ChannelSet& channels, std::string_view channel);

/// The receive rule, dpo.md 8.2: is a file with this `sendersFileTransferReference` ours?
[[nodiscard]] Verdict receive_rule(const ChannelSet& channels, const std::optional<std::string>& reference);

/// Role of a document in a conversation, for the reference rule.
enum class DocumentRole {
  message,            ///< an ordinary message
  answer_to_message,  ///< status or receipt about a message that came in
  answer_to_receipt,  ///< status about a receipt that came in
};

/// The reference rule, dpo.md 8.5 with 8.7 case 7 (answers find their way by role): the channel to write as
/// `sendersFileTransferReference`, or nothing for a random UUID. `scope_channel` is the document's channel.
[[nodiscard]] std::optional<std::string> reference_channel(DocumentRole role,
                                                           const std::optional<std::string>& scope_channel,
                                                           const std::optional<std::string>& own);

}  // namespace kanal::domain
