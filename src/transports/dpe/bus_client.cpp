#include "transports/dpe/bus_client.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "lookup/remote_answer.hpp"
#include "transports/dpe/sas_token.hpp"

namespace kanal::transports::dpe {
namespace {

namespace json = boost::json;
using namespace std::chrono;

/// Long enough for clocks that differ by minutes.
constexpr minutes token_life{15};
constexpr std::size_t longest_properties = std::size_t{64} * 1024;
constexpr std::size_t longest_lock_token = 100;
constexpr std::size_t max_json_depth = 8;
constexpr milliseconds patience = minutes(15);
/// A lock whose end is not told, or not to be believed.
constexpr Duration assumed_lock = seconds(30);
constexpr Duration longest_lock = minutes(5);

/// Keeps the beginning, counts the rest.
class BodySink final : public Sink {
 public:
  Result<void> write(ByteView bytes) override {
    const auto room = longest_body - bytes_.size();
    const auto kept = bytes.first(std::min(room, bytes.size()));
    bytes_.insert(bytes_.end(), kept.begin(), kept.end());
    too_large_ = too_large_ || kept.size() < bytes.size();
    return {};
  }
  Result<void> finish() override { return {}; }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }
  [[nodiscard]] bool too_large() const { return too_large_; }

 private:
  Bytes bytes_;
  bool too_large_ = false;
};

std::string text_of_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

/// A number, or a text of digits.
std::optional<std::uint64_t> number_of_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_uint64()) return value->get_uint64();
  if (value->is_int64() && value->get_int64() >= 0) return static_cast<std::uint64_t>(value->get_int64());
  if (!value->is_string()) return std::nullopt;
  std::uint64_t number = 0;
  const auto* end = value->get_string().data() + value->get_string().size();
  const auto [stop, error] = std::from_chars(value->get_string().data(), end, number);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

std::string without_quotes(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

bool is_lock_token(std::string_view text) {
  return !text.empty() && text.size() <= longest_lock_token && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

bool contains_ignoring_case(std::string text, std::string_view words) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c; });
  return text.find(words) != std::string::npos;
}

}  // namespace

std::string broker_properties(const Envelope& envelope) {
  json::object out{
      {"MessageId", envelope.message_id}, {"CorrelationId", envelope.correlation_id}, {"Label", envelope.label}};
  if (envelope.time_to_live) out["TimeToLive"] = envelope.time_to_live->count();
  return json::serialize(out);
}

Result<Locked> read_broker_properties(std::string_view header, Time now, std::optional<Time> date) {
  const auto unreadable = [](std::string why) {
    return retry("dpe.properties", "the Service Bus gave a message that cannot be completed: " + std::move(why));
  };
  if (header.empty()) return unreadable("it has no BrokerProperties");
  if (header.size() > longest_properties) return unreadable("its BrokerProperties are too long");
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::error_code error;
  const auto value = json::parse(header, error, {}, options);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) return unreadable("its BrokerProperties are no JSON object");
  const auto sequence = number_of_member(*object, "SequenceNumber");
  if (!sequence) return unreadable("its SequenceNumber is missing");
  Locked message;
  message.sequence = *sequence;
  message.token = text_of_member(*object, "LockToken");
  if (!is_lock_token(message.token)) return unreadable("its LockToken is missing");
  message.message_id = text_of_member(*object, "MessageId");
  message.delivery_count =
      static_cast<int>(std::clamp<std::uint64_t>(number_of_member(*object, "DeliveryCount").value_or(1), 1, 1'000'000));
  message.enqueued = lookup::parse_http_date(text_of_member(*object, "EnqueuedTimeUtc")).value_or(now);
  const auto until = lookup::parse_http_date(text_of_member(*object, "LockedUntilUtc"));
  message.locked_for = lock_length(until, date.value_or(now));
  return message;
}

Duration lock_length(std::optional<Time> until, Time now) {
  if (!until || *until <= now) return assumed_lock;
  return std::min<Duration>(*until - now, longest_lock);
}

Error credentials_refused(const std::string& policy, const std::string& said) {
  return {"dpe.credentials",
          fmt::format("the Service Bus refuses the key of policy {} (401): check "
                      "difi.move.nextmove.serviceBus.sasKeyName and baseUrl, and the clock. {}",
                      policy, said),
          Disposition::retry,
          {},
          {}};
}

Error queue_missing(const std::string& queue, const std::string& said) {
  return {"dpe.queue_missing",
          fmt::format("the queue {} does not exist ({}): Digdir makes it when the organisation is set up "
                      "for eInnsyn",
                      queue, said),
          Disposition::retry,
          patience,
          {}};
}

BusClient::BusClient(const Settings& settings, net::HttpClient& http, SasKeySource& keys, Clock& clock)
    : settings_(settings), http_(http), keys_(keys), clock_(clock) {}

std::string BusClient::address(const std::string& queue) const { return settings_.base_url + "/" + queue; }

Error BusClient::error_of(const net::ClientResponse& response, const std::string& queue) const {
  const auto said = lookup::remote_text(response.body);
  const auto status = response.status;
  const auto make = [&](Disposition disposition, std::string code, std::string text) {
    Error error{std::move(code), std::move(text), disposition, {}, {}};
    error.retry_after = lookup::retry_after(response, clock_.now());
    return error;
  };
  if (status == 401) {
    auto error = credentials_refused(settings_.policy, said);
    error.retry_after = lookup::retry_after(response, clock_.now());
    return error;
  }
  if (status == 404 || status == 410) return queue_missing(queue, std::to_string(status));
  if (status == 403) {
    const bool size =
        contains_ignoring_case(response.body, "size") && !contains_ignoring_case(response.body, "quotaexceeded");
    if (size) return make(Disposition::reject, "dpe.too_large", "the Service Bus finds the message too large: " + said);
    auto error =
        make(Disposition::retry, "dpe.quota", fmt::format("the queue {} takes no more (403): {}", queue, said));
    error.retry_after = error.retry_after.value_or(minutes(1));
    return error;
  }
  if (status == 400) return make(Disposition::reject, "dpe.refused", "the Service Bus refuses the request: " + said);
  return make(Disposition::retry, "dpe.away", fmt::format("the Service Bus answers {}: {}", status, said));
}

/// Sends with a token; a key that is refused is asked for anew, once.
Result<net::ClientResponse> BusClient::call(const std::string& queue, net::ClientRequest request,
                                            SeekableSource* upload, Sink* into) {
  request.connect_timeout = settings_.timeout;
  request.total_timeout = settings_.timeout;
  request.inactivity_timeout = settings_.timeout;
  const auto headers = request.headers;
  for (int attempt = 0;; ++attempt) {
    auto key = keys_.key();
    if (!key) return failed(key);
    request.headers = headers;
    request.headers.emplace_back("Authorization",
                                 sas_token(address(queue), settings_.policy, *key, clock_.now() + token_life));
    if (upload != nullptr) {
      if (auto back = upload->seek(0); !back) return failed(back);
      request.upload = upload;
      request.upload_size = upload->size();
    }
    auto response = into != nullptr ? http_.send(request, *into) : http_.send(request);
    if (!response || response->status != 401) return response;
    keys_.reject(*key);
    if (attempt > 0) return response;
    // The same key again would be refused again.
    const auto next = keys_.key();
    if (!next || next->reveal() == key->reveal()) return response;
  }
}

Result<void> BusClient::send(const std::string& queue, const Envelope& envelope, SeekableSource& body,
                             std::stop_token stop) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = address(queue) + "/messages";
  request.headers = {{"Content-Type", "application/octet-stream"}, {"BrokerProperties", broker_properties(envelope)}};
  request.stop = std::move(stop);
  auto response = call(queue, std::move(request), &body, nullptr);
  if (!response) return failed(response);
  if (response->ok()) return {};
  return tl::unexpected(error_of(*response, queue));
}

Result<std::optional<Locked>> BusClient::receive(const std::string& queue, seconds wait, std::stop_token stop) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = fmt::format("{}/messages/head?timeout={}", address(queue), wait.count());
  request.stop = std::move(stop);
  BodySink body;
  auto response = call(queue, std::move(request), nullptr, &body);
  if (!response) return failed(response);
  if (response->status == 204) return std::optional<Locked>{};
  if (response->status != 200 && response->status != 201) return tl::unexpected(error_of(*response, queue));
  auto message = read_broker_properties(response->header("BrokerProperties"), clock_.now(),
                                        lookup::parse_http_date(response->header("Date")));
  if (!message) return failed(message);
  message->too_large = body.too_large();
  // A property of the message: those are headers by REST (unverified for this one), as JSON texts in quotes.
  message->dead_letter_reason = lookup::remote_text(without_quotes(response->header("DeadLetterReason")));
  message->body = std::make_shared<const Bytes>(body.take());
  return std::optional(std::move(*message));
}

Result<bool> BusClient::about_lock(const std::string& queue, const Locked& message, std::string method) {
  net::ClientRequest request;
  request.method = std::move(method);
  // By its number: what senders call a message may not fit into an address.
  request.url = fmt::format("{}/messages/{}/{}", address(queue), message.sequence, message.token);
  auto response = call(queue, std::move(request), nullptr, nullptr);
  if (!response) return failed(response);
  if (response->ok()) return true;
  if (response->status == 404) return false;
  return tl::unexpected(error_of(*response, queue));
}

Result<bool> BusClient::complete(const std::string& queue, const Locked& message) {
  return about_lock(queue, message, "DELETE");
}

Result<bool> BusClient::unlock(const std::string& queue, const Locked& message) {
  return about_lock(queue, message, "PUT");
}

Result<bool> BusClient::renew(const std::string& queue, const Locked& message) {
  return about_lock(queue, message, "POST");
}

}  // namespace kanal::transports::dpe
