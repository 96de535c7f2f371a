// Order of checks: token (401), faults, then the endpoint's own. Errors are XML, as the service writes them:
//   <Error><Code>401</Code><Detail>...</Detail></Error>
#include "sim/service_bus.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "formats/xml.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds longest_wait{60};
constexpr std::size_t max_message_id = 128;
/// A body over the largest that any rule takes is not kept while it comes.
constexpr std::size_t max_body_bytes = std::size_t{128} << 20U;
constexpr int waiting_receivers = 32;

net::Response error_answer(int status, const std::string& detail) {
  return text_answer(
      status, fmt::format("<Error><Code>{}</Code><Detail>{}</Detail></Error>", status, formats::xml_escape(detail)),
      "application/xml; charset=utf-8");
}

/// `Mon, 02 Mar 2026 07:15:31 GMT`
std::string http_date(Time time) {
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

/// The members of `BrokerProperties` that count here; nothing when they are wrong.
std::optional<BusProperties> properties_of(std::string_view header) {
  BusProperties out;
  if (header.empty()) return out;
  const auto given = parse_object(header);
  if (!given) return std::nullopt;
  out.message_id = text_member(*given, "MessageId");
  out.correlation_id = text_member(*given, "CorrelationId");
  out.label = text_member(*given, "Label");
  if (out.message_id.size() > max_message_id) return std::nullopt;
  if (const auto* ttl = given->if_contains("TimeToLive")) {
    if (!ttl->is_number()) return std::nullopt;
    const auto seconds = ttl->to_number<double>();
    if (!(seconds > 0)) return std::nullopt;
    out.time_to_live = std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, 1e9)));
  }
  return out;
}

/// A body that breaks off.
class CutSource final : public Source {
 public:
  explicit CutSource(std::string text) : text_(std::move(text)), rest_(bytes_of(text_)) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    if (rest_.empty()) return retry("sim.cut", "the answer is cut here");
    const auto count = std::min(into.size(), rest_.size());
    std::ranges::copy(rest_.first(count), into.begin());
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  std::string text_;
  ByteView rest_;
};

/// Each receiver that waits holds a worker.
SiteOptions with_workers(SiteOptions site) {
  site.workers = std::max(site.workers, waiting_receivers);
  return site;
}

std::string host_of(const net::Request& request, const std::string& own) {
  const auto host = request.header("Host");
  if (host.empty()) return own;
  return (request.tls ? "https://" : "http://") + std::string(host);
}

}  // namespace

json::object broker_properties(const BusMessage& message) {
  json::object out{
      {"DeliveryCount", message.delivery_count},
      {"EnqueuedSequenceNumber", 0},
      {"EnqueuedTimeUtc", http_date(message.enqueued)},
      {"MessageId", message.properties.message_id},
      {"SequenceNumber", message.sequence},
      {"State", "Active"},
      {"TimeToLive", std::chrono::floor<std::chrono::seconds>(message.expires - message.enqueued).count()}};
  if (!message.lock_token.empty()) {
    out["LockToken"] = message.lock_token;
    out["LockedUntilUtc"] = http_date(message.locked_until);
  }
  if (!message.properties.correlation_id.empty()) out["CorrelationId"] = message.properties.correlation_id;
  if (!message.properties.label.empty()) out["Label"] = message.properties.label;
  if (!message.dead_letter_reason.empty()) out["DeadLetterReason"] = message.dead_letter_reason;
  return out;
}

ServiceBus::ServiceBus(ServiceBusOptions options, const Environment& environment)
    : environment_(environment),
      sas_(std::move(options.policy), environment.clock),
      state_(options.rules, environment.clock),
      amqp_(options.site, options.amqp_port, state_, sas_, environment_),
      site_("servicebus", with_workers(std::move(options.site)), environment) {
  add_routes();
  add_admin_routes();
}

Result<void> ServiceBus::start() {
  if (auto started = amqp_.start(); !started) return started;
  return site_.start();
}

void ServiceBus::stop() {
  state_.close();
  amqp_.stop();
  site_.stop();
}

std::string ServiceBus::host() const {
  const auto address = url();
  return address.substr(address.find("://") + 3);
}

void ServiceBus::add(std::string method, const std::string& path, const std::string& endpoint, const Handle& handle) {
  for (const std::string suffix : {"", "/$deadletterqueue"}) {
    site_.routes().add(method, fmt::format("/{{queue}}{}{}", suffix, path),
                       [this, endpoint, suffix, handle](const Request& request, const auto& v) -> Answer {
                         Call call{endpoint, v.at(0) + suffix};
                         if (v.size() > 2) {
                           call.id = v.at(1);
                           call.lock = v.at(2);
                         }
                         return admit(request, call, handle);
                       });
  }
}

Answer ServiceBus::admit(const Request& request, const Call& call, const Handle& handle) {
  const auto resource = host_of(*request, site_.url()) + request->target.substr(0, request->target.find('?'));
  if (auto good = sas_.check(request->header("Authorization"), resource, state_.rules().clock_skew); !good) {
    return problem(call, 401, good.error().message);
  }
  if (auto answer = fault_answer(call)) return std::move(*answer);
  return handle(request, call);
}

bool ServiceBus::met(std::string_view fault, const Call& call) const {
  auto& faults = environment_.faults;
  return faults.any() && faults.consume(fault, lower_case(call.queue), call.id);
}

std::optional<net::Response> ServiceBus::fault_answer(const Call& call) const {
  auto& faults = environment_.faults;
  if (!faults.any()) return std::nullopt;
  if (met("servicebus.slow", call)) faults.hold(slow_by);
  if (met("servicebus.hang", call)) {
    faults.hold(hang_limit);
    return empty_answer(503);
  }
  if (met("servicebus.reset", call)) return lost_answer();
  for (const int status : {400, 401, 403, 404, 410, 429, 500, 503}) {
    if (!met(fmt::format("servicebus.{}", status), call) &&
        !met(fmt::format("servicebus.{}.{}", call.endpoint, status), call)) {
      continue;
    }
    return problem(call, status, status == 401 ? "ExpiredToken: The token is expired" : "Fault injected");
  }
  return std::nullopt;
}

void ServiceBus::audit(const Call& call, const std::string& action, const std::string& subject,
                       const std::string& detail) const {
  environment_.audit.record({.simulator = "servicebus",
                             .organisation = lower_case(call.queue),
                             .vendor = {},
                             .action = action,
                             .subject = subject,
                             .detail = detail});
}

net::Response ServiceBus::problem(const Call& call, int status, const std::string& detail) const {
  audit(call, call.endpoint + ".refused", call.id, fmt::format("{} {}", status, detail));
  auto response = error_answer(status, detail);
  if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "2");
  return response;
}

Answer ServiceBus::send(const Request& request, const Call& call) {
  if (met("servicebus.send.too_large", call)) {
    return problem(call, 403, "MessageSizeExceeded: The received message exceeds the limit on this link");
  }
  if (met("servicebus.send.quota", call)) {
    return problem(call, 403, "QuotaExceeded: The maximum entity size has been reached or exceeded");
  }
  return net::collect_body(
      max_body_bytes,
      [this, request, call](const Bytes& body) { return store(request, call, std::string(text_of(body))); },
      [] { return error_answer(403, "MessageSizeExceeded"); });
}

net::Response ServiceBus::store(const Request& request, const Call& call, std::string body) {
  auto properties = properties_of(request->header("BrokerProperties"));
  if (!properties) return problem(call, 400, "The BrokerProperties header cannot be read");
  const auto id = properties->message_id;
  const std::string type(request->header("Content-Type"));
  auto sent = state_.send(call.queue, std::move(*properties), type, std::move(body));
  if (!sent) {
    const auto& code = sent.error().code;
    if (code == "bus.no_queue") return problem(call, 410, "EntityNotFound: " + sent.error().message);
    return problem(call, 403,
                   (code == "bus.quota" ? "QuotaExceeded: " : "MessageSizeExceeded: ") + sent.error().message);
  }
  audit(call, "send", id, fmt::format("{}", *sent));
  if (met("servicebus.send.lost_answer", call)) return lost_answer();
  if (met("servicebus.send.503_after_store", call)) return error_answer(503, "Fault injected");
  return text_answer(201, "", type.empty() ? "text/plain" : type);
}

net::Response ServiceBus::message_answer(const BusMessage& message, const Call& call, int status) {
  auto properties = broker_properties(message);
  if (met("servicebus.head.text_sequence", call)) properties["SequenceNumber"] = std::to_string(message.sequence);
  if (met("servicebus.head.unknown_members", call)) properties["SomethingNew"] = json::array{1, nullptr};
  std::string body = *message.body;
  if (met("servicebus.head.malformed", call)) body.resize(body.size() / 2);
  const bool bare = met("servicebus.head.no_properties", call);
  const std::string type = message.content_type.empty() ? "application/octet-stream" : message.content_type;
  auto response = text_answer(status, body, type);
  if (met("servicebus.head.cut", call)) {
    response.body = std::make_unique<CutSource>(body.substr(0, body.size() / 2));
    response.body_length = body.size();
  }
  // By the clock that locks end by.
  response.headers.emplace_back("Date", http_date(environment_.clock.now()));
  if (!bare) response.headers.emplace_back("BrokerProperties", json::serialize(properties));
  // A property of the message, not of the broker: those are headers, as JSON texts.
  if (!message.dead_letter_reason.empty()) {
    response.headers.emplace_back("DeadLetterReason", json::serialize(json::string(message.dead_letter_reason)));
  }
  if (!message.lock_token.empty()) {
    response.headers.emplace_back(
        "Location", fmt::format("{}/{}/messages/{}/{}", site_.url(), call.queue, message.sequence, message.lock_token));
  }
  return response;
}

net::Response ServiceBus::receive(const net::Request& request, const Call& call) {
  std::chrono::seconds wait = longest_wait;
  if (const auto text = request.parameter("timeout")) {
    std::int64_t seconds = 0;
    const auto* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, seconds);
    if (error != std::errc{} || stop != end || seconds < 0) return problem(call, 400, "timeout is a number of seconds");
    wait = std::min(wait, std::chrono::seconds(seconds));
  }
  auto message = state_.receive(call.queue, wait);
  if (!message) return problem(call, 410, "EntityNotFound: " + message.error().message);
  if (!*message) return empty_answer(204);
  const auto& locked = **message;
  audit(call, "lock", locked.properties.message_id, fmt::format("{}", locked.sequence));
  if (met("servicebus.head.duplicate", call)) {
    const auto again = state_.send(call.queue, locked.properties, locked.content_type, *locked.body);
    if (!again) return problem(call, 500, again.error().message);
  }
  if (met("servicebus.head.lost_answer", call)) return lost_answer();
  return message_answer(locked, call, 201);
}

net::Response ServiceBus::take(const Call& call) {
  auto message = state_.receive(call.queue, std::chrono::milliseconds(0));
  if (!message) return problem(call, 410, "EntityNotFound: " + message.error().message);
  if (!*message) return empty_answer(204);
  auto taken = **message;
  const auto answer = state_.complete(call.queue, std::to_string(taken.sequence), taken.lock_token);
  if (answer != LockAnswer::done) return empty_answer(204);
  audit(call, "take", taken.properties.message_id, fmt::format("{}", taken.sequence));
  taken.lock_token.clear();
  return message_answer(taken, call, 200);
}

net::Response ServiceBus::lock_answer(LockAnswer answer, const Call& call) const {
  if (answer == LockAnswer::no_queue) return problem(call, 410, "EntityNotFound: the queue does not exist");
  if (answer == LockAnswer::lost) return problem(call, 404, "MessageLockLost: The lock supplied is invalid");
  audit(call, call.endpoint, call.id);
  return empty_answer(200);
}

net::Response ServiceBus::complete(const Call& call) {
  if (met("servicebus.complete.lock_lost", call)) {
    std::uint64_t sequence = 0;
    const auto [stop, error] = std::from_chars(call.id.data(), call.id.data() + call.id.size(), sequence);
    if (error == std::errc{}) state_.break_lock(call.queue, sequence);
  }
  const auto answer = state_.complete(call.queue, call.id, call.lock);
  auto response = lock_answer(answer, call);
  if (answer == LockAnswer::done && met("servicebus.complete.lost_answer", call)) return lost_answer();
  return response;
}

net::Response ServiceBus::renew(const Call& call) {
  Time until{};
  return lock_answer(state_.renew(call.queue, call.id, call.lock, until), call);
}

void ServiceBus::add_routes() {
  const std::string messages = "/messages";
  add("POST", messages, "send", [this](const Request& request, const Call& call) { return send(request, call); });
  add("POST", messages + "/head", "head",
      [this](const Request& request, const Call& call) -> Answer { return receive(*request, call); });
  add("DELETE", messages + "/head", "take", [this](const Request&, const Call& call) -> Answer { return take(call); });
  const std::string locked = messages + "/{id}/{lock}";
  add("DELETE", locked, "complete", [this](const Request&, const Call& call) -> Answer { return complete(call); });
  add("PUT", locked, "unlock", [this](const Request&, const Call& call) -> Answer {
    return lock_answer(state_.unlock(call.queue, call.id, call.lock), call);
  });
  add("POST", locked, "renew", [this](const Request&, const Call& call) -> Answer { return renew(call); });
}

}  // namespace kanal::sim
