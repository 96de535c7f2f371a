// Reads the members of one JSON object as a strict schema would (required, typed, bounded, none unknown), and keeps the
// first violation with its place. One object per JSON object, one thread.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace kanal::sim {

/// The first violation found: `digital.avsender: value is missing`.
using Violation = std::optional<std::string>;

struct TextRule {
  std::size_t min = 0;         ///< characters, not bytes
  std::size_t max = SIZE_MAX;  ///< characters
  bool (*good)(std::string_view) = nullptr;
  std::string_view called{};  ///< what `good` wants, for the sentence
};

class Members {
 public:
  /// Anything but an object is a violation. `place` is how the object is called; both must outlive this.
  Members(const boost::json::value& value, std::string place, Violation& violation);

  /// Empty when it breaks the rule, which is then noted.
  std::string text(std::string_view name, const TextRule& rule = {});
  std::optional<std::string> optional_text(std::string_view name, const TextRule& rule = {});
  std::optional<std::int64_t> optional_integer(std::string_view name);
  std::optional<bool> optional_flag(std::string_view name);
  /// A text that must be exactly this.
  void constant(std::string_view name, std::string_view value);
  /// Null when absent: noted for required ones.
  const boost::json::value* required(std::string_view name);
  const boost::json::value* optional(std::string_view name);
  [[nodiscard]] bool has(std::string_view name) const;
  /// Notes members that nobody asked for.
  void no_others();
  /// Notes a violation here, unless there is one already.
  void note(std::string_view what);
  [[nodiscard]] std::string place_of(std::string_view name) const { return place_ + "." + std::string(name); }

 private:
  const boost::json::object* object_;
  std::string place_;
  Violation& violation_;
  std::set<std::string, std::less<>> known_;
};

// Rules of the formats that JSON schemas name.
[[nodiscard]] bool is_date_time(std::string_view text);  ///< RFC 3339, so with an offset
[[nodiscard]] bool is_date(std::string_view text);
[[nodiscard]] bool is_email(std::string_view text);

}  // namespace kanal::sim
