// Order of checks: Basic credentials (401), faults, then the endpoint's own. A receiving system sees its own queue
// only.
#include "sim/svarinn.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/ascii.hpp"
#include "crypto/digest.hpp"
#include "crypto/issue.hpp"
#include "net/http_client.hpp"
#include "sim/basic_login.hpp"
#include "sim/svarinn_list.hpp"
#include "sim/svarinn_package.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t max_failure_bytes = std::size_t{64} * 1024;
constexpr std::string_view html_error = "<html><body><h1>502 Bad Gateway</h1></body></html>";

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), ascii_lower);
  return text;
}

std::string disposition(const std::string& filename) {
  const bool plain =
      std::ranges::all_of(filename, [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
  return plain ? fmt::format("attachment; filename=\"{}\"", filename)
               : fmt::format("attachment; filename*=UTF-8''{}", net::url_encode(filename));
}

/// Of nobody who could read it.
crypto::Certificate foreign_certificate(Time now) {
  return crypto::make_ca("Somebody else", now - std::chrono::days(1), now + std::chrono::days(1)).certificate;
}

}  // namespace

SvarInn::SvarInn(SvarUt& svarut, const Environment& environment) : svarut_(svarut), environment_(environment) {
  add_routes();
}

void SvarInn::add(std::string method, const std::string& path, const std::string& endpoint, Handle handle) {
  svarut_.site().routes().add(
      std::move(method), "/tjenester/svarinn" + path,
      [this, endpoint, handle = std::move(handle)](const Request& request, const auto& v) -> Answer {
        return admit(endpoint, request, v.empty() ? std::string{} : lower(v.front()), handle);
      });
}

Answer SvarInn::admit(const std::string& endpoint, const Request& request, const std::string& id,
                      const Handle& handle) {
  const auto login = basic_login(request->header("Authorization"));
  auto system = login ? state().system(login->username) : std::nullopt;
  if (!system || !crypto::equal(bytes_of(system->password), bytes_of(login->password))) {
    environment_.audit.record({.simulator = "svarinn",
                               .organisation = {},
                               .vendor = login ? login->username : std::string{},
                               .action = endpoint + ".refused",
                               .subject = id,
                               .detail = "401"});
    return basic_challenge("SvarInn");
  }
  Caller caller{std::move(*system), id, {}};
  if (const auto item = id.empty() ? std::nullopt : state().queued(caller.system.username, id)) {
    caller.organisation = item->organisation;
  }
  if (caller.organisation.empty() && !caller.system.orgnr.empty()) caller.organisation = *caller.system.orgnr.begin();
  if (auto answer = fault_answer(endpoint, caller)) return std::move(*answer);
  return handle(request, caller);
}

bool SvarInn::met(std::string_view fault, const Caller& caller) const {
  auto& faults = environment_.faults;
  return faults.any() && faults.consume(fault, caller.id, caller.system.username);
}

std::optional<net::Response> SvarInn::fault_answer(const std::string& endpoint, const Caller& caller) const {
  auto& faults = environment_.faults;
  if (!faults.any()) return std::nullopt;
  if (met("svarinn.slow", caller)) faults.hold(slow_by);
  if (met("svarinn.hang", caller)) {
    faults.hold(hang_limit);
    return empty_answer(503);
  }
  if (met("svarinn.reset", caller)) return lost_answer();
  for (const int status : {401, 404, 429, 500, 502, 503}) {
    if (!met(fmt::format("svarinn.{}", status), caller) &&
        !met(fmt::format("svarinn.{}.{}", endpoint, status), caller)) {
      continue;
    }
    audit(endpoint + ".refused", caller, fmt::format("{} Fault injected", status));
    return text_answer(status, status == 502 ? std::string(html_error) : "Fault injected",
                       status == 502 ? "text/html" : "text/plain");
  }
  return std::nullopt;
}

void SvarInn::audit(const std::string& action, const Caller& caller, const std::string& detail) const {
  environment_.audit.record({.simulator = "svarinn",
                             .organisation = caller.organisation,
                             .vendor = caller.system.username,
                             .action = action,
                             .subject = caller.id,
                             .detail = detail});
}

net::Response SvarInn::problem(const std::string& endpoint, const Caller& caller, int status,
                               const std::string& message) const {
  audit(endpoint + ".refused", caller, fmt::format("{} {}", status, message));
  return text_answer(status, message);
}

net::Response SvarInn::list(const Caller& caller) const {
  auto items = state().queue(caller.system.username);
  const auto most = state().rules().max_list;
  if (items.size() > most) items.resize(most);
  json::array out;
  for (const auto& item : items) {
    const auto url = service_url() + "/forsendelse/" + item.id;
    json::value entry = item.forsendelse ? json::value(list_item(*item.forsendelse, url)) : item.injected->item;
    if (auto* object = entry.if_object()) {
      if (!object->contains("downloadUrl")) (*object)["downloadUrl"] = url;
      Caller about = caller;
      about.id = item.id;
      spoil_item(*object, [&](std::string_view flaw) { return met(fmt::format("svarinn.list.{}", flaw), about); });
    }
    out.push_back(std::move(entry));
  }
  audit("list", caller, fmt::format("{}", out.size()));
  auto text = json::serialize(out);
  if (met("svarinn.list.cut", caller)) text.resize(text.size() / 2);
  return text_answer(200, std::move(text), "application/json; charset=utf-8");
}

net::Response SvarInn::download(const Caller& caller) const {
  const auto item = state().queued(caller.system.username, caller.id);
  if (!item) return problem("download", caller, 404, "Fant ikke forsendelse");
  std::optional<crypto::Certificate> foreign;
  if (met("svarinn.download.wrong_certificate", caller)) foreign = foreign_certificate(environment_.clock.now());
  Result<SvarInnPackage> package{SvarInnPackage{}};
  if (item->forsendelse) {
    PackageOrder order;
    order.recipient = foreign ? &*foreign : &caller.system.certificate;
    order.lone = (caller.system.lone_files && item->forsendelse->dokumenter.size() == 1) ||
                 met("svarinn.download.lone_file", caller);
    if (met("svarinn.download.folders", caller)) order.names = EntryNames::in_folder;
    if (met("svarinn.download.traversal", caller)) order.names = EntryNames::traversal;
    package = make_package(*item->forsendelse, order, svarut_.folder());
  } else {
    const auto& injected = *item->injected;
    const auto& recipient = injected.encrypt_for ? *injected.encrypt_for : caller.system.certificate;
    const auto* chosen = foreign ? &*foreign : injected.encrypt ? &recipient : nullptr;
    auto content = make_package(bytes_of(injected.content), chosen, svarut_.folder());
    if (!content) {
      package = failed(content);
    } else {
      package = SvarInnPackage{std::move(*content), injected.content_type, injected.filename};
    }
  }
  if (!package) return problem("download", caller, 500, package.error().message);
  DownloadEnd end = DownloadEnd::whole;
  if (met("svarinn.download.truncated", caller)) end = DownloadEnd::truncated;
  if (met("svarinn.download.reset", caller)) end = DownloadEnd::broken;
  audit("download", caller);
  auto response = text_answer(200, {}, met("svarinn.download.no_type", caller) ? "" : package->content_type);
  if (response.headers.front().second.empty()) response.headers.clear();
  response.headers.emplace_back("Content-Disposition", disposition(package->filename));
  std::uint64_t size = 0;
  response.body = read_package(package->content, end, size);
  response.body_length = size;
  return response;
}

net::Response SvarInn::acknowledge(const Caller& caller) const {
  if (!state().acknowledge(caller.system.username, caller.id)) {
    const bool again = state().acknowledged(caller.system.username, caller.id);
    if (again && !state().rules().kvitter_twice_is_404) {
      audit("kvitterMottak.again", caller);
      return empty_answer(200);
    }
    return problem("kvitterMottak", caller, 404, "Fant ikke forsendelse");
  }
  audit("kvitterMottak", caller);
  if (met("svarinn.kvitterMottak.lost_answer", caller)) return lost_answer();
  if (met("svarinn.kvitterMottak.500_after", caller)) return text_answer(500, "Fault injected");
  return empty_answer(200);
}

Answer SvarInn::fail(const Caller& caller) const {
  return net::collect_body(
      max_failure_bytes,
      [this, caller](const Bytes& body) {
        const auto given = parse_object(text_of(body));
        const auto* permanent = given ? given->if_contains("permanent") : nullptr;
        const auto* text = given ? given->if_contains("feilmelding") : nullptr;
        if (permanent == nullptr || !permanent->is_bool() || text == nullptr || !text->is_string()) {
          return problem("mottakFeilet", caller, 400, "feilmelding og permanent er påkrevd");
        }
        const bool final = permanent->get_bool();
        const std::string message(text->get_string());
        if (!state().fail(caller.system.username, caller.id, message, final)) {
          return problem("mottakFeilet", caller, 404, "Fant ikke forsendelse");
        }
        audit("mottakFeilet", caller, fmt::format("permanent={} {}", final, message));
        return empty_answer(200);
      },
      [] { return empty_answer(413); });
}

void SvarInn::add_routes() {
  add("GET", "/mottaker/hentNyeForsendelser", "list",
      [this](const Request&, const Caller& caller) -> Answer { return list(caller); });
  add("GET", "/forsendelse/{id}", "download",
      [this](const Request&, const Caller& caller) -> Answer { return download(caller); });
  add("POST", "/kvitterMottak/forsendelse/{id}", "kvitterMottak",
      [this](const Request&, const Caller& caller) -> Answer { return acknowledge(caller); });
  add("POST", "/mottakFeilet/forsendelse/{id}", "mottakFeilet",
      [this](const Request&, const Caller& caller) -> Answer { return fail(caller); });
}

}  // namespace kanal::sim
