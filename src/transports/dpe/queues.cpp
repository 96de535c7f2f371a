#include "transports/dpe/queues.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/ascii.hpp"

namespace kanal::transports::dpe {
namespace {

constexpr std::string_view status_type = "status";
constexpr std::string_view receipt_type = "einnsyn_kvittering";

}  // namespace

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::innsyn:
      return "innsyn";
    case Mode::data:
      return "data";
    case Mode::meeting:
      return "meeting";
  }
  return {};
}

std::optional<Mode> mode_of(std::string_view text) {
  constexpr std::array modes{Mode::innsyn, Mode::data, Mode::meeting};
  const auto* const found =
      std::ranges::find_if(modes, [&](Mode mode) { return same_ignoring_case(name_of(mode), text); });
  return found == modes.end() ? std::nullopt : std::optional(*found);
}

std::string queue_name(std::string_view organisation, std::string_view suffix) {
  return fmt::format("nextbestqueue{}{}", organisation, suffix);
}

bool has_fixed_queue(const domain::Sbd& sbd) {
  return same_ignoring_case(sbd.document.type, status_type) || same_ignoring_case(sbd.document.type, receipt_type);
}

Result<std::string> answer_suffix(const domain::Sbd& sbd, Mode own, const std::string& receipt_queue) {
  if (!receipt_queue.empty()) return receipt_queue;
  if (same_ignoring_case(sbd.document.type, status_type)) {
    return std::string(name_of(own == Mode::innsyn ? Mode::data : Mode::innsyn));
  }
  const auto about = sbd.body_text("referanseType");
  if (same_ignoring_case(about, "innsynskrav")) return std::string(name_of(Mode::data));
  if (same_ignoring_case(about, "publisering")) return std::string(name_of(Mode::innsyn));
  return reject("dpe.reference_type", "referanseType of an einnsyn_kvittering must be innsynskrav or publisering");
}

}  // namespace kanal::transports::dpe
