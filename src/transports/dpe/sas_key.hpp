// The key of the shared policy at the Service Bus (dpe.md 3.1): from the Service Registry, signed, kept for a day and
// over restarts. A national secret: it is in no error, log or diagnosis. Thread-safe; key() may block, and then one
// caller asks for all.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "lookup/answer_verifier.hpp"
#include "lookup/jwk_cache.hpp"
#include "lookup/token_source.hpp"
#include "transports/dpe/dpe_settings.hpp"
#include "transports/transport_factory.hpp"

namespace kanal::transports::dpe {

class SasKeySource {
 public:
  /// `settings` outlives it.
  SasKeySource(const KeySettings& settings, const Resources& resources);

  /// The key. When the registry does not give one, the last one that it gave, from memory or the store; without any:
  /// `dpe.no_key` (retry).
  Result<Secret> key();
  /// The Service Bus refused `key`: the next key() asks the registry again, but not twice within half a minute.
  void reject(const Secret& key);
  /// Why there is no fresh key; empty when there is one.
  [[nodiscard]] std::string problem() const;

 private:
  Result<Secret> fetch();
  [[nodiscard]] bool may_ask(Duration now) const;
  void recall();

  const KeySettings& settings_;
  Resources resources_;
  lookup::TokenSource tokens_;
  lookup::JwkCache jwks_;
  lookup::AnswerVerifier verifier_;
  std::mutex asking_;         ///< one question at a time; taken before `mutex_`
  mutable std::mutex mutex_;  ///< guards what follows
  std::optional<Secret> key_;
  bool recalled_ = false;
  Duration fresh_until_ = Duration::min();
  std::optional<Duration> asked_;
  std::string problem_;
};

}  // namespace kanal::transports::dpe
