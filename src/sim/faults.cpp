#include "sim/faults.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/object.hpp>

namespace kanal::sim {
namespace {

void add_http_faults(std::vector<FaultName>& out, std::string_view place, std::string_view what,
                     std::initializer_list<int> statuses) {
  for (const int status : statuses) {
    out.push_back({fmt::format("{}.{}", place, status), fmt::format("{} answers {} and does nothing", what, status)});
  }
}

void add_token_faults(std::vector<FaultName>& out) {
  add_http_faults(out, "maskinporten", "the token endpoint (subject: client id)", {429, 500, 503});
  add_http_faults(out, "exchange", "the Altinn token exchange (subject: organisation)", {401, 403, 500, 503});
  out.insert(out.end(),
             {{"maskinporten.hang", "the token endpoint does not answer for a long time (subject: client id)"},
              {"maskinporten.reset", "the connection is closed after the assertion was used (subject: client id)"},
              {"maskinporten.client", "client authentication fails, MP-100 (subject: client id)"},
              {"maskinporten.certificate", "the certificate is refused, MP-120 (subject: client id)"},
              {"maskinporten.key_expired", "the registered key has expired, MP-121 (subject: client id)"},
              {"maskinporten.invalid_scope", "a scope is refused (subject: the scope)"},
              {"maskinporten.system_user", "the system user is not approved (subject: organisation)"},
              {"maskinporten.clock_ahead", "the service's clock is five minutes ahead"},
              {"maskinporten.clock_behind", "the service's clock is five minutes behind"},
              {"maskinporten.no_expires_in", "the answer lacks expires_in"},
              {"maskinporten.short_lived", "the access token lives 5 seconds"},
              {"maskinporten.expired", "the access token has expired when it is given"},
              {"exchange.hang", "the exchange does not answer for a long time"},
              {"exchange.expired", "the Altinn token has expired when it is given"},
              {"exchange.short_lived", "the Altinn token lives 5 seconds"},
              {"exchange.quoted", "the Altinn token comes as a JSON string in quotes"},
              {"exchange.object", "the Altinn token comes as a member of a JSON object"},
              {"exchange.padded", "the Altinn token comes with white space around it"},
              {"exchange.empty", "the answer is 200 with an empty body"}});
}

void add_registry_faults(std::vector<FaultName>& out) {
  add_http_faults(out, "registry", "the Service Registry (subject: identifier)", {400, 401, 404, 500, 503});
  out.insert(
      out.end(),
      {{"registry.404_other_shape", "404 with the body shape used for persons (subject: identifier)"},
       {"registry.404_plain", "404 with an HTML body (subject: identifier)"},
       {"registry.slow", "the answer takes longer than a client waits (subject: identifier)"},
       {"registry.reset", "the connection is closed in the middle of the answer (subject: identifier)"},
       {"registry.bad_signature", "the signature does not fit the payload (subject: identifier)"},
       {"registry.unknown_kid", "the answer names a key that is not in the JWK set (subject: identifier)"},
       {"registry.unsigned", "JSON although JOSE was asked for (subject: identifier)"},
       {"registry.jwk_500", "the JWK set is unavailable"},
       {"registry.unknown_service", "an unknown service identifier comes first in the records (subject: identifier)"},
       {"registry.bare_pem", "certificates come without BEGIN and END lines (subject: identifier)"},
       {"registry.unknown_fields", "the answer has members nobody has seen before (subject: identifier)"},
       {"registry.empty_records", "serviceRecords is empty (subject: identifier)"},
       {"registry.flip_to_dpv", "DPO records come as DPV (subject: identifier)"},
       {"registry.wrong_certificate", "Virksert has the certificate of somebody else (subject: identifier)"},
       {"registry.expired_certificate", "Virksert has an expired certificate (subject: identifier)"},
       {"registry.no_certificate", "Virksert has no certificate (subject: identifier)"}});
}

void add_broker_faults(std::vector<FaultName>& out) {
  for (const std::string_view endpoint :
       {"initialize", "upload", "search", "overview", "details", "download", "confirm"}) {
    add_http_faults(out, fmt::format("broker.{}", endpoint),
                    fmt::format("the broker's {} (subject: transfer id or organisation)", endpoint),
                    {401, 429, 500, 503});
  }
  for (const std::string_view code : {"00002", "00005", "00020", "00021", "00025", "00026", "00027", "00028"}) {
    out.push_back(
        {fmt::format("broker.initialize.BRO-{}", code),
         fmt::format("initialize is refused with BRO-{} at its place in the order of checks (subject: organisation)",
                     code)});
  }
  out.insert(
      out.end(),
      {{"broker.401", "any endpoint answers 401 without a body, as for an expired token (subject: organisation)"},
       {"broker.deny_reportee", "Altinn denies every right, 401 BRO-00006 (subject: organisation)"},
       {"broker.slow", "every request takes two seconds longer (subject: organisation)"},
       {"broker.hang", "requests are not answered for a long time (subject: organisation)"},
       {"broker.initialize.lost_answer", "the transfer exists, the answer is lost (subject: organisation)"},
       {"broker.upload.lost_answer", "the bytes are stored, the answer is lost (subject: transfer id or organisation)"},
       {"broker.upload.cut",
        "the upload is cut at its first bytes, the transfer fails (subject: transfer id or organisation)"},
       {"broker.scan.malware", "the virus scan finds malware (subject: transfer id or sender)"},
       {"broker.download.cut", "half of the bytes, then a reset (subject: transfer id or organisation)"},
       {"broker.confirm.lost_answer", "confirmed, the answer is lost (subject: transfer id or organisation)"},
       {"broker.overview.unknown_status",
        "the overview has an unknown status and unknown members (subject: transfer id)"}});
}

std::vector<FaultName> make_catalogue() {
  std::vector<FaultName> out;
  add_token_faults(out);
  add_registry_faults(out);
  add_broker_faults(out);
  std::ranges::sort(out, {}, &FaultName::name);
  return out;
}

}  // namespace

const std::vector<FaultName>& fault_catalogue() {
  static const std::vector<FaultName> catalogue = make_catalogue();
  return catalogue;
}

Result<void> Faults::arm(std::string_view name, std::optional<std::uint64_t> times, std::string subject) {
  const auto& catalogue = fault_catalogue();
  if (!std::ranges::binary_search(catalogue, name, {}, &FaultName::name)) {
    std::vector<std::string_view> near;
    const auto family = name.substr(0, name.find('.'));
    for (const auto& fault : catalogue) {
      if (fault.name.starts_with(family)) near.push_back(fault.name);
    }
    return reject("fault.unknown", near.empty() ? fmt::format("there is no fault {}; GET /sim/faults lists them", name)
                                                : fmt::format("there is no fault {}; {}", name, fmt::join(near, ", ")));
  }
  if (times && *times == 0) return reject("fault.times", "a fault happens at least once");
  const std::scoped_lock lock(mutex_);
  armed_.push_back({std::string(name), std::move(subject), times});
  armed_count_ = armed_.size();
  return {};
}

void Faults::disarm(std::string_view name) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(armed_, [&](const Armed& armed) { return armed.name == name; });
  armed_count_ = armed_.size();
  ++releases_;
  released_.notify_all();
}

void Faults::disarm_all() {
  const std::scoped_lock lock(mutex_);
  armed_.clear();
  armed_count_ = 0;
  ++releases_;
  released_.notify_all();
}

bool Faults::consume(std::string_view name, std::string_view subject, std::string_view other) {
  if (!any()) return false;
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find_if(armed_, [&](const Armed& armed) {
    return armed.name == name && (armed.subject.empty() || armed.subject == subject || armed.subject == other);
  });
  if (found == armed_.end()) return false;
  ++met_[found->name];
  if (found->times && --*found->times == 0) {
    armed_.erase(found);
    armed_count_ = armed_.size();
  }
  return true;
}

std::uint64_t Faults::met(std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  const auto found = met_.find(name);
  return found == met_.end() ? 0 : found->second;
}

boost::json::array Faults::json() const {
  boost::json::array out;
  const std::scoped_lock lock(mutex_);
  for (const auto& armed : armed_) {
    boost::json::object entry{{"name", armed.name}, {"subject", armed.subject}};
    if (armed.times) {
      entry["times"] = *armed.times;
    } else {
      entry["times"] = nullptr;
    }
    out.push_back(std::move(entry));
  }
  return out;
}

void Faults::hold(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  const auto seen = releases_;
  released_.wait_for(lock, limit, [&] { return releases_ != seen; });
}

void Faults::release() {
  const std::scoped_lock lock(mutex_);
  ++releases_;
  released_.notify_all();
}

}  // namespace kanal::sim
