// answer = {"data": {key: value}}                      version 1, GET /v1/<mount>/<path>
//        | {"data": {"data": {key: value}, "metadata": {...}}}   version 2, GET /v1/<mount>/data/<path>
//        | {"errors": ["..."]}
#include "lookup/vault_client.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "lookup/remote_answer.hpp"

namespace kanal::lookup {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds connect_time{5'000};
constexpr std::chrono::milliseconds answer_time{10'000};
constexpr std::size_t deepest_json = 16;

std::string without_slashes(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  while (text.starts_with('/')) text.erase(0, 1);
  return text;
}

json::object object_of(const std::string& body) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = deepest_json;
  auto value = json::parse(body, error, {}, options);
  return !error && value.is_object() ? std::move(value.get_object()) : json::object{};
}

const json::object* member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

std::string text_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

VaultClient::VaultClient(std::string uri, Secret token, net::HttpClient& http)
    : uri_(std::move(uri)), token_(std::move(token)), http_(http) {
  while (uri_.ends_with('/')) uri_.pop_back();
}

Result<net::ClientResponse> VaultClient::get(const std::string& path) {
  const std::string& token = token_.reveal();
  if (token.find_first_of("\r\n") != std::string::npos) {
    return reject("vault.forbidden", "vault.token holds a line break: correct it");
  }
  net::ClientRequest request;
  request.url = uri_ + "/v1/" + net::url_encode(path, "/");
  request.headers = {{"X-Vault-Token", token}, {"X-Vault-Request", "true"}};
  request.total_timeout = answer_time;
  request.connect_timeout = connect_time;
  auto response = http_.send(request);
  if (response) return response;
  return retry("vault.unreachable", "Vault cannot be asked (vault.uri): " + cause_text(response.error()) +
                                        "; start it, correct vault.uri, or remove the vault.* settings");
}

/// The decision between the versions, as the Java version makes it: Vault itself is asked what is mounted there. Who
/// may not ask gets the path as it is.
Result<std::string> VaultClient::real_path(const std::string& path) {
  auto response = get("sys/internal/ui/mounts/" + path);
  if (!response) return failed(std::move(response));
  if (!response->ok()) return path;
  const json::object answer = object_of(response->body);
  const json::object* data = member(answer, "data");
  const json::object* options = data != nullptr ? member(*data, "options") : nullptr;
  if (options == nullptr || text_member(*options, "version") != "2") return path;
  const std::string mount = without_slashes(text_member(*data, "path"));
  if (mount.empty() || !(path + "/").starts_with(mount + "/")) return path;
  const std::string rest = without_slashes(path.substr(mount.size()));
  // Some write the path with its data/ already.
  return rest.starts_with("data/") ? path : mount + "/data/" + rest;
}

Error VaultClient::refused(const net::ClientResponse& response, const std::string& path) const {
  const auto final_error = [](std::string code, std::string text) {
    return Error{std::move(code), std::move(text), Disposition::reject, {}, {}};
  };
  if (response.status == 403) {
    return final_error("vault.forbidden", "Vault refuses the token for " + path +
                                              " (403): renew vault.token, or give its policy the right to read there");
  }
  if (response.status == 404) {
    return final_error("vault.missing",
                       "Vault holds nothing at " + path +
                           " (404): correct vault.path or vault.resource-path, or write the secrets there");
  }
  if (response.status == 503) {
    return {"vault.sealed",
            "Vault is sealed or in maintenance (503): unseal it, then start again",
            Disposition::retry,
            {},
            {}};
  }
  if (response.status >= 300 && response.status < 400) {
    return final_error("vault.answer", "Vault points to another node (" + std::to_string(response.status) +
                                           "): set vault.uri to the active node");
  }
  return {"vault.answer",
          "Vault answers " + std::to_string(response.status) + " to the request for " + path,
          response.status >= 500 ? Disposition::retry : Disposition::reject,
          {},
          {}};
}

Result<std::map<std::string, std::string>> VaultClient::read(const std::string& path) {
  const std::string asked = without_slashes(path);
  auto real = real_path(asked);
  if (!real) return failed(std::move(real));
  auto response = get(*real);
  if (!response) return failed(std::move(response));
  if (!response->ok()) return tl::unexpected<Error>(refused(*response, *real));
  const json::object answer = object_of(response->body);
  const json::object* data = member(answer, "data");
  if (data == nullptr) return reject("vault.answer", "Vault's answer for " + *real + " is no secret: check vault.uri");
  // Also when the version could not be asked for.
  const json::object* inner = member(*data, "data");
  if (inner != nullptr && member(*data, "metadata") != nullptr) data = inner;
  std::map<std::string, std::string> secrets;
  for (const auto& [key, value] : *data) {
    secrets.emplace(key, value.is_string() ? std::string(value.get_string()) : json::serialize(value));
  }
  return secrets;
}

}  // namespace kanal::lookup
