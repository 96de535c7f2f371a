#include "ports/records.hpp"

#include <algorithm>
#include <array>

#include "ports/directory.hpp"

namespace kanal::ports {
namespace {

constexpr std::array<std::string_view, 7> state_names = {"seen",        "taking", "stored", "acknowledged",
                                                         "quarantined", "gone",   "refused"};

}  // namespace

std::string_view name_of(Direction direction) { return direction == Direction::outgoing ? "OUTGOING" : "INCOMING"; }

std::optional<Direction> direction(std::string_view name) {
  if (name == "OUTGOING") return Direction::outgoing;
  if (name == "INCOMING") return Direction::incoming;
  return std::nullopt;
}

bool has_status(const Conversation& conversation, domain::ReceiptStatus status) {
  return std::ranges::find(conversation.statuses, status, &MessageStatus::status) != conversation.statuses.end();
}

std::string_view name_of(RemoteItem::State state) { return state_names.at(static_cast<std::size_t>(state)); }

std::optional<RemoteItem::State> remote_item_state(std::string_view name) {
  for (std::size_t i = 0; i < state_names.size(); ++i) {
    if (state_names.at(i) == name) return static_cast<RemoteItem::State>(i);
  }
  return std::nullopt;
}

const ServiceRecord* choose(const std::vector<ServiceRecord>& records, std::string_view standard) {
  for (const auto& record : records) {
    for (const auto& type : record.document_types) {
      if (type == standard) return &record;
    }
  }
  return nullptr;
}

}  // namespace kanal::ports
