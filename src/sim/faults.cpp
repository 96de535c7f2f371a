#include "sim/faults.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/object.hpp>

#include "sim/correspondence_errors.hpp"
#include "sim/dpi_receipts.hpp"
#include "sim/svarinn_list.hpp"

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
       {"registry.no_dpv_resource", "DPV records come without a resource (subject: identifier)"},
       {"registry.flip_to_dpv", "DPO records come as DPV (subject: identifier)"},
       {"registry.wrong_certificate", "Virksert has the certificate of somebody else (subject: identifier)"},
       {"registry.expired_certificate", "Virksert, or a mailbox, has an expired certificate (subject: identifier)"},
       {"registry.no_certificate", "Virksert, or a mailbox, has no certificate (subject: identifier)"}});
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

void add_digital_post_faults(std::vector<FaultName>& out) {
  add_http_faults(out, "corner2", "any endpoint of corner 2 (subject: message id or organisation)",
                  {400, 401, 403, 429, 500, 502, 503});
  for (const std::string_view endpoint : {"post", "statuses", "list", "download", "read"}) {
    add_http_faults(
        out, fmt::format("corner2.{}", endpoint),
        fmt::format("corner 2's {} (subject: message id, but for post and list, or organisation)", endpoint),
        {400, 401, 403, 429, 500, 502, 503});
  }
  out.insert(
      out.end(),
      {{"corner2.slow", "every request takes two seconds longer (subject: organisation)"},
       {"corner2.hang", "requests are not answered for a long time (subject: organisation)"},
       {"corner2.reset", "nothing is done, the connection is closed in the answer (subject: organisation)"},
       {"corner2.html_error", "400 with an HTML body (subject: organisation)"},
       {"corner2.expired_token", "401 as for an expired token (subject: organisation)"},
       {"corner2.lost_answer", "the message is stored, the answer is lost (subject: message id or organisation)"},
       {"corner2.503_after_store", "the message is stored, the answer is 503 (subject: message id or organisation)"},
       {"corner2.statuses.no_timestamp", "a status has timestamp null (subject: message id)"},
       {"corner2.statuses.unknown_status", "the statuses end with one that nobody knows (subject: message id)"},
       {"corner2.ignore_channel", "a poll gives the receipts of all channels (subject: organisation)"},
       {"corner2.ignore_page", "a poll gives the first page whatever page was asked for (subject: organisation)"},
       {"corner2.empty_200", "a poll gives 200 with an empty body (subject: organisation)"},
       {"corner2.empty_array", "a poll gives 200 with an empty array (subject: organisation)"},
       {"corner2.single_object", "a poll gives the first item as an object, not an array (subject: organisation)"},
       {"corner2.drip", "a poll's answer comes 16 bytes at a time, half a second apart (subject: organisation)"},
       {"corner2.cut_array", "a poll gives an array that is cut (subject: organisation)"},
       {"corner2.read_fails", "read answers 500 and marks nothing (subject: receipt id or organisation)"},
       {"corner2.read_lost_answer", "marked as read, the answer is lost (subject: receipt id or organisation)"},
       {"corner2.receipt.out_of_order", "the last receipt comes first (subject: conversation id or organisation)"},
       {"corner2.receipt.duplicate", "a receipt comes twice with its id (subject: conversation id or organisation)"},
       {"corner2.receipt.repeated", "a receipt comes again with another id (subject: conversation id or organisation)"},
       {"krr.down", "the print certificate is not available, 503"},
       {"krr.hang", "the print certificate is not given for a long time"},
       {"krr.reset", "the connection is closed in the answer"},
       {"krr.expired_certificate", "the print certificate has expired"},
       {"krr.unknown_fields", "the answer has members nobody has seen before"}});
  for (const auto& flaw : receipt_flaws()) {
    out.push_back({fmt::format("corner2.receipt.{}", flaw.name),
                   fmt::format("{} (subject: conversation id or organisation)", flaw.description)});
  }
}

void add_svarut_faults(std::vector<FaultName>& out) {
  const auto statuses = {400, 401, 403, 404, 413, 429, 500, 502, 503};
  add_http_faults(out, "svarut", "any call of SvarUt (subject: organisation)", statuses);
  for (const std::string_view endpoint : {"send", "status", "eksternref", "types", "systems", "events", "soap"}) {
    add_http_faults(out, fmt::format("svarut.{}", endpoint),
                    fmt::format("SvarUt's {} (subject: organisation)", endpoint), statuses);
  }
  out.insert(
      out.end(),
      {{"svarut.slow", "every request takes two seconds longer (subject: organisation)"},
       {"svarut.hang", "requests are not answered for a long time (subject: organisation)"},
       {"svarut.reset", "nothing is done, the connection is closed in the answer (subject: organisation)"},
       {"svarut.error_json_string", "an error's errorJson is a text, not an object (subject: organisation)"},
       {"svarut.send.lost_answer", "the forsendelse exists, the answer is lost (subject: eksternReferanse)"},
       {"svarut.send.503_after_store", "the forsendelse exists, the answer is 503 (subject: eksternReferanse)"},
       {"svarut.send.empty_200", "the forsendelse exists, the answer is 200 and empty (subject: eksternReferanse)"},
       {"svarut.send.no_id", "the forsendelse exists, the answer has no id (subject: eksternReferanse)"},
       {"svarut.status.missing", "a status is left out (subject: forsendelse id)"},
       {"svarut.status.unknown_status", "a status is one that nobody knows (subject: forsendelse id)"},
       {"svarut.status.null_status", "a status is null (subject: forsendelse id)"},
       {"svarut.status.duplicated", "a status comes twice (subject: forsendelse id)"},
       {"svarut.status.foreign_id", "there is a status that was not asked for (subject: organisation)"},
       {"svarut.eksternref.empty", "the search finds nothing yet (subject: eksternReferanse)"},
       {"svarut.soap.fault", "SOAP answers with a fault that may pass (subject: organisation)"},
       {"svarut.soap.multipart_answer", "SOAP answers with multipart/related (subject: organisation)"}});
}

void add_svarinn_faults(std::vector<FaultName>& out) {
  const auto statuses = {401, 404, 429, 500, 502, 503};
  add_http_faults(out, "svarinn", "any call of SvarInn (subject: user name)", statuses);
  for (const std::string_view endpoint : {"list", "download", "kvitterMottak", "mottakFeilet"}) {
    add_http_faults(out, fmt::format("svarinn.{}", endpoint),
                    fmt::format("SvarInn's {} (subject: forsendelse id, but for list, or user name)", endpoint),
                    statuses);
  }
  for (const auto& flaw : list_flaws()) {
    out.push_back({fmt::format("svarinn.list.{}", flaw.name),
                   fmt::format("in a list {} (subject: forsendelse id or user name)", flaw.description)});
  }
  out.insert(out.end(),
             {{"svarinn.slow", "every request takes two seconds longer (subject: user name)"},
              {"svarinn.hang", "requests are not answered for a long time (subject: user name)"},
              {"svarinn.reset", "nothing is done, the connection is closed in the answer (subject: user name)"},
              {"svarinn.list.cut", "a list is cut in the middle (subject: user name)"},
              {"svarinn.download.truncated", "half of the bytes, as if that were all (subject: forsendelse id)"},
              {"svarinn.download.reset", "half of the bytes, then the connection breaks (subject: forsendelse id)"},
              {"svarinn.download.wrong_certificate", "encrypted for somebody else (subject: forsendelse id)"},
              {"svarinn.download.lone_file", "the first document as it is, without a zip (subject: forsendelse id)"},
              {"svarinn.download.no_type", "there is no Content-Type (subject: forsendelse id)"},
              {"svarinn.download.folders", "the names in the zip have folders (subject: forsendelse id)"},
              {"svarinn.download.traversal", "the names in the zip begin with ../ (subject: forsendelse id)"},
              {"svarinn.kvitterMottak.lost_answer", "acknowledged, the answer is lost (subject: forsendelse id)"},
              {"svarinn.kvitterMottak.500_after", "acknowledged, the answer is 500 (subject: forsendelse id)"}});
}

void add_correspondence_faults(std::vector<FaultName>& out) {
  const auto statuses = {400, 401, 403, 408, 429, 500, 502, 503};
  add_http_faults(out, "correspondence", "any endpoint of Correspondence (subject: correspondence id or organisation)",
                  statuses);
  for (const std::string_view endpoint : {"upload", "overview", "lookup"}) {
    add_http_faults(out, fmt::format("correspondence.{}", endpoint),
                    fmt::format("Correspondence's {} (subject: organisation; for overview the correspondence id, for "
                                "lookup the sendersReference too)",
                                endpoint),
                    statuses);
  }
  for (const auto& error : correspondence_errors()) {
    if (!is_upload_error(error.code)) continue;
    out.push_back({fmt::format("correspondence.upload.{}", error.code),
                   fmt::format("an upload is refused at its place in the order of checks: {} {} (subject: "
                               "sendersReference or organisation)",
                               error.status, error.detail)});
  }
  for (const int status : {500, 502, 503}) {
    out.push_back({fmt::format("correspondence.html_{}", status),
                   fmt::format("{} with an HTML body (subject: organisation)", status)});
  }
  out.insert(
      out.end(),
      {{"correspondence.slow", "every request takes two seconds longer (subject: organisation)"},
       {"correspondence.hang", "requests are not answered for a long time (subject: organisation)"},
       {"correspondence.reset", "nothing is done, the connection is closed in the answer (subject: organisation)"},
       {"correspondence.outage", "404 with a plain page, as from a proxy without its service (subject: organisation)"},
       {"correspondence.revoked_token",
        "the token is revoked: 401 for it from now on, not for another one (subject: organisation)"},
       {"correspondence.drip", "the answer comes 16 bytes at a time, half a second apart (subject: organisation)"},
       {"correspondence.endless", "the answer never ends (subject: organisation)"},
       {"correspondence.empty_body", "done, and the answer is 200 with an empty body (subject: organisation)"},
       {"correspondence.clock_ahead",
        "the service's clock is 30 days ahead when dates are checked (subject: sendersReference or organisation)"},
       {"correspondence.upload.lost_answer",
        "the correspondence exists, the answer is lost (subject: sendersReference or organisation)"},
       {"correspondence.upload.503_after_store",
        "the correspondence exists, the answer is 503 (subject: sendersReference or organisation)"},
       {"correspondence.upload.null_list",
        "the correspondence exists, `correspondences` is null (subject: sendersReference or organisation)"},
       {"correspondence.upload.empty_list",
        "the correspondence exists, `correspondences` is empty (subject: sendersReference or organisation)"},
       {"correspondence.upload.twice",
        "two correspondences with the same sendersReference are made (subject: sendersReference or organisation)"},
       {"correspondence.upload.race",
        "an upload waits two seconds between its checks and the store (subject: sendersReference or organisation)"},
       {"correspondence.overview.unknown_status",
        "the status is Forwarded, which nobody knows (subject: correspondence id or organisation)"},
       {"correspondence.overview.unknown_members",
        "the overview has members nobody has seen before (subject: correspondence id or organisation)"},
       {"correspondence.overview.no_offset",
        "times come without an offset (subject: correspondence id or organisation)"},
       {"correspondence.overview.seven_digits",
        "times come with seven digits of a second (subject: correspondence id or organisation)"},
       {"correspondence.lookup.empty",
        "the look-up finds nothing, whatever there is (subject: sendersReference or organisation)"},
       {"correspondence.read_unpublished",
        "it is read without ever being published (subject: sendersReference or organisation)"},
       {"correspondence.straight_to_read",
        "it is published and read at the same time (subject: sendersReference or organisation)"},
       {"correspondence.purge_unpublished",
        "Altinn purges it before it is published (subject: sendersReference or organisation)"},
       {"correspondence.health.503", "the health probe answers 503"}});
}

void add_fiks_io_faults(std::vector<FaultName>& out) {
  const auto statuses = {400, 401, 403, 404, 413, 422, 429, 500, 502, 503};
  add_http_faults(out, "fiksio", "any call of Fiks IO (subject: integration, or account of the path)", statuses);
  for (const std::string_view endpoint : {"send", "konto", "status", "nokkel", "nedlasting", "metadata"}) {
    add_http_faults(out, fmt::format("fiksio.{}", endpoint),
                    fmt::format("Fiks IO's {} (subject: integration, or account or document of the path)", endpoint),
                    statuses);
  }
  out.insert(
      out.end(),
      {{"fiksio.slow", "every request takes two seconds longer (subject: integration or account)"},
       {"fiksio.hang", "requests are not answered for a long time (subject: integration or account)"},
       {"fiksio.reset", "nothing is done, the connection is closed in the answer (subject: integration or account)"},
       {"fiksio.send.lost_answer", "the message is sent, the answer is lost (subject: receiver or integration)"},
       {"fiksio.send.500_after_store", "the message is sent, the answer is 500 (subject: receiver or integration)"},
       {"fiksio.send.empty_200", "the message is sent, the answer is 200 and empty (subject: receiver or integration)"},
       {"fiksio.send.no_id", "the message is sent, the answer has no meldingId (subject: receiver or integration)"},
       {"fiksio.status.ugyldig_mottaker", "an account cannot receive (subject: account)"},
       {"fiksio.nokkel.missing", "an account has no public key, 404 (subject: account)"},
       {"fiksio.nokkel.expired", "an account's certificate has expired (subject: account)"},
       {"fiksio.nokkel.changed", "an account's certificate is another one, whose key nobody has (subject: account)"},
       {"fiksio.nokkel.malformed", "an account's certificate cannot be read (subject: account)"},
       {"fiksio.nedlasting.drip", "a document comes a few bytes at a time (subject: document or integration)"},
       {"fiksio.nedlasting.truncated", "half of a document comes as if it were all (subject: document or integration)"},
       {"fiksio.nedlasting.reset", "the connection breaks in the document (subject: document or integration)"},
       {"fiksio.deliver.duplicate", "a message is in the queue twice (subject: receiver or sender)"},
       {"fiksio.deliver.lost", "a message is accepted and never in the queue (subject: receiver or sender)"},
       {"fiksio.deliver.no_payload", "a message has lost its payload (subject: receiver or sender)"},
       {"fiksio.header.no_melding_id", "the header melding-id is missing (subject: receiver or sender)"},
       {"fiksio.header.bad_melding_id", "the header melding-id is no UUID (subject: receiver or sender)"},
       {"fiksio.header.no_type", "the header type is missing (subject: receiver or sender)"},
       {"fiksio.header.number_type", "the header type is a number (subject: receiver or sender)"},
       {"fiksio.header.no_avsender_id", "the header avsender-id is missing (subject: receiver or sender)"},
       {"fiksio.header.bad_avsender_id", "the header avsender-id is no UUID (subject: receiver or sender)"},
       {"fiksio.header.bad_svar_til", "the header svar-til is no UUID (subject: receiver or sender)"},
       {"fiksio.amqp.refused", "the broker refuses a login (subject: integration)"},
       {"fiksio.amqp.token_refused",
        "the broker refuses a login, as for a token that has expired (subject: integration)"},
       {"fiksio.amqp.no_access", "the broker lets nobody consume a queue (subject: integration or queue)"},
       {"fiksio.amqp.500", "the broker cannot ask who may log in, or consume (subject: integration or queue)"}});
}

void add_service_bus_faults(std::vector<FaultName>& out) {
  const auto statuses = {400, 401, 403, 404, 410, 429, 500, 503};
  add_http_faults(out, "servicebus", "any call of the Service Bus (subject: queue)", statuses);
  for (const std::string_view endpoint : {"send", "head", "complete", "unlock", "renew"}) {
    add_http_faults(out, fmt::format("servicebus.{}", endpoint),
                    fmt::format("the Service Bus's {} (subject: queue)", endpoint), statuses);
  }
  out.insert(
      out.end(),
      {{"servicebus.slow", "every request takes two seconds longer (subject: queue)"},
       {"servicebus.hang", "requests are not answered for a long time (subject: queue)"},
       {"servicebus.reset", "nothing is done, the connection is closed in the answer (subject: queue)"},
       {"servicebus.send.too_large", "403, as for a message that is too large (subject: queue)"},
       {"servicebus.send.quota", "403, as for a queue that is full (subject: queue)"},
       {"servicebus.send.lost_answer", "the message is stored, the answer is lost (subject: queue)"},
       {"servicebus.send.503_after_store", "the message is stored, the answer is 503 (subject: queue)"},
       {"servicebus.head.lost_answer", "the message is locked, the answer is lost (subject: queue)"},
       {"servicebus.head.cut", "the message is locked, half of it comes (subject: queue)"},
       {"servicebus.head.malformed", "half of the message comes as if it were all (subject: queue)"},
       {"servicebus.head.duplicate", "the message comes once more, with a number of its own (subject: queue)"},
       {"servicebus.head.no_properties", "BrokerProperties are absent (subject: queue)"},
       {"servicebus.head.text_sequence", "SequenceNumber is a text (subject: queue)"},
       {"servicebus.head.unknown_members", "BrokerProperties have members nobody has seen before (subject: queue)"},
       {"servicebus.amqp.cut", "AMQP: the connection is cut (subject: queue)"},
       {"servicebus.amqp.cut_after_lock", "AMQP: a message is locked, and the connection cut (subject: queue)"},
       {"servicebus.amqp.detach", "AMQP: the link is detached, as one that was idle (subject: queue)"},
       {"servicebus.amqp.token_refused", "AMQP: $cbs answers 401 (subject: queue)"},
       {"servicebus.amqp.busy", "AMQP: a link is refused, the server is busy (subject: queue)"},
       {"servicebus.amqp.no_drain", "AMQP: credit is never given back (subject: queue)"},
       {"servicebus.amqp.no_annotations", "AMQP: a message comes without its number (subject: queue)"},
       {"servicebus.complete.lost_answer", "completed, the answer is lost (subject: queue or sequence number)"},
       {"servicebus.complete.lock_lost", "the lock is lost early, 404 (subject: queue or sequence number)"}});
}

std::vector<FaultName> make_catalogue() {
  std::vector<FaultName> out;
  add_token_faults(out);
  add_registry_faults(out);
  add_broker_faults(out);
  add_digital_post_faults(out);
  add_svarut_faults(out);
  add_fiks_io_faults(out);
  add_svarinn_faults(out);
  add_correspondence_faults(out);
  add_service_bus_faults(out);
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
