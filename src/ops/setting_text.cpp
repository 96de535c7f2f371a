#include "ops/setting_text.hpp"

#include "ops/key_names.hpp"
#include "ops/profiles.hpp"

namespace kanal::ops {

std::string_view name_of_type(ValueType type) {
  switch (type) {
    case ValueType::text:
      return "text";
    case ValueType::boolean:
      return "true or false";
    case ValueType::integer:
      return "whole number";
    case ValueType::size:
      return "size (500, 10KB, 2MB, 1GB)";
    case ValueType::url:
      return "address";
    case ValueType::file:
      return "file (path, file:..., base64:...)";
    case ValueType::cron:
      return "cron (sec min hour day month weekday)";
    case ValueType::milliseconds:
      return "milliseconds (15000, 15s, 5m)";
    case ValueType::list:
      return "list (a,b or key[0], key[1])";
    case ValueType::secret:
      return "secret";
  }
  return "text";
}

std::string_view name_of_state(Setting::State state) {
  switch (state) {
    case Setting::State::used:
      return "used";
    case Setting::State::not_yet:
      return "not honoured yet";
    case Setting::State::obsolete:
      return "obsolete";
    case Setting::State::unneeded:
      return "not needed";
  }
  return "used";
}

std::vector<ProfileDefault> profile_defaults(const Setting& setting) {
  std::vector<ProfileDefault> found;
  for (const std::string_view profile : {"production", "staging", "dev"}) {
    for (const ProfileValue& value : profile_values(profile)) {
      if (canonical(value.key) == canonical(setting.key)) found.push_back({profile, value.value});
    }
  }
  return found;
}

const std::vector<SettingSection>& setting_sections() {
  static const std::vector<SettingSection> sections{
      {"spring.profiles.active", "Where settings come from"},
      {"difi.move.org.number", "Organisation, keystore, tokens, Service Registry"},
      {"difi.move.feature.enableDPO", "Switches"},
      {"difi.move.nextmove.use-db-persistence", "Messages, queue, store, web-hooks, clock"},
      {"difi.move.arkivmelding.default-process", "Arkivmelding, avtalt, eInnsyn"},
      {"difi.move.dpo.brokerserviceUrl", "DPO"},
      {"difi.move.dpv.correspondenceServiceUrl", "DPV"},
      {"difi.move.dpi.uri", "DPI"},
      {"difi.move.fiks.pollingrate", "DPF and KS Fiks IO"},
      {"difi.move.nextmove.serviceBus.enable", "DPE and DPH"},
      {"difi.move.mail.smtpHost", "Mail"},
      {"server.port", "Server, security, management, logging, Vault"},
      {"kanal.data-folder", "Kanal's own"},
  };
  return sections;
}

}  // namespace kanal::ops
