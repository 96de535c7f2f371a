#include "sim/simulator.hpp"

#include <charconv>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include <fmt/format.h>

#include "sim/answers.hpp"
#include "sim/server_tls.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

constexpr std::chrono::milliseconds release_interval{20};

net::ServerOptions server_options(const SiteOptions& options) {
  net::ServerOptions out;
  out.address = options.address;
  out.port = options.port;
  out.workers = options.workers;
  if (options.tls) out.tls = server_tls(*options.tls);
  return out;
}

std::uint64_t number_or(const std::optional<std::string>& text, std::uint64_t fallback) {
  std::uint64_t number = 0;
  if (!text) return fallback;
  const auto end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  return error == std::errc{} && stop == end ? number : fallback;
}

AuditFilter filter_of(const net::Request& request) {
  AuditFilter filter;
  filter.simulator = request.parameter("simulator");
  filter.organisation = request.parameter("organisation");
  filter.vendor = request.parameter("vendor");
  filter.action = request.parameter("action");
  filter.subject = request.parameter("subject");
  filter.after = number_or(request.parameter("after"), 0);
  filter.limit = number_or(request.parameter("limit"), 10'000);
  return filter;
}

json::object faults_json(const Faults& faults) {
  json::array known;
  for (const auto& fault : fault_catalogue()) {
    known.push_back(json::object{{"name", fault.name}, {"description", fault.description}});
  }
  return {{"armed", faults.json()}, {"known", std::move(known)}};
}

net::Response arm_from(Faults& faults, const std::string& name, const json::object& body) {
  std::optional<std::uint64_t> times = 1;
  if (const auto* value = body.if_contains("times")) {
    const auto number = integer_member(body, "times");
    if (value->is_null()) {
      times.reset();
    } else if (!number || *number < 1) {
      return json_answer(400, json::object{{"message", "times is a positive number, or null for until disarmed"}});
    } else {
      times = static_cast<std::uint64_t>(*number);
    }
  }
  const auto armed = faults.arm(name, times, text_member(body, "subject"));
  if (!armed) return json_answer(404, json::object{{"message", armed.error().message}});
  return empty_answer(204);
}

}  // namespace

Site::Site(std::string name, SiteOptions options, const Environment& environment)
    : name_(std::move(name)),
      environment_(environment),
      server_(
          server_options(options), [this](const SharedRequest& request) { return handle(request); }, environment.log) {
  add_admin_routes();
}

Site::~Site() { stop(); }

Result<void> Site::start() {
  auto started = server_.start();
  if (!started) return failed(started.error(), fmt::format("the simulator {} does not start", name_));
  running_ = true;
  return {};
}

void Site::stop() {
  if (!running_) return;
  running_ = false;
  // Again and again, for a request may reach a hanging fault after the first release.
  std::mutex mutex;
  std::condition_variable_any stopping;
  const std::jthread releaser([&](const std::stop_token& stopped) {
    std::unique_lock lock(mutex);
    while (!stopped.stop_requested()) {
      environment_.faults.release();
      stopping.wait_for(lock, stopped, release_interval, [] { return false; });
    }
  });
  server_.stop(std::chrono::seconds(2));
}

std::string Site::url() const { return server_.url(); }

Site::Answer Site::handle(const SharedRequest& request) const {
  std::string_view path = request->path;
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const auto match = routes_.find(request->method, path);
  if (match.endpoint != nullptr) return (*match.endpoint)(request, match.variables);
  if (!match.path_known) return empty_answer(404);
  auto response = empty_answer(405);
  for (const auto& method : match.allowed) response.headers.emplace_back("Allow", method);
  return response;
}

void Site::add_admin_routes() {
  auto& faults = environment_.faults;
  auto& audit = environment_.audit;
  routes_.add("GET", "/sim/audit", [&audit](const SharedRequest& request, const auto&) -> Answer {
    return json_answer(200, audit.json(filter_of(*request)));
  });
  routes_.add("DELETE", "/sim/audit", [&audit](const SharedRequest&, const auto&) -> Answer {
    audit.clear();
    return empty_answer(204);
  });
  routes_.add("GET", "/sim/faults",
              [&faults](const SharedRequest&, const auto&) -> Answer { return json_answer(200, faults_json(faults)); });
  routes_.add("DELETE", "/sim/faults", [&faults](const SharedRequest&, const auto&) -> Answer {
    faults.disarm_all();
    return empty_answer(204);
  });
  routes_.add("POST", "/sim/faults/{name}", [&faults](const SharedRequest&, const auto& variables) -> Answer {
    return with_json(
        [&faults, name = variables.at(0)](const json::object& body) { return arm_from(faults, name, body); });
  });
  routes_.add("DELETE", "/sim/faults/{name}", [&faults](const SharedRequest&, const auto& variables) -> Answer {
    faults.disarm(variables.at(0));
    return empty_answer(204);
  });
}

}  // namespace kanal::sim
