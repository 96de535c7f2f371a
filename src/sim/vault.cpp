#include "sim/vault.hpp"

#include "sim/answers.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

constexpr std::string_view api = "/v1/";
constexpr std::string_view mounts_path = "sys/internal/ui/mounts/";

net::Response errors(int status, json::array texts) {
  return json_answer(status, json::object{{"errors", std::move(texts)}});
}

}  // namespace

Vault::Vault(SiteOptions site, const Environment& environment) : site_("vault", std::move(site), environment) {
  // Vault's paths are as deep as people like.
  std::string pattern = "/v1";
  for (int depth = 1; depth <= 8; ++depth) {
    pattern += "/{p" + std::to_string(depth) + "}";
    site_.routes().add("GET", pattern,
                       [this](const SharedRequest& request, const auto&) -> Answer { return answer(*request); });
  }
}

void Vault::mount(const std::string& name, int version) {
  const std::scoped_lock lock(mutex_);
  versions_[name] = version;
}

void Vault::put(const std::string& mount, const std::string& path, std::map<std::string, std::string> secrets) {
  const std::scoped_lock lock(mutex_);
  secrets_[mount + "/" + path] = std::move(secrets);
}

void Vault::allow(const std::string& token, const std::string& mount, const std::string& path) {
  const std::scoped_lock lock(mutex_);
  allowed_[token].insert(mount + "/" + path);
}

void Vault::tell_mounts(bool told) {
  const std::scoped_lock lock(mutex_);
  tell_mounts_ = told;
}

void Vault::seal(bool sealed) {
  const std::scoped_lock lock(mutex_);
  sealed_ = sealed;
}

net::Response Vault::mounts(const std::string& token, const std::string& path) {
  const std::string mount = path.substr(0, path.find('/'));
  const auto found = versions_.find(mount);
  if (!tell_mounts_ || found == versions_.end() || !allowed_.contains(token)) {
    return errors(403,
                  {"preflight capability check returned 403, please ensure client's policies grant access to path \"" +
                   path + "/\""});
  }
  json::object options;
  if (found->second == 2) options["version"] = "2";
  return json_answer(
      200,
      json::object{{"data", json::object{{"path", mount + "/"}, {"type", "kv"}, {"options", std::move(options)}}}});
}

net::Response Vault::answer(const net::Request& request) {
  const std::scoped_lock lock(mutex_);
  if (sealed_) return errors(503, {"Vault is sealed"});
  const std::string token(request.header("X-Vault-Token"));
  if (!allowed_.contains(token)) return errors(403, {"permission denied"});
  const std::string path = request.path.substr(api.size());
  if (path.starts_with(mounts_path)) return mounts(token, path.substr(mounts_path.size()));
  const auto slash = path.find('/');
  const std::string mount = path.substr(0, slash);
  std::string rest = slash == std::string::npos ? "" : path.substr(slash + 1);
  const auto version = versions_.find(mount);
  if (version == versions_.end()) return errors(404, {"no handler for route \"" + path + "\". route entry not found."});
  const bool second = version->second == 2;
  if (second && !rest.starts_with("data/")) {
    auto refusal = json::object{{"errors", json::array{}}};
    refusal["warnings"] = json::array{
        "Invalid path for a versioned K/V secrets engine. See the API docs for the "
        "appropriate API endpoints to use."};
    return json_answer(404, refusal);
  }
  if (second) rest.erase(0, 5);
  if (!allowed_[token].contains(mount + "/" + rest))
    return errors(403, {"1 error occurred:\n\t* permission denied\n\n"});
  const auto found = secrets_.find(mount + "/" + rest);
  if (found == secrets_.end()) return errors(404, {});
  json::object data;
  for (const auto& [key, value] : found->second) data[key] = value;
  if (second) data = json::object{{"data", std::move(data)}, {"metadata", json::object{{"version", 1}}}};
  return json_answer(200, json::object{{"request_id", "0"}, {"data", std::move(data)}});
}

}  // namespace kanal::sim
