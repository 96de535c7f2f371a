// What librabbitmq and the broker say, as Errors. Internal to this folder; immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace kanal::net {

class AmqpErrors {
 public:
  /// `broker` is `host:port`. A text of the broker that repeats the password, or a part of it, is withheld.
  AmqpErrors(std::string broker, Secret password) : broker_(std::move(broker)), password_(std::move(password)) {}

  /// connection.close, channel.close or basic.return: the code by the reply code, which the message tells with the
  /// text.
  [[nodiscard]] Error told(int reply_code, std::string_view reply_text) const;
  /// A negative status of librabbitmq.
  [[nodiscard]] Error failed(int status) const;
  /// `what` completes "The broker host:port ...".
  [[nodiscard]] Error make(std::string code, std::string_view what) const;

 private:
  [[nodiscard]] std::string shown(std::string_view foreign) const;

  std::string broker_;
  Secret password_;
};

}  // namespace kanal::net
