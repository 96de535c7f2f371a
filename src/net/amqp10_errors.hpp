// What an AMQP 1.0 broker says, as Errors. Internal to this folder; immutable.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace kanal::net {

class Amqp10Errors {
 public:
  /// `broker` is `host:port`.
  explicit Amqp10Errors(std::string broker) : broker_(std::move(broker)) {}

  /// An error condition with its description; `where` completes "The broker host:port ends ...".
  [[nodiscard]] Error told(std::string_view where, std::string_view condition, std::string_view description) const;
  /// `what` completes "The broker host:port ...".
  [[nodiscard]] Error make(std::string code, std::string_view what) const;

 private:
  std::string broker_;
};

/// The code of an error condition: see Amqp10Connection.
[[nodiscard]] std::string code_of_condition(std::string_view condition);
/// A foreign text for people: short, on one line, and without anything that could be a token.
[[nodiscard]] std::string shown_text(std::string_view foreign);

}  // namespace kanal::net
