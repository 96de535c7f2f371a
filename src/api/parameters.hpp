// Query parameters as the reference's framework reads them (rest-api.md 2.1, 6-8): a value that cannot be read is
// remembered, so that all wrong ones are reported together. One object per request, one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/error_table.hpp"
#include "domain/receipt_status.hpp"
#include "net/http_server.hpp"
#include "ports/store.hpp"

namespace kanal::api {

class Parameters {
 public:
  /// The request outlives it.
  explicit Parameters(const net::Request& request) : request_(request) {}

  [[nodiscard]] std::optional<std::string> text(std::string_view name) const { return request_.parameter(name); }
  /// Accepts `0192:<orgnr>` where stored values have no prefix (rest-api.md 12 no. 27).
  [[nodiscard]] std::optional<std::string> identifier(std::string_view name) const;

  // Absent and empty are the same for all of these.
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name);
  std::optional<ports::Direction> direction(std::string_view name);
  std::optional<domain::ReceiptStatus> status(std::string_view name);
  /// A day in Norway.
  std::optional<std::chrono::sys_days> date(std::string_view name);
  std::optional<Time> date_time(std::string_view name);
  /// The instants that a date-time stands for: a whole second, or a millisecond when it has a fraction. From inclusive,
  /// to exclusive.
  std::optional<std::pair<Time, Time>> instant(std::string_view name);
  /// Any text of capital letters and digits: which services there are is not known here.
  std::optional<std::string> service(std::string_view name);

  /// page, size, sort; bad numbers fall back to the default.
  [[nodiscard]] ports::PageRequest page(std::vector<ports::SortKey> default_sort) const;

  [[nodiscard]] const std::vector<BadParameter>& wrong() const { return wrong_; }

 private:
  /// The value unless absent or empty.
  [[nodiscard]] std::optional<std::string> given(std::string_view name) const;
  void refuse(std::string_view name, std::string_view value, std::string_view wanted);

  const net::Request& request_;
  std::vector<BadParameter> wrong_;
};

/// The whole text as a decimal number.
[[nodiscard]] std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace kanal::api
