#include "app/channels_command.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/identities.hpp"
#include "app/serve_command.hpp"
#include "net/http_client.hpp"

namespace kanal::app {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_file = std::size_t{32} * 1024 * 1024;

std::string text_in(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  const auto* member = object != nullptr ? object->if_contains(name) : nullptr;
  if (member == nullptr) return {};
  if (member->is_string()) return std::string(member->get_string());
  return member->is_null() ? std::string{} : json::serialize(*member);
}

const json::array& list_in(const json::value& value, std::string_view name) {
  static const json::array none;
  const auto* object = value.if_object();
  const auto* member = object != nullptr ? object->if_contains(name) : nullptr;
  return member != nullptr && member->is_array() ? member->get_array() : none;
}

/// The management API of one installation.
class Management {
 public:
  Management(const ops::Config& config, const ChannelsOptions& options)
      : base_(base_of(config, options)), user_(user_of(config, options)), http_(client_of(config)) {}

  Result<json::value> call(const std::string& method, const std::string& path, std::string body = {}) {
    net::ClientRequest request;
    request.method = method;
    request.url = base_ + path;
    request.body = std::move(body);
    request.max_response_bytes = longest_file * 2;
    if (method == "POST") request.headers.emplace_back("Content-Type", "application/json");
    if (!user_.empty()) request.headers.emplace_back("Authorization", "Basic " + to_base64(bytes_of(user_)));
    auto response = http_.send(request);
    if (!response) return failed(std::move(response).error(), base_ + " does not answer; is the installation running?");
    if (!response->ok()) {
      return reject("channels.answer",
                    fmt::format("{} was answered {}; give --url and --user if they differ from the configuration",
                                request.url, response->status));
    }
    json::error_code error;
    auto value = json::parse(response->body, error);
    if (error) return reject("channels.answer", request.url + " gave no JSON");
    return value;
  }

 private:
  static std::string base_of(const ops::Config& config, const ChannelsOptions& options) {
    auto url = options.url;
    if (url.empty()) {
      const bool tls = config.boolean("difi.ssl.enabled").value_or(false);
      url = fmt::format("{}://{}:{}", tls ? "https" : "http", tls ? "localhost" : "127.0.0.1",
                        config.text_or("server.port", "9093"));
    }
    while (url.ends_with('/')) url.pop_back();
    return url + config.text_or("management.endpoints.web.base-path", "/manage");
  }
  static std::string user_of(const ops::Config& config, const ChannelsOptions& options) {
    if (!options.user.empty()) return options.user;
    if (!config.boolean("difi.security.enable").value_or(false)) return {};
    const auto name = config.text_or("difi.security.user.name", "");
    return name.empty() ? std::string{} : name + ":" + config.secret("difi.security.user.password").reveal();
  }
  /// Trusts the installation's own certificate: it is on this machine.
  static net::ClientOptions client_of(const ops::Config& config) {
    net::ClientOptions options;
    if (!config.boolean("difi.ssl.enabled").value_or(false)) return options;
    if (const auto own = read_server_identity(config)) {
      options.ca_pem = own->certificate.pem();
      for (const auto& issuer : own->chain) options.ca_pem += issuer.pem();
    }
    return options;
  }

  std::string base_;
  std::string user_;
  net::HttpClient http_;
};

int refused(const Error& error) {
  std::cerr << "kanal channels: " << error.text() << "\n";
  return exit_code::configuration;
}

std::string channels_text(const json::value& row) {
  std::string text;
  for (const auto& channel : list_in(row, "channels")) {
    const auto name = text_in(channel, "name");
    text += (text.empty() ? "" : ", ") + (name.empty() ? std::string("(none)") : name);
    if (text_in(channel, "state") == "retired") text += " (retired)";
  }
  return text.empty() ? "-" : text;
}

void print_row(const json::value& row, std::ostream& out) {
  const auto verdict = text_in(row, "verdict");
  out << fmt::format("{:<6} {:<9} {:<22} {}\n", text_in(row, "service"), verdict, text_in(row, "isolation"),
                     channels_text(row));
  out << "       " << text_in(row, "text") << "\n";
  if (const auto change = text_in(row, "change"); !change.empty()) out << "       change: " << change << "\n";
  for (const auto& finding : list_in(row, "evidence")) {
    out << fmt::format("       {} {} ({} times, last {})\n", text_in(finding, "detection"), text_in(finding, "text"),
                       text_in(finding, "count"), text_in(finding, "last"));
  }
  for (const auto& look : list_in(row, "firstStart")) {
    const bool waits = text_in(look, "waits") == "true";
    out << fmt::format(
        "       first start {}: {} {} item(s) of {}, {} for other channels, {} begun by somebody else{}\n",
        text_in(look, "at"), waits ? "would take" : "took", text_in(look, "wouldTake"), text_in(look, "inbox"),
        text_in(look, "forOtherChannels"), text_in(look, "begunByOthers"), waits ? "; waits: kanal channels take" : "");
  }
  for (const auto& [name, what] : {std::pair{"orphans", "answer(s) kept as nobody's: kanal channels orphans list"},
                                   std::pair{"quarantined", "item(s) that could not be read"},
                                   std::pair{"waitingForOtherChannels", "item(s) wait for other channels"}}) {
    if (const auto count = text_in(row, name); !count.empty() && count != "0") {
      out << "       " << count << " " << what << "\n";
    }
  }
}

}  // namespace

int show_channels(const ops::Config& config, const ChannelsOptions& options, std::ostream& out) {
  const auto told = Management(config, options).call("GET", "/channels");
  if (!told) return refused(told.error());
  bool conflict = false;
  for (const auto& row : list_in(*told, "services")) conflict = conflict || text_in(row, "verdict") == "conflict";
  if (options.json) {
    out << json::serialize(*told) << "\n";
  } else {
    const auto& installation = told->as_object().at("installation");
    const auto name = text_in(installation, "name");
    out << fmt::format("{} of {}\n\n", name.empty() ? "Installation " + text_in(installation, "id") : name,
                       text_in(installation, "organisation"));
    for (const auto& row : list_in(*told, "services")) print_row(row, out);
  }
  return conflict ? exit_code::failed : exit_code::good;
}

int allow_take(const ops::Config& config, const ChannelsOptions& options, std::ostream& out) {
  const auto told = Management(config, options).call("POST", "/channels/take");
  if (!told) return refused(told.error());
  if (options.json) out << json::serialize(*told) << "\n";
  const json::array none;
  const auto& allowed = told->is_array() ? told->get_array() : none;
  if (!options.json) {
    for (const auto& one : allowed) out << text_in(one, "service") << " " << text_in(one, "inbox") << " may take now\n";
    if (allowed.empty()) out << "nothing waits\n";
  }
  return allowed.empty() ? exit_code::failed : exit_code::good;
}

int list_orphans(const ops::Config& config, const ChannelsOptions& options, std::ostream& out) {
  const auto told = Management(config, options).call("GET", "/channels/orphans");
  if (!told) return refused(told.error());
  if (!told->is_array()) return refused({"channels.answer", "the answer is no list", Disposition::reject, {}, {}});
  if (options.json) {
    json::array list;
    for (auto entry : told->get_array()) {
      if (entry.is_object()) entry.get_object().erase("document");
      list.push_back(std::move(entry));
    }
    out << json::serialize(list) << "\n";
    return exit_code::good;
  }
  for (const auto& orphan : told->get_array()) {
    const auto message = text_in(orphan, "messageId");
    out << fmt::format("{}  {:<5} {:<22} about {} {} from {}\n       {}\n", text_in(orphan, "at"),
                       text_in(orphan, "service"), text_in(orphan, "kind"),
                       message.empty() ? "conversation" : "message",
                       message.empty() ? text_in(orphan, "conversationId") : message, text_in(orphan, "counterpart"),
                       text_in(orphan, "cause"));
  }
  out << told->get_array().size() << " in all\n";
  return exit_code::good;
}

int export_orphans(const ops::Config& config, const ChannelsOptions& options, const std::string& file,
                   std::ostream& out) {
  const auto told = Management(config, options).call("GET", "/channels/orphans");
  if (!told) return refused(told.error());
  if (!told->is_array()) return refused({"channels.answer", "the answer is no list", Disposition::reject, {}, {}});
  // The documents name people: for the eyes of whoever runs this only.
  const auto mode = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  std::error_code error;
  std::filesystem::permissions(file, mode, error);
  stream << json::serialize(*told) << "\n";
  stream.close();
  if (!stream) return refused({"channels.file", file + " cannot be written", Disposition::reject, {}, {}});
  out << told->get_array().size() << " written to " << file << "\n";
  return exit_code::good;
}

int import_orphans(const ops::Config& config, const ChannelsOptions& options, const std::string& file,
                   std::ostream& out) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.good() && text.empty()) {
    return refused({"channels.file", file + " cannot be read", Disposition::reject, {}, {}});
  }
  const auto told = Management(config, options).call("POST", "/channels/orphans", text);
  if (!told) return refused(told.error());
  if (options.json) out << json::serialize(*told) << "\n";
  int taken = 0;
  const json::array none;
  const auto& outcomes = told->is_array() ? told->get_array() : none;
  for (const auto& outcome : outcomes) {
    const bool one = text_in(outcome, "taken") == "true";
    taken += one ? 1 : 0;
    if (!options.json) out << text_in(outcome, "remoteId") << "  " << text_in(outcome, "text") << "\n";
  }
  if (!options.json) out << taken << " of " << outcomes.size() << " taken\n";
  return taken > 0 || outcomes.empty() ? exit_code::good : exit_code::failed;
}

}  // namespace kanal::app
