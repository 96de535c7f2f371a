// url       = "jdbc:postgresql:" [ "//" hosts "/" ] [ database ] [ "?" parameter *( "&" parameter ) ]
// hosts     = [ host *( "," host ) ]
// host      = ( name | "[" IPv6 "]" ) [ ":" port ]
// parameter = name "=" value                           ; all percent-encoded
#include "store/postgres/jdbc_url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include <fmt/format.h>

namespace kanal::store::postgres {
namespace {

constexpr std::string_view scheme = "jdbc:postgresql:";

tl::unexpected<Error> refuse(std::string_view why) {
  return reject("config.datasource", fmt::format("{}: write jdbc:postgresql://host:5432/database", why));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::optional<int> hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const auto high = i + 2 < text.size() ? hex(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex(text[i + 2]) : std::nullopt;
      if (!high || !low) return std::nullopt;
      c = static_cast<char>(*high * 16 + *low);
      i += 2;
    } else if (c == '+') {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

struct Hosts {
  std::string names;
  std::string ports;
  int count = 0;
};

Result<void> add_host(Hosts& hosts, std::string_view host) {
  std::string_view name = host;
  std::string_view port = "5432";
  const auto bracket = host.find(']');
  const auto colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    name = host.substr(0, colon);
    port = host.substr(colon + 1);
  }
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  if (name.empty()) name = "localhost";
  const auto value = number(port);
  if (!value || *value < 1 || *value > 65535) return refuse("a port of the database's address is no port");
  const std::string_view comma = hosts.count++ > 0 ? "," : "";
  hosts.names += fmt::format("{}{}", comma, name);
  hosts.ports += fmt::format("{}{}", comma, port);
  return {};
}

Result<Hosts> hosts_of(std::string_view text) {
  Hosts hosts;
  for (;;) {
    const auto comma = text.find(',');
    if (auto added = add_host(hosts, text.substr(0, comma)); !added) return failed(added);
    if (comma == std::string_view::npos) return hosts;
    text.remove_prefix(comma + 1);
  }
}

/// The driver's names that libpq has under another or the same name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> same_meaning = {
    {{"user", "user"},
     {"password", "password"},
     {"sslmode", "sslmode"},
     {"sslcert", "sslcert"},
     {"sslkey", "sslkey"},
     {"sslrootcert", "sslrootcert"},
     {"sslpassword", "sslpassword"},
     {"ApplicationName", "application_name"},
     {"gssEncMode", "gssencmode"},
     {"channelBinding", "channel_binding"},
     {"options", "options"},
     {"kerberosServerName", "krbsrvname"}}};

using Parameters = std::map<std::string, std::string, std::less<>>;

Result<Parameters> parameters_of(std::string_view text) {
  Parameters parameters;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (part.empty()) continue;
    const auto equals = part.find('=');
    auto name = decoded(part.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::optional<std::string>("") : decoded(part.substr(equals + 1));
    if (!name || !value) return refuse("a parameter of the database's address is not percent-encoded as it must be");
    parameters[*name] = *value;
  }
  return parameters;
}

bool is_file(std::string_view name) { return name == "sslcert" || name == "sslkey" || name == "sslrootcert"; }

Result<void> apply(const Parameters& parameters, const std::filesystem::path& folder, ConnectSettings& settings) {
  for (const auto& [name, value] : parameters) {
    const auto same = std::ranges::find_if(same_meaning, [&](const auto& pair) { return pair.first == name; });
    if (same != same_meaning.end() && !value.empty()) {
      settings.parameters.emplace_back(same->second, is_file(name) ? (folder / value).string() : value);
    } else if (name == "ssl" && (value.empty() || value == "true") && !parameters.contains("sslmode")) {
      const auto factory = parameters.find("sslfactory");
      const bool any = factory != parameters.end() && factory->second.ends_with("NonValidatingFactory");
      settings.parameters.emplace_back("sslmode", any ? "require" : "verify-full");
    } else if (name == "currentSchema") {
      settings.schema = value.substr(0, value.find(','));
    } else if (name == "connectTimeout" || name == "loginTimeout" || name == "socketTimeout") {
      const auto seconds = number(value);
      if (!seconds || *seconds < 0) return refuse(fmt::format("the parameter {} is no number of seconds", name));
      if (*seconds == 0) continue;
      if (name == "socketTimeout") {
        settings.statement_timeout = std::chrono::seconds(*seconds);
      } else {
        settings.connect_timeout = std::chrono::seconds(std::max(2, *seconds));
      }
    }
  }
  return {};
}

}  // namespace

bool is_postgres_url(std::string_view url) {
  return url.size() >= scheme.size() &&
         std::equal(scheme.begin(), scheme.end(), url.begin(), [](char a, char b) { return a == lower(b); });
}

Result<ConnectSettings> parse_jdbc_url(std::string_view url, const std::string& user, const std::string& password,
                                       const std::filesystem::path& folder) {
  if (!is_postgres_url(url)) return refuse("this is no address of a PostgreSQL database");
  url.remove_prefix(scheme.size());
  const auto question = url.find('?');
  auto parameters = parameters_of(question == std::string_view::npos ? std::string_view() : url.substr(question + 1));
  if (!parameters) return failed(parameters);
  url = url.substr(0, question);
  std::string_view host_part;
  if (url.starts_with("//")) {
    url.remove_prefix(2);
    const auto slash = url.find('/');
    if (slash == std::string_view::npos) return refuse("the database's address names no database");
    host_part = url.substr(0, slash);
    url.remove_prefix(slash + 1);
  } else if (url.starts_with('/')) {
    url.remove_prefix(1);
  }
  const auto hosts = hosts_of(host_part);
  if (!hosts) return failed(hosts);
  const auto database = decoded(url);
  if (!database || database->find('/') != std::string::npos) return refuse("the name of the database is not readable");
  if (!user.empty()) (*parameters)["user"] = user;
  if (!password.empty()) (*parameters)["password"] = password;
  ConnectSettings settings;
  settings.parameters = {{"host", hosts->names}, {"port", hosts->ports}};
  const auto known_user = parameters->find("user");
  const auto name = !database->empty() ? *database : known_user != parameters->end() ? known_user->second : "";
  if (name.empty()) return refuse("the database's address names no database");
  settings.parameters.emplace_back("dbname", name);
  // Only one of several hosts takes writes.
  if (hosts->count > 1) settings.parameters.emplace_back("target_session_attrs", "read-write");
  if (auto applied = apply(*parameters, folder, settings); !applied) return failed(applied);
  return settings;
}

}  // namespace kanal::store::postgres
