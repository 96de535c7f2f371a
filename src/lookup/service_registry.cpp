// service-registry.md sections 3 and 6:
//   GET <endpoint>/identifier/<identifier>[/process/<process>][?securityLevel=<n>][&conversationId=<id>][&print=false]
//   GET <endpoint>/virksert/<organisation number>
// Process names go into the path as they are (`:` is legal there); everything else is percent-encoded.
#include "lookup/service_registry.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/digest.hpp"
#include "domain/partner.hpp"
#include "lookup/answer_verifier.hpp"
#include "lookup/cache.hpp"
#include "lookup/registry_records.hpp"
#include "lookup/registry_scopes.hpp"
#include "lookup/remote_answer.hpp"

namespace kanal::lookup {
namespace {

using namespace std::chrono;

using Records = std::vector<ports::ServiceRecord>;

constexpr std::size_t max_identifier = 100;
constexpr std::size_t max_process = 300;
/// A person may reserve against digital post at any time.
constexpr minutes longest_stale_person{15};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_identifier_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ':' || c == '-';
}

/// `0192:A` and `0192:A:B` become `A`: parts are no receivers of the registry.
std::string primary_identifier(std::string_view identifier) {
  constexpr std::string_view icd = "0192:";
  if (!identifier.starts_with(icd)) return std::string(identifier);
  identifier.remove_prefix(icd.size());
  return std::string(identifier.substr(0, identifier.find(':')));
}

bool is_identifier(std::string_view identifier) {
  return !identifier.empty() && identifier.size() <= max_identifier &&
         std::ranges::all_of(identifier, is_identifier_char);
}

tl::unexpected<Error> no_identifier() {
  return reject("directory.refused",
                "the identifier to look up must be an organisation number, a person number, her-id:<number> or "
                "fastlege-for:<number>");
}

/// `.` and `..` would be taken out of the path on the way.
bool is_process(std::string_view process) {
  return !process.empty() && process.size() <= max_process && process != "." && process != "..";
}

/// Person numbers, also within other identifiers (`fastlege-for:<person number>`).
bool names_person(std::string_view identifier) {
  return !domain::is_orgnr(identifier) && !identifier.starts_with("her-id:");
}

/// An outage or trouble with our own token says nothing about the receiver; a wrong signature may be an attack.
bool may_be_stale(const Error& error) {
  return error.code == "directory.unavailable" || error.code == "directory.denied";
}

std::string query_string(const ports::DirectoryQuery& query, std::optional<bool> print) {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    out += fmt::format("{}{}={}", out.empty() ? '?' : '&', name, value);
  };
  if (query.security_level) add("securityLevel", std::to_string(*query.security_level));
  if (query.conversation_id) add("conversationId", net::url_encode(*query.conversation_id));
  if (print == false) add("print", "false");
  return out;
}

std::string key_of(const ports::DirectoryQuery& query) {
  return fmt::format("{}\n{}\n{}", query.identifier, query.process.value_or(""), query.security_level.value_or(0));
}

}  // namespace

struct ServiceRegistry::Impl {
  Impl(ServiceRegistryOptions given, TokenSource* token_source, net::HttpClient& client, Clock& time, Log& lines)
      : options(std::move(given)),
        tokens(options.use_token ? token_source : nullptr),
        http(client),
        log(lines),
        keys(options.jwk_url.empty() ? options.endpoint + "/jwk" : options.jwk_url, options.timeout, client, time,
             lines),
        verifier(keys, options.pinned_organisation),
        clock(time),
        salt(crypto::random_bytes(16)),
        records(time, options.max_entries, may_be_stale),
        entities(time, options.max_entries, may_be_stale),
        certificates(time, options.max_entries, may_be_stale) {
    if (tokens != nullptr) scopes.emplace(options.scope_sets, *tokens, time, lines);
  }

  Result<Records> fetch_records(const ports::DirectoryQuery& query) const;
  Result<ports::DirectoryEntity> fetch_entity(const std::string& identifier) const;
  Result<std::string> fetch_certificate(const Orgnr& organisation) const;
  Result<std::string> fetch(const std::string& path, std::string_view unsigned_type, const std::string& subject) const;
  Result<net::ClientResponse> send(net::ClientRequest request, const std::string& subject) const;
  [[nodiscard]] std::string shown(std::string_view identifier) const;
  [[nodiscard]] CacheTerms terms(bool person) const;
  template <class Value>
  Result<Value> from(Cache<Value>& cache, const std::string& key, std::string_view identifier,
                     const typename Cache<Value>::Load& load) const;

  const ServiceRegistryOptions options;
  TokenSource* const tokens;
  net::HttpClient& http;
  Log& log;
  mutable JwkCache keys;
  mutable AnswerVerifier verifier;
  Clock& clock;
  const Bytes salt;  ///< makes the hashes of person numbers in logs useless outside this process
  mutable std::optional<RegistryScopes> scopes;
  Cache<Records> records;
  Cache<ports::DirectoryEntity> entities;
  Cache<std::string> certificates;
};

/// An identifier as errors and logs show it: the same person is recognised within one run, and never named.
std::string ServiceRegistry::Impl::shown(std::string_view identifier) const {
  if (!names_person(identifier)) return std::string(identifier);
  Bytes salted = salt;
  const auto text = bytes_of(identifier);
  salted.insert(salted.end(), text.begin(), text.end());
  constexpr std::size_t shown_digits = 12;
  return "person-" + to_hex(crypto::sha256(salted)).substr(0, shown_digits);
}

CacheTerms ServiceRegistry::Impl::terms(bool person) const {
  const Duration stale = options.stale_if_error;
  return {options.positive_ttl, options.negative_ttl, person ? std::min<Duration>(stale, longest_stale_person) : stale};
}

Result<net::ClientResponse> ServiceRegistry::Impl::send(net::ClientRequest request, const std::string& subject) const {
  const auto no_token = [&](const Error& error) {
    const std::string said = "no token for the Service Registry: " + error.text();
    auto out =
        error.code == "token.unavailable" ? retry("directory.unavailable", said) : retry("directory.denied", said);
    out.value().retry_after = error.retry_after;
    return out;
  };
  auto token = scopes ? scopes->request() : Result<TokenRequest>(TokenRequest{});
  if (!token) return no_token(token.error());
  auto response = scopes ? send_with_token(http, *tokens, *token, std::move(request)) : http.send(request);
  if (response) return response;
  if (response.error().code.starts_with("token.")) return no_token(response.error());
  auto out = retry("directory.unavailable", fmt::format("the Service Registry gave no answer for {}: {}", subject,
                                                        cause_text(response.error())));
  out.value().retry_after = response.error().retry_after;
  return out;
}

/// The content of a successful answer, verified when answers are signed.
Result<std::string> ServiceRegistry::Impl::fetch(const std::string& path, std::string_view unsigned_type,
                                                 const std::string& subject) const {
  net::ClientRequest request;
  request.url = options.endpoint + path;
  // Errors are never signed, hence the second type; an unsigned success is refused below.
  request.headers = {
      {"Accept", options.signed_answers ? "application/jose, application/json;q=0.5" : std::string(unsigned_type)}};
  if (options.beta_features) request.headers.emplace_back("X-Enable-Beta-Features", "true");
  request.total_timeout = options.timeout;
  request.max_response_bytes = crypto::max_jws_bytes;
  auto response = send(std::move(request), subject);
  if (!response) return failed(response);
  if (response->status != 200) return tl::unexpected(registry_error(*response, subject, clock.now()));
  if (options.signed_answers) return verifier.payload(response->body);
  if (!response->header("Content-Type").starts_with("application/jose")) return std::move(response->body);
  auto jws = crypto::parse_jws(response->body);
  if (!jws)
    return retry("directory.unavailable", "the Service Registry's answer cannot be read: " + jws.error().text());
  return std::move(jws->payload);
}

Result<Records> ServiceRegistry::Impl::fetch_records(const ports::DirectoryQuery& query) const {
  std::string path = "/identifier/" + net::url_encode(query.identifier, ":");
  if (query.process) path += "/process/" + net::url_encode(*query.process, ":");
  const auto body = fetch(path + query_string(query, options.print), "application/json", shown(query.identifier));
  if (!body) return failed(body);
  return parse_records(*body, options.services);
}

Result<ports::DirectoryEntity> ServiceRegistry::Impl::fetch_entity(const std::string& identifier) const {
  const auto path = "/identifier/" + net::url_encode(identifier, ":") + query_string({}, options.print);
  const auto body = fetch(path, "application/json", shown(identifier));
  if (!body) return failed(body);
  return parse_entity(*body, options.services);
}

Result<std::string> ServiceRegistry::Impl::fetch_certificate(const Orgnr& organisation) const {
  const auto body = fetch("/virksert/" + organisation.str(), "text/plain", "the certificate of " + organisation.str());
  if (!body) return failed(body);
  return parse_certificate(*body);
}

template <class Value>
Result<Value> ServiceRegistry::Impl::from(Cache<Value>& cache, const std::string& key, std::string_view identifier,
                                          const typename Cache<Value>::Load& load) const {
  auto answer = cache.get(key, terms(names_person(identifier)), load);
  if (!answer) return failed(answer);
  if (const auto& reason = answer->stale_because) {
    log.warning("registry_answer_stale",
                {{"identifier", shown(identifier)}, {"code", reason->code}, {"reason", reason->text()}});
  }
  return *answer->value;
}

ServiceRegistry::ServiceRegistry(ServiceRegistryOptions options, TokenSource* tokens, net::HttpClient& http,
                                 Clock& clock, Log& log)
    : impl_(std::make_unique<Impl>(std::move(options), tokens, http, clock, log)) {}

ServiceRegistry::~ServiceRegistry() = default;

Result<std::vector<ports::ServiceRecord>> ServiceRegistry::lookup(const ports::DirectoryQuery& query) {
  ports::DirectoryQuery asked = query;
  asked.identifier = primary_identifier(query.identifier);
  if (!is_identifier(asked.identifier)) return no_identifier();
  if (asked.process && !is_process(*asked.process))
    return reject("directory.refused", "the process to look up is no process identifier");
  return impl_->from<Records>(impl_->records, key_of(asked), asked.identifier,
                              [&] { return impl_->fetch_records(asked); });
}

Result<ports::DirectoryEntity> ServiceRegistry::entity(const std::string& identifier) {
  const auto asked = primary_identifier(identifier);
  if (!is_identifier(asked)) return no_identifier();
  return impl_->from<ports::DirectoryEntity>(impl_->entities, asked, asked, [&] { return impl_->fetch_entity(asked); });
}

Result<std::string> ServiceRegistry::certificate(const Orgnr& organisation) {
  if (!domain::is_orgnr(organisation.str()))
    return reject("directory.refused", "an organisation number has nine digits");
  return impl_->from<std::string>(impl_->certificates, organisation.str(), organisation.str(),
                                  [&] { return impl_->fetch_certificate(organisation); });
}

void ServiceRegistry::flush() {
  impl_->records.flush();
  impl_->entities.flush();
  impl_->certificates.flush();
  impl_->keys.expire();
  if (impl_->scopes) impl_->scopes->flush();
}

}  // namespace kanal::lookup
