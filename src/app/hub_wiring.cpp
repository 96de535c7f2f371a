#include "app/hub_wiring.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "domain/channel.hpp"
#include "domain/partner.hpp"
#include "ops/wrong_value.hpp"

namespace kanal::app {
namespace {

/// This installation's end of the link.
struct OwnEnd {
  std::string certificate_pem;
  std::string key_pem;
};

Result<std::string> pem_at(const ops::Config& config, const std::string& key) {
  if (config.text_or(key, "").empty()) return reject("config.missing", key + " is needed: a file in PEM form");
  auto content = config.file(key);
  if (!content) return failed(content);
  return std::string(text_of(*content));
}

Result<OwnEnd> own_end(const ops::Config& config) {
  auto certificate = pem_at(config, "kanal.hub.certificate");
  if (!certificate) return failed(certificate);
  auto key = pem_at(config, "kanal.hub.key");
  if (!key) return failed(key);
  return OwnEnd{std::move(*certificate), std::move(*key)};
}

std::vector<ServiceIdentifier> services_at(const ops::Config& config, const std::string& key) {
  std::vector<ServiceIdentifier> services;
  for (auto& name : config.list(key)) services.emplace_back(std::move(name));
  if (services.empty()) services.emplace_back("DPE");
  return services;
}

Result<flow::Satellite> read_one(const ops::Config& config, const std::string& entry) {
  flow::Satellite satellite;
  auto name = config.required(entry + "name");
  if (!name) return failed(name);
  if (name->empty() || !domain::is_channel_name(*name)) {
    return ops::wrong_value(config, entry + "name", *name, "must match ^[a-zA-Z0-9-_]{1,25}$");
  }
  satellite.name = std::move(*name);
  satellite.services = services_at(config, entry + "services");
  satellite.channels = config.list(entry + "channels");
  satellite.processes = config.list(entry + "processes");
  satellite.organisations = config.list(entry + "organisations");
  for (const auto& organisation : satellite.organisations) {
    if (!domain::is_orgnr(organisation)) {
      return ops::wrong_value(config, entry + "organisations", organisation,
                              "must be organisation numbers of nine digits, with commas");
    }
  }
  return satellite;
}

/// The satellite's certificates: several while they are being changed.
Result<void> add_certificates(const ops::Config& config, const std::string& entry, const std::string& name,
                              HubSetup& setup) {
  const auto key = entry + "certificate";
  auto pem = pem_at(config, key);
  if (!pem) return failed(pem);
  auto certificates = crypto::read_pem_certificates(*pem);
  if (!certificates) return failed(std::move(certificates).error(), key);
  if (certificates->empty()) return reject("config.value", key + " holds no certificate in PEM form");
  for (const auto& certificate : *certificates) {
    const auto digest = to_hex(crypto::sha256(certificate.der()));
    const auto [other, added] = setup.satellites.emplace(digest, name);
    if (!added && other->second != name) {
      return reject("config.value", fmt::format("{} is the certificate of satellite {} already: each needs its own, "
                                                "or they take each other's answers",
                                                key, other->second));
    }
    setup.server.tls->client_ca_pem += certificate.pem();
  }
  return {};
}

Result<void> read_satellites(const ops::Config& config, HubSetup& setup) {
  auto& satellites = setup.settings.satellites;
  for (std::size_t i = 0; i < config.count("kanal.hub.satellites"); ++i) {
    const auto entry = fmt::format("kanal.hub.satellites[{}].", i);
    auto satellite = read_one(config, entry);
    if (!satellite) return failed(satellite);
    if (std::ranges::find(satellites, satellite->name, &flow::Satellite::name) != satellites.end()) {
      return ops::wrong_value(config, entry + "name", satellite->name, "is configured twice");
    }
    if (auto added = add_certificates(config, entry, satellite->name, setup); !added) return added;
    satellites.push_back(std::move(*satellite));
  }
  if (satellites.empty()) {
    return reject("config.missing",
                  "kanal.hub.port is set: name the satellites in kanal.hub.satellites[0].name and "
                  "so on, or leave the port out");
  }
  setup.settings.others = config.text_or("kanal.hub.others", "");
  const bool known = setup.settings.others.empty() ||
                     std::ranges::find(satellites, setup.settings.others, &flow::Satellite::name) != satellites.end();
  if (!known) {
    return ops::wrong_value(config, "kanal.hub.others", setup.settings.others,
                            "must be the name of a satellite, or empty: then this installation gets it");
  }
  return {};
}

}  // namespace

Result<std::optional<HubSetup>> read_hub(const ops::Config& config) {
  if (config.text_or("kanal.hub.port", "").empty()) return std::optional<HubSetup>{};
  if (!config.text_or("kanal.hub.url", "").empty()) {
    return reject("config.value",
                  "kanal.hub.port and kanal.hub.url are both set: an installation is a hub or a "
                  "satellite of one, not both");
  }
  auto port = config.integer("kanal.hub.port");
  if (!port) return failed(port);
  if (*port < 0 || *port > 65535) {
    return ops::wrong_value(config, "kanal.hub.port", std::to_string(*port), "must be a port, 0 to 65535");
  }
  auto own = own_end(config);
  if (!own) return failed(own);
  HubSetup setup;
  setup.server.port = static_cast<std::uint16_t>(*port);
  setup.server.address = config.text_or("kanal.hub.address", "*");
  setup.server.tls = net::ServerTls{own->certificate_pem, own->key_pem, {}};
  if (auto read = read_satellites(config, setup); !read) return failed(read);
  // Each satellite holds a question open for each of its services, and asks others meanwhile.
  std::size_t questions = 0;
  for (const auto& satellite : setup.settings.satellites) questions += satellite.services.size();
  constexpr std::size_t others = 8;
  setup.server.workers = static_cast<int>(std::min<std::size_t>(questions * 2 + others, 256));
  return std::optional(std::move(setup));
}

Result<std::optional<SatelliteSetup>> read_satellite(const ops::Config& config, Clock& clock) {
  auto url = config.text_or("kanal.hub.url", "");
  if (url.empty()) return std::optional<SatelliteSetup>{};
  while (url.ends_with('/')) url.pop_back();
  if (!url.starts_with("https://")) {
    return ops::wrong_value(config, "kanal.hub.url", url,
                            "must begin with https://: what goes there is not for others");
  }
  auto own = own_end(config);
  if (!own) return failed(own);
  net::ClientOptions options;
  auto ca = config.extra_ca();
  if (!ca) return failed(ca);
  options.ca_pem = std::move(*ca);
  if (!config.text_or("kanal.hub.ca", "").empty()) {
    auto hub_ca = pem_at(config, "kanal.hub.ca");
    if (!hub_ca) return failed(hub_ca);
    options.ca_pem += *hub_ca;
  }
  options.client_certificate_pem = own->certificate_pem;
  options.client_key_pem = own->key_pem;
  auto http = std::make_shared<net::HttpClient>(std::move(options));
  return std::optional(SatelliteSetup{std::make_shared<transports::HubClient>(std::move(url), std::move(http), clock),
                                      services_at(config, "kanal.hub.services")});
}

}  // namespace kanal::app
