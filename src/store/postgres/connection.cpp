#include "store/postgres/connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "store/postgres/errors.hpp"
#include "store/postgres/text.hpp"

namespace kanal::store::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr Oid integer_type = 20;
constexpr Oid text_type = 25;
constexpr Oid bytes_type = 17;
/// What the network may add to the server's own limit of a statement.
constexpr milliseconds answer_allowance{10'000};

constexpr Dialect dialect{
    true, "lower(", ")", "lower(", " COLLATE \"C\")", false, "JOIN", "coalesce(message_channel, '')", true};

Oid type_of(Param::Type type) {
  switch (type) {
    case Param::Type::integer:
      return integer_type;
    case Param::Type::text:
      return text_type;
    case Param::Type::bytes:
      return bytes_type;
    case Param::Type::unknown:
      break;
  }
  return 0;
}

/// libpq tells no code when it cannot connect; these are the server's words for what no waiting will change.
bool is_refusal(std::string_view why) {
  constexpr std::array<std::string_view, 7> words = {
      "authentication failed",   "does not exist",       "no pg_hba.conf entry", "permission denied",
      "not permitted to log in", "no password supplied", "certificate"};
  return std::ranges::any_of(words, [&](std::string_view word) { return why.find(word) != std::string_view::npos; });
}

/// Values as libpq takes them, all in binary. What they point to must live as long.
class Bound {
 public:
  explicit Bound(std::span<const Param> params) {
    numbers_.reserve(params.size());
    texts_.reserve(params.size());
    for (const auto& param : params) add(param);
  }
  [[nodiscard]] int count() const { return static_cast<int>(values_.size()); }
  [[nodiscard]] const char* const* values() const { return values_.data(); }
  [[nodiscard]] const int* lengths() const { return lengths_.data(); }
  [[nodiscard]] const int* formats() const { return formats_.data(); }
  [[nodiscard]] const Oid* types() const { return types_.data(); }

 private:
  void add(const Param& param) {
    types_.push_back(type_of(param.type));
    formats_.push_back(1);
    if (param.null) {
      values_.push_back(nullptr);
      lengths_.push_back(0);
      return;
    }
    std::string_view content = text_of(param.bytes);
    if (param.type == Param::Type::integer) {
      auto& number = numbers_.emplace_back();
      auto value = static_cast<std::uint64_t>(param.integer);
      for (std::size_t i = number.size(); i > 0; --i) {
        number[i - 1] = static_cast<char>(value & 0xffU);
        value >>= 8U;
      }
      content = {number.data(), number.size()};
    } else if (param.type == Param::Type::text) {
      if (auto whole = mended(content)) content = texts_.emplace_back(std::move(*whole));
    }
    // No address would mean NULL.
    values_.push_back(content.empty() ? "" : content.data());
    lengths_.push_back(static_cast<int>(content.size()));
  }

  std::vector<std::array<char, 8>> numbers_;
  std::vector<std::string> texts_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<Oid> types_;
};

}  // namespace

/// All rows of an answer, or why there is none.
class Connection::Answered final : public Cursor {
 public:
  explicit Answered(Result<Answer> answer) : answer_(std::move(answer)) {}

  Result<bool> step() override {
    if (!answer_) return failed(answer_);
    return ++row_ < PQntuples(answer_->get());
  }
  [[nodiscard]] bool is_null(int column) const override { return PQgetisnull(answer_->get(), row_, column) != 0; }
  [[nodiscard]] ByteView bytes(int column) const override {
    const char* data = PQgetvalue(answer_->get(), row_, column);
    return bytes_of({data, static_cast<std::size_t>(PQgetlength(answer_->get(), row_, column))});
  }
  /// Big-endian, of any length.
  [[nodiscard]] std::int64_t integer(int column) const override {
    const auto content = bytes(column);
    if (content.empty()) return 0;
    std::uint64_t value = (content[0] & std::byte{0x80}) != std::byte{0} && content.size() > 1 ? ~std::uint64_t{0} : 0;
    for (const auto byte : content) value = value << 8U | std::to_integer<std::uint64_t>(byte);
    return static_cast<std::int64_t>(value);
  }

 private:
  Result<Answer> answer_;
  int row_ = -1;
};

void Connection::Close::operator()(pg_conn* connection) const { PQfinish(connection); }
void Connection::Clear::operator()(pg_result* result) const { PQclear(result); }

Connection::Connection(pg_conn* connection, const ConnectSettings& settings)
    : connection_(connection), answer_timeout_(settings.statement_timeout + answer_allowance) {}

Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const ConnectSettings& settings) {
  const auto timeout = std::to_string(settings.connect_timeout.count());
  std::vector<const char*> names;
  std::vector<const char*> values;
  const auto set = [&](const char* name, const char* value) {
    names.push_back(name);
    values.push_back(value);
  };
  // A peer that is gone without a word is noticed within half a minute. What the caller says comes later and wins.
  set("connect_timeout", timeout.c_str());
  set("keepalives_idle", "10");
  set("keepalives_interval", "5");
  set("keepalives_count", "3");
  set("tcp_user_timeout", "30000");
  set("application_name", "kanal");
  for (const auto& [name, value] : settings.parameters) set(name.c_str(), value.c_str());
  set("client_encoding", "UTF8");
  set(nullptr, nullptr);
  std::unique_ptr<Connection> connection(new Connection(PQconnectdbParams(names.data(), values.data(), 0), settings));
  auto* raw = connection->connection_.get();
  if (PQstatus(raw) != CONNECTION_OK) {
    std::string why = raw != nullptr ? PQerrorMessage(raw) : "no memory";
    while (!why.empty() && (why.back() == '\n' || why.back() == ' ')) why.pop_back();
    for (auto& c : why) c = c == '\n' ? ' ' : c;
    if (is_refusal(why)) {
      return reject(
          "store.access",
          fmt::format("the database refuses the connection: check difi.datasource.username, .password and .url ({})",
                      why));
    }
    return retry("store.io",
                 fmt::format("the database does not answer: check difi.datasource.url and that it runs ({})", why));
  }
  if (auto ready = connection->set_up(settings); !ready) return failed(ready);
  return connection;
}

Result<void> Connection::set_up(const ConnectSettings& settings) {
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  const char* encoding = PQparameterStatus(connection_.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    return reject("store.encoding",
                  "the database must have the encoding UTF8: create it with ENCODING 'UTF8' TEMPLATE template0");
  }
  if (PQserverVersion(connection_.get()) < 130000) {
    return reject("store.version", "PostgreSQL 13 or later is needed");
  }
  // The server frees what a client that vanished held; a commit is on disk before it is answered.
  std::string sql = fmt::format(
      "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; "
      "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
      "SET TimeZone = 'UTC'; "
      "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', "
      "'local')",
      settings.statement_timeout.count(), settings.lock_timeout.count(), 2 * settings.statement_timeout.count());
  if (!settings.schema.empty()) sql += fmt::format("; SET search_path = {}", quoted(settings.schema));
  return script(sql);
}

tl::unexpected<Error> Connection::lost(std::string_view what) {
  broken_ = true;
  Error error{"store.io", fmt::format("the connection to the database is lost: {}", what), Disposition::retry, {}, {}};
  if (!first_failure_) first_failure_ = error;
  return tl::unexpected<Error>(std::move(error));
}

tl::unexpected<Error> Connection::failure(const pg_result* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) return lost("it was closed by the other end");
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  auto error = error_of(state, message != nullptr ? message : "");
  conflicted_ = conflicted_ || is_conflict(state);
  broken_ = broken_ || leaves_connection_useless(state);
  if (!first_failure_) first_failure_ = error;
  return tl::unexpected<Error>(std::move(error));
}

Result<Connection::Answer> Connection::await(bool sent) {
  auto* raw = connection_.get();
  if (!sent) return lost("nothing can be sent");
  const auto until = steady_clock::now() + answer_timeout_;
  Answer last;
  for (;;) {
    while (PQisBusy(raw) != 0) {
      const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
      pollfd ready{PQsocket(raw), POLLIN, 0};
      const int count = left.count() > 0 ? ::poll(&ready, 1, static_cast<int>(left.count())) : 0;
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return lost("no answer in time");
      if (PQconsumeInput(raw) == 0) return lost("it was closed by the other end");
    }
    Answer next(PQgetResult(raw));
    if (!next) break;
    const bool had_failed = last && PQresultStatus(last.get()) == PGRES_FATAL_ERROR;
    if (!had_failed) last = std::move(next);
  }
  if (!last) return lost("an empty answer");
  const auto status = PQresultStatus(last.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return failure(last.get());
  return last;
}

Result<std::string> Connection::prepared(std::string_view sql, std::span<const Param> params) {
  if (const auto at = names_.find(sql); at != names_.end()) return at->second;
  const auto name = fmt::format("s{}", names_.size());
  const auto text = expand(sql, dialect);
  const Bound bound(params);
  auto made = await(PQsendPrepare(connection_.get(), name.c_str(), text.c_str(), bound.count(), bound.types()) != 0);
  if (!made) return failed(made);
  names_.emplace(std::string(sql), name);
  return name;
}

Result<Connection::Answer> Connection::ask(std::string_view sql, std::span<const Param> params, Keep keep) {
  if (broken_) return lost("it broke earlier");
  auto* raw = connection_.get();
  const Bound bound(params);
  Result<Answer> answer;
  if (keep == Keep::yes) {
    auto name = prepared(sql, params);
    if (!name) return failed(name);
    answer = await(PQsendQueryPrepared(raw, name->c_str(), bound.count(), bound.values(), bound.lengths(),
                                       bound.formats(), 1) != 0);
  } else {
    answer = await(PQsendQueryParams(raw, expand(sql, dialect).c_str(), bound.count(), bound.types(), bound.values(),
                                     bound.lengths(), bound.formats(), 1) != 0);
  }
  if (!answer) return answer;
  const std::string_view changed = PQcmdTuples(answer->get());
  changes_ = 0;
  for (const char c : changed) changes_ = changes_ * 10 + (c - '0');
  wrote_ = wrote_ || (changes_ > 0 && !std::string_view(PQcmdStatus(answer->get())).starts_with("SELECT"));
  return answer;
}

Result<void> Connection::execute(std::string_view sql, std::span<const Param> params) {
  auto answer = ask(sql, params, Keep::yes);
  if (!answer) return failed(answer);
  return {};
}

std::unique_ptr<Cursor> Connection::start(std::string_view sql, std::span<const Param> params, Keep keep) {
  return std::make_unique<Answered>(ask(sql, params, keep));
}

Result<void> Connection::script(const std::string& sql) {
  if (broken_) return lost("it broke earlier");
  auto answer = await(PQsendQuery(connection_.get(), sql.c_str()) != 0);
  if (!answer) return failed(answer);
  return {};
}

Result<void> Connection::begin(Mode mode) {
  wrote_ = false;
  conflicted_ = false;
  first_failure_.reset();
  return script(mode == Mode::write ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"
                                    : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

Committed Connection::commit() {
  if (first_failure_) {
    const auto error = *first_failure_;
    rollback();
    return {tl::unexpected<Error>(error), {}};
  }
  std::optional<std::string> id;
  if (wrote_) {
    // Known before, so that an answer that is lost can be asked for again.
    auto row = query("SELECT pg_current_xact_id_if_assigned()::text");
    auto there = row.step();
    if (!there) return {failed(there), {}};
    if (*there) id = row.optional_text(0);
  }
  auto done = await(PQsendQuery(connection_.get(), "COMMIT") != 0);
  if (!done) return {failed(done), broken_ ? id : std::nullopt};
  if (std::string_view(PQcmdStatus(done->get())) != "COMMIT") {
    return {bug("store.sql", "the database rolled a transaction back that had no errors"), {}};
  }
  return {};
}

void Connection::rollback() {
  if (!broken_ && !idle()) (void)script("ROLLBACK").has_value();
  if (!idle()) broken_ = true;
}

Result<void> Connection::guarded(const std::function<Result<void>()>& work) {
  if (auto set = script("SAVEPOINT guarded"); !set) return set;
  const auto before = first_failure_;
  auto done = work();
  if (done) {
    if (auto released = script("RELEASE guarded"); !released) return released;
    return done;
  }
  // A conflict is not for the caller to get over: the whole transaction has to begin again.
  if (conflicted_ || broken_) return done;
  if (auto undone = script("ROLLBACK TO guarded; RELEASE guarded"); !undone) return undone;
  first_failure_ = before;
  return done;
}

bool Connection::usable() const { return !broken_ && PQstatus(connection_.get()) == CONNECTION_OK; }
bool Connection::idle() const { return PQtransactionStatus(connection_.get()) == PQTRANS_IDLE; }
int Connection::server_process() const { return PQbackendPID(connection_.get()); }
int Connection::socket() const { return PQsocket(connection_.get()); }

std::optional<std::vector<std::string>> Connection::notifications() {
  if (!usable() || PQconsumeInput(connection_.get()) == 0) {
    broken_ = true;
    return std::nullopt;
  }
  struct Free {
    void operator()(PGnotify* notice) const { PQfreemem(notice); }
  };
  std::vector<std::string> payloads;
  for (;;) {
    const std::unique_ptr<PGnotify, Free> notice(PQnotifies(connection_.get()));
    if (!notice) return payloads;
    if (notice->be_pid != server_process()) payloads.emplace_back(notice->extra);
  }
}

std::string Connection::quoted(std::string_view name) const {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    if (c != '\0') out += c;
  }
  return out + "\"";
}

}  // namespace kanal::store::postgres
