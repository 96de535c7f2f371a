#include "domain/channel.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace kanal::domain {
namespace {

constexpr std::size_t longest_channel_name = 25;
/// What the broker takes as `sendersFileTransferReference` (dpo.md 3.3).
constexpr std::size_t longest_reference = 4096;

constexpr std::array<std::pair<Verdict, std::string_view>, 3> verdicts{{
    {Verdict::ours, "ours"},
    {Verdict::other_channel, "other_channel"},
    {Verdict::unknown, "unknown"},
}};

bool is_channel_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// An empty name is no name: the reference's configuration and dpo.md 8.7 case 2 agree on that.
bool is_set(const std::optional<std::string>& channel) { return channel && !channel->empty(); }

}  // namespace

std::string_view name_of(Isolation isolation) {
  switch (isolation) {
    case Isolation::by_channel:
      return "by_channel";
    case Isolation::by_message_id:
      return "by_message_id";
    case Isolation::by_switch:
      return "by_switch";
    case Isolation::by_account:
      return "by_account";
    case Isolation::single_installation:
      return "single_installation";
  }
  return "by_channel";
}

std::string_view name_of(Verdict verdict) { return verdicts.at(static_cast<std::size_t>(verdict)).second; }

std::optional<Verdict> verdict(std::string_view name) {
  for (const auto& [value, text] : verdicts) {
    if (text == name) return value;
  }
  return std::nullopt;
}

bool is_channel_name(std::string_view text) {
  return text.size() <= longest_channel_name && std::ranges::all_of(text, is_channel_character);
}

bool is_current(const ChannelSet& channels, std::string_view channel) {
  return channels.own.value_or("") == channel || std::ranges::count(channels.more, channel) > 0;
}

bool is_heard(const ChannelSet& channels, std::string_view channel) {
  return is_current(channels, channel) || std::ranges::count(channels.retired, channel) > 0;
}

Verdict receive_rule(const ChannelSet& channels, const std::optional<std::string>& reference) {
  if (reference && !reference->empty() && is_heard(channels, *reference)) return Verdict::ours;
  const bool names_a_channel = reference && is_channel_name(*reference);
  if (names_a_channel) return Verdict::other_channel;
  if (!is_set(channels.own)) return Verdict::ours;
  // The main installation's, or an answer to us from before we had a channel: the file does not tell which, and
  // taking it to find out would take the main installation's mail.
  return channels.unchannelled_answers ? Verdict::unknown : Verdict::other_channel;
}

std::optional<std::string> reference_channel(DocumentRole role, const std::optional<std::string>& scope_channel,
                                             const std::optional<std::string>& own) {
  if (role == DocumentRole::message) return std::nullopt;
  // A counterpart chose this text; one that the broker would refuse for ever finds the main installation instead.
  if (!is_set(scope_channel) || scope_channel->size() > longest_reference) return std::nullopt;
  // Our own name means nothing at the counterpart, unless it chose the same one itself: that is what the role tells.
  if (role == DocumentRole::answer_to_receipt && is_set(own) && *scope_channel == *own) return std::nullopt;
  return scope_channel;
}

}  // namespace kanal::domain
