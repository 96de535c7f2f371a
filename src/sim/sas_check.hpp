// Checks the SAS token of a request at the Service Bus (dpe.md 3.2): `SharedAccessSignature sr=&sig=&se=&skn=`, each
// member once. Thread-safe.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::sim {

/// A shared access policy of a namespace; while it is changed, two keys are good.
struct SasPolicy {
  std::string name = "MoveDPE-pilotPolicy";
  std::string key{};
  std::string former_key{};  ///< empty: none
};

/// The end of a token, as it says itself; nothing when it cannot be read.
[[nodiscard]] std::optional<Time> sas_expiry(std::string_view token);

class SasCheck {
 public:
  SasCheck(SasPolicy policy, const Clock& clock) : policy_(std::move(policy)), clock_(clock) {}

  /// Is `token` good for `url` (without its query)? `sr` covers what lies below it, letters large or small. `bus.token`
  /// with what is wrong, in the service's words as far as they are known.
  [[nodiscard]] Result<void> check(std::string_view token, std::string_view url, std::chrono::seconds skew) const;
  void set_key(std::string key, bool keep_former);
  [[nodiscard]] SasPolicy policy() const;

 private:
  mutable std::mutex mutex_;
  SasPolicy policy_;
  const Clock& clock_;
};

}  // namespace kanal::sim
