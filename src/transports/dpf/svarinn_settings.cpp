#include "transports/dpf/svarinn_settings.hpp"

#include <fmt/format.h>

#include "domain/message_type.hpp"
#include "lookup/token_settings.hpp"
#include "ops/wrong_value.hpp"
#include "transports/dpf/on_behalf_accounts.hpp"
#include "transports/receive_mode.hpp"

namespace kanal::transports::dpf {
namespace {

constexpr std::string_view inn = "difi.move.fiks.inn.";

std::string key(std::string_view name) { return std::string(inn) + std::string(name); }

/// One account, when both parts of it are set.
void read_account(const ops::Config& config, const std::string& property, const std::string& organisation,
                  InnSettings& settings) {
  InnAccount account{organisation, config.text_or(property + "username", ""), config.secret(property + "password"),
                     property};
  if (!account.username.empty() && !account.password.empty()) {
    settings.accounts.push_back(std::move(account));
    return;
  }
  if (account.username.empty() && account.password.empty() && property == inn) return;  // not used
  settings.warnings.push_back(fmt::format("{} cannot receive over DPF: {}{} not set", organisation, property,
                                          account.username.empty() ? "username" : "password"));
}

Result<void> read_accounts(const ops::Config& config, InnSettings& settings) {
  auto organisation = config.required(key("orgnr"));
  if (!organisation) return failed(organisation);
  auto others = on_behalf_organisations(config, key("paa-vegne-av"));
  if (!others) return failed(others);
  // Two accounts for one organisation: the more special one counts, as in the Java version.
  if (!others->contains(*organisation)) read_account(config, std::string(inn), *organisation, settings);
  for (const auto& other : *others) {
    read_account(config, fmt::format("{}paa-vegne-av.{}.", inn, other), other, settings);
  }
  if (settings.accounts.empty()) {
    settings.warnings.push_back(
        "nothing is received over DPF: set difi.move.fiks.inn.username and password, or difi.move.fiks.inn.enable to "
        "false");
  }
  return {};
}

Result<void> read_document(const ops::Config& config, InnSettings& settings) {
  auto process = config.required(key("process"));
  if (!process) return failed(process);
  settings.process = std::move(*process);
  auto standard = config.required(key("document-type"));
  if (!standard) return failed(standard);
  const auto* type = domain::message_type_of_standard(*standard);
  if (type == nullptr || type->name != "arkivmelding") {
    return ops::wrong_value(config, key("document-type"), *standard, "must be a document type of arkivmelding");
  }
  settings.document_type = std::move(*standard);
  auto sender = config.required(key("fallback-sender-org-nr"));
  if (!sender) return failed(sender);
  settings.fallback_sender = std::move(*sender);
  auto hours = config.integer("difi.move.nextmove.default-ttl-hours");
  if (!hours) return failed(hours);
  settings.default_ttl = std::chrono::hours(*hours);
  return {};
}

Result<void> read_times(const ops::Config& config, InnSettings& settings) {
  for (const auto& [property, into] :
       {std::pair{key("connectTimeout"), &settings.connect_timeout},
        std::pair{key("readTimeout"), &settings.read_timeout},
        std::pair{std::string("difi.move.fiks.pollingrate"), &settings.polling_interval}}) {
    auto time = config.milliseconds(property);
    if (!time) return failed(time);
    *into = *time;
  }
  return {};
}

}  // namespace

Result<InnSettings> read_inn_settings(const ops::Config& config, const std::vector<crypto::Identity>& own) {
  InnSettings settings;
  auto enabled = config.boolean(key("enable"));
  if (!enabled) return failed(enabled);
  // All that SvarInn has is messages.
  auto mode = read_receive_mode(config, "kanal.dpf.receive");
  if (!mode) return failed(mode);
  settings.enabled = *enabled && *mode == ReceiveMode::all;
  if (!settings.enabled) return settings;
  auto root = config.required(key("baseUrl"));
  if (!root) return failed(root);
  while (root->ends_with('/')) root->pop_back();
  settings.root = std::move(*root);
  if (auto read = read_document(config, settings); !read) return failed(read);
  if (auto read = read_times(config, settings); !read) return failed(read);
  auto key_of_ks = lookup::read_service_identity(config, "difi.move.fiks.", own.front());
  if (!key_of_ks) return failed(key_of_ks);
  settings.keys.push_back(std::move(*key_of_ks));
  settings.keys.insert(settings.keys.end(), own.begin(), own.end());
  if (auto read = read_accounts(config, settings); !read) return failed(read);
  return settings;
}

}  // namespace kanal::transports::dpf
