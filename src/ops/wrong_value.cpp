#include "ops/wrong_value.hpp"

#include <fmt/format.h>

namespace kanal::ops {

tl::unexpected<Error> wrong_value(const Config& config, const std::string& property, const std::string& value,
                                  std::string_view rule) {
  const auto origin = config.origin(property);
  return reject("config.value",
                fmt::format("{}{} = \"{}\": {}", origin ? origin->text() + ": " : "", property, value, rule));
}

}  // namespace kanal::ops
