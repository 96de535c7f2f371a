#include "transports/receive_mode.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "ops/key_names.hpp"
#include "ops/value_types.hpp"
#include "ops/wrong_value.hpp"

namespace kanal::transports {

Result<ReceiveMode> read_receive_mode(const ops::Config& config, const std::string& property) {
  const auto given = config.text_or(property, "all");
  const auto mode = ops::lower(given);
  if (mode == "all") return ReceiveMode::all;
  if (mode == "answers") return ReceiveMode::answers;
  if (mode == "none") return ReceiveMode::none;
  if (const auto flag = ops::parse_boolean(mode)) return *flag ? ReceiveMode::all : ReceiveMode::none;
  return ops::wrong_value(config, property, given, "must be all, answers or none");
}

Result<ReceiveMode> read_whole_receive_mode(const ops::Config& config, const std::string& property,
                                            std::string_view service) {
  auto mode = read_receive_mode(config, property);
  if (!mode || *mode != ReceiveMode::answers) return mode;
  const auto through_hub = config.list("kanal.hub.services");
  const bool sorted =
      !config.text_or("kanal.hub.url", "").empty() && std::ranges::find(through_hub, service) != through_hub.end();
  if (sorted) return mode;
  return ops::wrong_value(config, property, "answers",
                          fmt::format("{} hands out messages and answers together: only a hub can sort them "
                                      "(kanal.hub.url); set all, or none in an installation that only sends",
                                      service));
}

Result<std::string> why_no_answers(const ops::Config& config, const std::string& property) {
  auto receipts = config.boolean("difi.move.feature.enableReceipts");
  if (!receipts) return failed(receipts);
  auto mode = read_receive_mode(config, property);
  if (!mode) return failed(mode);
  if (!*receipts) return std::string("difi.move.feature.enableReceipts is false");
  return *mode == ReceiveMode::none ? property + " is none" : std::string{};
}

}  // namespace kanal::transports
