// Configuration as the Java version reads it (configuration.md section 1): sources in order, relaxed names,
// placeholders, profiles. A Config is immutable after loading; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace kanal::ops {

/// `Origin::source` of a catalogue default.
constexpr std::string_view default_source = "default";
/// `Origin::source` of a text secret in HashiCorp Vault.
constexpr std::string_view vault_source = "vault";

/// Where a value came from, for error texts and `config show`.
struct Origin {
  std::string
      source;    ///< `integrasjonspunkt-local.properties`, `environment`, `command line`, `profile staging`, `default`
  int line = 0;  ///< 0 when the source has no lines
  [[nodiscard]] std::string text() const;  ///< `file:12`
};

enum class ValueType { text, boolean, integer, size, url, file, cron, milliseconds, list, secret };

/// One known setting; the catalogue is the only list of them.
struct Setting {
  std::string_view key;  ///< `difi.move.dpo.message-channel`; `[n]` and `<orgnr>` stand for any index or number
  ValueType type = ValueType::text;
  std::string_view fallback;  ///< default; may hold placeholders; empty: none
  std::string_view meaning;   ///< one sentence
  enum class State { used, not_yet, obsolete, unneeded } state = State::used;  ///< unneeded: read by nobody, may stay
  std::string_view note{};  ///< obsolete or not honoured: why and what to do
  bool hidden = false;      ///< for tests of the program itself: never listed, never suggested
};
[[nodiscard]] std::span<const Setting> settings_catalogue();
/// Canonical form: per element `-` and `_` removed, lower case (configuration.md "Relaxed names").
[[nodiscard]] std::string canonical(std::string_view key);
/// Null when unknown. Matches indexes and map keys.
[[nodiscard]] const Setting* find_setting(std::string_view key);
/// The known key closest to `key`, for "did you mean"; empty when none is near.
[[nodiscard]] std::string nearest_setting(std::string_view key);

/// Where the secrets lie (configuration.md section 1).
struct VaultAddress {
  std::string uri;
  Secret token;
  std::string path;           ///< of text secrets
  std::string resource_path;  ///< of binary secrets; empty: none
  std::string ca_pem{};       ///< trusted besides the system's certificates
};

/// What lay there, by key. Resources are still base64.
struct VaultSecrets {
  std::map<std::string, std::string> texts;
  std::map<std::string, std::string> resources;
};

/// Fetches the secrets; the error says what to do and never shows the token.
using VaultReader = std::function<Result<VaultSecrets>(const VaultAddress&)>;

/// What loading reads; everything injectable for tests.
struct ConfigSources {
  std::filesystem::path folder = ".";  ///< where integrasjonspunkt-local.* lies
  std::vector<std::string> arguments;  ///< `--name=value`, `-Dname=value`
  std::map<std::string, std::string> environment;
  std::filesystem::path file{};  ///< read in place of integrasjonspunkt-local.*
  VaultReader vault{};           ///< asked when vault.uri, vault.token and vault.path are all set; absent: never
};

/// A problem or remark found while loading or checking.
struct ConfigRemark {
  enum class Level { note, warning, error } level = Level::note;
  std::string key;
  std::string value;  ///< hidden when secret
  Origin origin;
  std::string text;  ///< rule and what to do
};

class Config {
 public:
  /// Reads all sources. Errors are unreadable files and unresolvable placeholders (`config.syntax` with file and line).
  static Result<Config> load(const ConfigSources& sources);

  /// Raw value with placeholders resolved, trimmed; falls back to profile and catalogue defaults.
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view otherwise) const;
  /// Typed; `config.value` names origin, key, value and rule. Absent values give the catalogue default, or
  /// `config.missing`.
  [[nodiscard]] Result<bool> boolean(std::string_view key) const;
  [[nodiscard]] Result<std::int64_t> integer(std::string_view key) const;
  [[nodiscard]] Result<std::uint64_t> size(std::string_view key) const;  ///< `500`, `2MB`; 1024-based
  [[nodiscard]] Result<std::chrono::milliseconds> milliseconds(std::string_view key) const;
  [[nodiscard]] Result<std::string> required(std::string_view key) const;
  [[nodiscard]] Secret secret(std::string_view key) const;
  /// Comma list or `[n]` entries.
  [[nodiscard]] std::vector<std::string> list(std::string_view key) const;
  /// Number of `key[n]` groups, e.g. `difi.move.dpo.reportees`.
  [[nodiscard]] std::size_t count(std::string_view key) const;
  /// Content (at most 16 MiB) of a `file:` value, plain path, `base64:` or `vault:<key>`; relative to the folder.
  /// `config.file` names key, origin and path.
  [[nodiscard]] Result<Bytes> file(std::string_view key) const;
  /// The PEM text of `kanal.tls.extra-ca`: what connections trust besides the system's certificates; empty when none is
  /// set. Errors as file().
  [[nodiscard]] Result<std::string> extra_ca() const;
  [[nodiscard]] std::optional<Origin> origin(std::string_view key) const;
  [[nodiscard]] const std::vector<std::string>& profiles() const;
  [[nodiscard]] const std::filesystem::path& folder() const;

  /// Everything there is to say about the configuration, all at once: wrong values, missing required keys of enabled
  /// services, unknown, obsolete and not yet honoured keys, and what loading remarked. Errors first. Silent about a key
  /// that is in order.
  [[nodiscard]] std::vector<ConfigRemark> check() const;

  /// One verdict per key that is set, sorted by key.
  struct KeyVerdict {
    enum class Kind { wrong, unknown, not_honoured, obsolete, not_needed, used, as_default } kind = Kind::used;
    std::string key;
    std::string value;  ///< hidden when secret
    Origin origin;
    std::vector<std::string> texts;  ///< why, and what to do
  };
  /// `remarks` are those of check(), and whatever else was found.
  [[nodiscard]] std::vector<KeyVerdict> verdicts(const std::vector<ConfigRemark>& remarks) const;

  /// Every set key with effective value (secrets hidden) and origin, sorted.
  struct Shown {
    std::string key;
    std::string value;
    Origin origin;
  };
  [[nodiscard]] std::vector<Shown> show() const;

 private:
  friend class ConfigLoader;
  friend class ConfigChecker;

  struct Value {
    std::string key;    ///< as written; from the environment: as the catalogue writes it
    std::string raw;    ///< with placeholders
    std::string value;  ///< trimmed and resolved
    Origin origin;
    bool secret = false;  ///< by its name, or because a secret went into it
  };

  [[nodiscard]] const Value* find_set(const std::string& name) const;
  [[nodiscard]] const Value* find_filled(std::string_view key) const;
  [[nodiscard]] Result<Bytes> resource(std::string_view value) const;
  template <class T, class Parse>
  [[nodiscard]] Result<T> typed(std::string_view key, Parse parse) const;

  std::map<std::string, Value> values_;     ///< by canonical key, highest source wins
  std::map<std::string, Value> fallbacks_;  ///< built-in profile values, then catalogue defaults
  std::vector<std::string> profiles_;
  std::vector<std::string> placeholder_names_;  ///< canonical; sorted: keys that other values refer to
  std::vector<ConfigRemark> remarks_;
  std::filesystem::path folder_;
  bool vault_read_ = false;
  std::map<std::string, std::string> resources_;  ///< of the vault; base64
};

}  // namespace kanal::ops
