#include "transports/dpe/amqp_reader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "transports/dpe/sas_token.hpp"

namespace kanal::transports::dpe {
namespace {

using namespace std::chrono;

constexpr minutes token_life{15};
/// Then a new one is put.
constexpr Duration token_half_life = token_life / 2;
constexpr Duration shortest_pause = seconds(1);
constexpr Duration longest_pause = seconds(60);
constexpr int most_doublings = 6;

net::Amqp10Options options_of(const Settings& settings) {
  net::Amqp10Options options;
  options.host = settings.amqp_host;
  options.port = settings.amqp_port;
  options.tls = settings.base_url.starts_with("https://");
  options.ca_pem = settings.ca_pem;
  options.container_id = "kanal-" + settings.organisation;
  options.connect_timeout = settings.timeout;
  options.answer_timeout = settings.timeout;
  options.max_message = longest_body;
  return options;
}

}  // namespace

AmqpReader::AmqpReader(const Settings& settings, SasKeySource& keys, Clock& clock, Log& log)
    : settings_(settings),
      keys_(keys),
      clock_(clock),
      log_(log),
      queue_(settings.own_queue()),
      audience_(audience(settings.amqp_host, queue_)) {}

/// As the same failure is told by REST.
Error AmqpReader::meaning_of(const Error& error) const {
  if (error.code == "amqp10.unauthorized") return credentials_refused(settings_.policy, error.message);
  if (error.code == "amqp10.not_found") return queue_missing(queue_, error.message);
  return error;
}

Error AmqpReader::meaning_of(const NodeAnswer& answer) const {
  constexpr int unauthorized = 401;
  constexpr int not_found = 404;
  const auto said = fmt::format("{} {}", answer.condition, answer.description);
  if (answer.status == unauthorized) return credentials_refused(settings_.policy, said);
  if (answer.status == not_found) return queue_missing(queue_, said);
  return {"dpe.away",
          fmt::format("the Service Bus answers {} over AMQP: {}", answer.status, said),
          Disposition::retry,
          {},
          {}};
}

Result<void> AmqpReader::put_token(Line& line, const Secret& key, const std::stop_token& stop) {
  const auto asked = clock_.monotonic();
  const auto token = sas_token(audience_, settings_.policy, key, clock_.now() + token_life);
  auto answer = line.connection->request(token_node, put_token_request(audience_, token), stop);
  if (!answer) return failed(answer);
  auto read = read_answer(*answer);
  if (!read) return failed(read);
  if (!read->ok()) return tl::unexpected(meaning_of(*read));
  line.token_put = asked;
  return {};
}

Result<AmqpReader::SharedLine> AmqpReader::open_with(const Secret& key, const std::stop_token& stop) {
  auto connection = net::Amqp10Connection::open(options_of(settings_), stop);
  if (!connection) return failed(connection);
  auto made = std::make_shared<Line>();
  made->number = ++lines_;
  made->connection = std::move(*connection);
  if (auto put = put_token(*made, key, stop); !put) return failed(put);
  if (auto attached = made->connection->attach(queue_, stop); !attached) {
    return tl::unexpected(meaning_of(attached.error()));
  }
  log_.info("service_bus_connected", {{"queue", queue_}, {"host", settings_.amqp_host}});
  return made;
}

/// A key that is refused is asked for anew, once.
Result<AmqpReader::SharedLine> AmqpReader::open(const std::stop_token& stop) {
  for (int attempt = 0;; ++attempt) {
    auto key = keys_.key();
    if (!key) return failed(key);
    auto made = open_with(*key, stop);
    if (made || made.error().code != "dpe.credentials") return made;
    keys_.reject(*key);
    if (attempt > 0) return made;
    const auto next = keys_.key();
    if (!next || next->reveal() == key->reveal()) return made;
  }
}

/// False: the connection is of no more use.
bool AmqpReader::keep_token(Line& line, const std::stop_token& stop) {
  if (clock_.monotonic() - line.token_put < token_half_life) return true;
  const auto key = keys_.key();
  if (!key) return true;
  const auto put = put_token(line, *key, stop);
  if (!put) log_.info("service_bus_token_not_renewed", {{"queue", queue_}, {"reason", put.error().text()}});
  return put.has_value();
}

void AmqpReader::wait_after(const Error& error) {
  const bool refused = error.code == "dpe.credentials" || error.code == "dpe.queue_missing";
  const auto doubled = std::min(shortest_pause * (1 << std::min(failures_, most_doublings)), longest_pause);
  ++failures_;
  const auto base = refused ? longest_pause : doubled;
  not_before_ = clock_.monotonic() + base + base * static_cast<int>(random_() % 25) / 100;
  last_error_ = error;
}

Result<AmqpReader::SharedLine> AmqpReader::line(const std::stop_token& stop) {
  const std::scoped_lock lock(mutex_);
  if (line_) {
    // Services close what is idle: that is no failure.
    const auto ended = line_->connection->ended();
    if (!ended && keep_token(*line_, stop)) return line_;
    if (ended) log_.info("service_bus_connection_ended", {{"queue", queue_}, {"reason", ended->text()}});
    line_.reset();
  }
  if (not_before_ && last_error_ && clock_.monotonic() < *not_before_) return tl::unexpected(*last_error_);
  auto made = open(stop);
  if (!made) {
    if (!stop.stop_requested()) wait_after(made.error());
    return failed(made);
  }
  line_ = *made;
  not_before_.reset();
  return line_;
}

Result<std::vector<Locked>> AmqpReader::receive(std::size_t most, seconds wait, const std::stop_token& stop) {
  auto line = this->line(stop);
  if (!line) return failed(line);
  auto deliveries = (*line)->connection->receive(most, wait, stop);
  if (!deliveries) return tl::unexpected(meaning_of(deliveries.error()));
  {
    const std::scoped_lock lock(mutex_);
    failures_ = 0;
  }
  std::vector<Locked> messages;
  std::optional<Error> problem;
  for (auto& delivery : *deliveries) {
    auto message = read_delivery(std::move(delivery), clock_.now());
    if (!message) {
      // Left as it is: its lock ends, and in the end the broker puts it away.
      log_.warning("message_without_properties", {{"queue", queue_}, {"reason", message.error().text()}});
      problem = message.error();
      continue;
    }
    message->link = (*line)->number;
    messages.push_back(std::move(*message));
  }
  if (messages.empty() && problem) return tl::unexpected(std::move(*problem));
  return messages;
}

Result<AtLock> AmqpReader::manage(Line& line, const Locked& message, const net::Amqp10Message& request) {
  auto answer = line.connection->request(management_node(queue_), request, {});
  if (!answer) return tl::unexpected(meaning_of(answer.error()));
  auto read = read_answer(*answer);
  if (!read) return failed(read);
  if (read->ok()) return AtLock::done;
  if (!read->lock_lost()) return tl::unexpected(meaning_of(*read));
  return message.link == line.number ? AtLock::lost : AtLock::lost_with_link;
}

/// By the link that brought it; when that has gone, a lock is still good by its token (7.2; that it is after its link
/// has gone is (unverified), and does no harm).
Result<AtLock> AmqpReader::settle(const Locked& message, net::Amqp10Outcome outcome, const std::string& disposition) {
  auto line = this->line({});
  if (!line) return failed(line);
  if (message.link == (*line)->number) {
    auto settled = (*line)->connection->settle(message.delivery, outcome);
    if (settled) return AtLock::done;
    if (settled.error().code == "amqp10.lock_lost") return AtLock::lost;
    if (settled.error().code != "amqp10.closed") return tl::unexpected(meaning_of(settled.error()));
    line = this->line({});
    if (!line) return failed(line);
  }
  return manage(**line, message, update_request(message.token, disposition));
}

Result<AtLock> AmqpReader::complete(const Locked& message) {
  return settle(message, net::Amqp10Outcome::accepted, "completed");
}

/// As by REST, it counts as a delivery (unverified).
Result<AtLock> AmqpReader::unlock(const Locked& message) {
  return settle(message, net::Amqp10Outcome::modified, "abandoned");
}

Result<AtLock> AmqpReader::renew(const Locked& message) {
  auto line = this->line({});
  if (!line) return failed(line);
  return manage(**line, message, renew_request(message.token));
}

Result<std::optional<Glimpse>> AmqpReader::look_at(const std::string& queue, std::uint64_t from,
                                                   const std::stop_token& stop) {
  constexpr int no_content = 204;
  auto line = this->line(stop);
  if (!line) return failed(line);
  auto answer = (*line)->connection->request(management_node(queue), peek_request(from), stop);
  if (!answer) return tl::unexpected(meaning_of(answer.error()));
  auto read = read_answer(*answer);
  if (!read) return failed(read);
  if (read->status == no_content || read->condition == "com.microsoft:message-not-found") {
    return std::optional<Glimpse>{};
  }
  if (!read->ok()) return tl::unexpected(meaning_of(*read));
  return read_glimpse(*answer, clock_.now());
}

Result<std::optional<Glimpse>> AmqpReader::look(std::uint64_t from, const std::stop_token& stop) {
  return look_at(queue_, from, stop);
}

Result<std::vector<Glimpse>> AmqpReader::dead_letters(std::size_t most, const std::stop_token& stop) {
  std::vector<Glimpse> out;
  for (std::uint64_t from = 0; out.size() < most;) {
    auto letter = look_at(dead_letters_of(queue_), from, stop);
    if (!letter) return failed(letter);
    if (!*letter || (*letter)->sequence < from) break;
    from = (*letter)->sequence + 1;
    out.push_back(std::move(**letter));
  }
  return out;
}

}  // namespace kanal::transports::dpe
