#include "transports/dpi/channels.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/ascii.hpp"
#include "ops/wrong_value.hpp"

namespace kanal::transports::dpi {
namespace {

constexpr std::string_view id_key = "difi.move.dpi.mpcId";
constexpr std::string_view concurrency_key = "difi.move.dpi.mpcConcurrency";
constexpr std::string_view list_key = "difi.move.dpi.mpcIdListe";
constexpr std::string_view name_rule =
    "a channel name of DPI has 1 to 28 of the characters A-Z, a-z, 0-9, _ and -, with the suffix of mpcConcurrency";
constexpr std::size_t longest_name = 28;
constexpr std::int64_t most_channels = 1000;

constexpr std::array<std::string_view, 3> builtin_names{
    "no_difi_move_integrasjonspunkt", "no_difi_move_integrasjonspunkt-staging", "no_difi_move_integrasjonspunkt-dev"};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// Names as configured, with the property each comes from.
struct Configured {
  std::string property;
  std::string name;
};

Result<std::vector<Configured>> configured_names(const ops::Config& config, ChannelList& list) {
  const auto given = config.list(list_key);
  auto concurrency = config.integer(concurrency_key);
  if (!concurrency) return failed(concurrency);
  if (*concurrency < 1 || *concurrency > most_channels) {
    return ops::wrong_value(config, std::string(concurrency_key), std::to_string(*concurrency),
                            "must be a number from 1 to 1000");
  }
  std::vector<Configured> names;
  if (!given.empty()) {
    if (*concurrency > 1) {
      list.warnings.push_back(fmt::format("{} overrides {}: remove one of them", list_key, concurrency_key));
    }
    for (const auto& name : given) names.push_back({std::string(list_key), name});
    return names;
  }
  auto id = config.required(id_key);
  if (!id) return failed(id);
  if (*concurrency == 1) return std::vector<Configured>{{std::string(id_key), *id}};
  for (std::int64_t i = 0; i < *concurrency; ++i) {
    names.push_back({std::string(id_key), fmt::format("{}-{}", *id, i)});
  }
  return names;
}

}  // namespace

std::string normalised(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '.', '_');
  return out;
}

bool is_channel_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && std::ranges::all_of(name, is_name_character);
}

bool is_builtin_name(std::string_view name) { return std::ranges::find(builtin_names, name) != builtin_names.end(); }

bool same_channel(std::string_view a, std::string_view b) { return same_ignoring_case(a, b); }

Result<ChannelList> read_channels(const ops::Config& config) {
  ChannelList list;
  auto configured = configured_names(config, list);
  if (!configured) return failed(configured);
  for (const auto& [property, given] : *configured) {
    auto name = normalised(given);
    if (is_builtin_name(name)) {
      list.warnings.push_back(
          fmt::format("the channel '{}' is the one of every installation that sets no {}: two of them in one "
                      "organisation take each other's receipts. Give each its own name",
                      name, id_key));
    } else if (!is_channel_name(name)) {
      return ops::wrong_value(config, property, given, name_rule);
    }
    if (std::ranges::any_of(list.names, [&](const auto& other) { return same_channel(other, name); })) {
      list.warnings.push_back(
          fmt::format("{}: '{}' is the same channel as another one of the list, and counts once", property, given));
      continue;
    }
    list.names.push_back(std::move(name));
  }
  return list;
}

std::string ChannelTurns::next(const std::function<std::optional<std::string>()>& last) {
  if (names_.size() == 1) return names_.front();
  const std::scoped_lock lock(mutex_);
  if (!next_) {
    const auto before = last ? last() : std::nullopt;
    const auto found =
        std::ranges::find_if(names_, [&](const auto& name) { return before && same_channel(name, *before); });
    next_ = found == names_.end() ? 0 : static_cast<std::size_t>(found - names_.begin()) + 1;
  }
  const auto index = *next_ % names_.size();
  next_ = index + 1;
  return names_[index];
}

}  // namespace kanal::transports::dpi
