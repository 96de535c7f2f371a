// Which events a web-hook subscription wants (rest-api.md section 10). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kanal::domain {

/// What a filter looks at.
struct WebhookEvent {
  std::string_view status;
  std::string_view service_identifier;
  std::string_view direction;
};

class WebhookFilter {
 public:
  /// Nothing when it is no filter: an unknown name, another operator than `=`, an empty part.
  static std::optional<WebhookFilter> parse(std::string_view text);

  [[nodiscard]] bool matches(const WebhookEvent& event) const;

 private:
  enum class Name { status, service_identifier, direction };
  struct Part {
    Name name;
    std::vector<std::string> values;
  };
  std::vector<Part> parts_;
};

}  // namespace kanal::domain
