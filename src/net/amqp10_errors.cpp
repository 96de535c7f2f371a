#include "net/amqp10_errors.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace kanal::net {
namespace {

constexpr std::size_t max_foreign_text = 300;

using Row = std::pair<std::string_view, std::string_view>;
/// OASIS amqp-core-transport-v1.0 2.8, amqp-core-messaging-v1.0 3.2 and, as `com.microsoft:`, those of Azure Service
/// Bus (from its documentation; which of them comes when is (unverified)).
constexpr std::array rows = {
    Row{"amqp:unauthorized-access", "amqp10.unauthorized"},
    Row{"com.microsoft:auth-failed", "amqp10.unauthorized"},
    Row{"amqp:not-allowed", "amqp10.refused"},
    Row{"amqp:not-found", "amqp10.not_found"},
    Row{"com.microsoft:entity-disabled", "amqp10.not_found"},
    Row{"com.microsoft:server-busy", "amqp10.busy"},
    Row{"amqp:resource-limit-exceeded", "amqp10.busy"},
    Row{"com.microsoft:timeout", "amqp10.timeout"},
    Row{"com.microsoft:message-lock-lost", "amqp10.lock_lost"},
    Row{"amqp:decode-error", "amqp10.protocol"},
    Row{"amqp:not-implemented", "amqp10.protocol"},
    Row{"amqp:invalid-field", "amqp10.protocol"},
    Row{"amqp:connection:framing-error", "amqp10.protocol"},
};

}  // namespace

std::string code_of_condition(std::string_view condition) {
  const auto row = std::ranges::find(rows, condition, &Row::first);
  return row == rows.end() ? "amqp10.closed" : std::string(row->second);
}

std::string shown_text(std::string_view foreign) {
  for (const std::string_view part : {"SharedAccessSignature", "sig="}) {
    if (foreign.find(part) != std::string_view::npos) return "[a text that repeats a token]";
  }
  std::string out(foreign.substr(0, max_foreign_text));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return out;
}

Error Amqp10Errors::make(std::string code, std::string_view what) const {
  return {std::move(code), fmt::format("The AMQP broker {} {}", broker_, what), Disposition::retry, {}, {}};
}

Error Amqp10Errors::told(std::string_view where, std::string_view condition, std::string_view description) const {
  if (condition.empty()) return make("amqp10.closed", fmt::format("ends {} without a reason", where));
  return make(code_of_condition(condition),
              fmt::format("ends {}: {} {}", where, shown_text(condition), shown_text(description)));
}

}  // namespace kanal::net
