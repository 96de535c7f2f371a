#include "net/amqp10_engine.hpp"

#include <proton/delivery.h>
#include <proton/disposition.h>
#include <proton/link.h>

#include <algorithm>
#include <array>
#include <utility>

namespace kanal::net {
namespace {

using Row = std::pair<Amqp10Outcome, std::uint64_t>;
constexpr std::array rows = {Row{Amqp10Outcome::accepted, PN_ACCEPTED}, Row{Amqp10Outcome::rejected, PN_REJECTED},
                             Row{Amqp10Outcome::released, PN_RELEASED}, Row{Amqp10Outcome::modified, PN_MODIFIED}};

}  // namespace

std::string text_or_empty(const char* text) { return text == nullptr ? std::string{} : std::string(text); }

std::string_view tag_of(pn_delivery_t* delivery) {
  const auto tag = pn_delivery_tag(delivery);
  return {tag.start, tag.size};
}

bool read_some(pn_link_t* link, Bytes& into, std::size_t limit) {
  Bytes piece(pn_delivery_pending(pn_link_current(link)));
  const auto got = pn_link_recv(link, reinterpret_cast<char*>(piece.data()), piece.size());
  const auto count = std::min<std::size_t>(got > 0 ? static_cast<std::size_t>(got) : 0, piece.size());
  const auto kept = std::min(count, limit - std::min(limit, into.size()));
  into.insert(into.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(kept));
  return kept < count;
}

std::uint64_t state_of(Amqp10Outcome outcome) {
  const auto* const row = std::ranges::find(rows, outcome, &Row::first);
  return row == rows.end() ? std::uint64_t{PN_RELEASED} : row->second;
}

std::optional<Amqp10Outcome> outcome_of(std::uint64_t state) {
  const auto* const row = std::ranges::find(rows, state, &Row::second);
  return row == rows.end() ? std::nullopt : std::optional(row->first);
}

}  // namespace kanal::net
