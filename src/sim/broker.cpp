// Requests and answers of dpo.md 3.2. Order: token (401 empty), scope (403 empty), faults, Accept (406), then the
// endpoint's own checks.
#include "sim/broker.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "base/ids.hpp"
#include "sim/broker_model.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;
using SharedRequest = std::shared_ptr<const net::Request>;

constexpr std::string_view write_scope = "altinn:broker.write";
constexpr std::string_view read_scope = "altinn:broker.read";
constexpr std::size_t max_initialize_bytes = std::size_t{1024} * 1024;
constexpr std::string_view aborted = "File upload failed and was aborted";
constexpr std::string_view storage_failed = "Error occurred while uploading fileTransfer";

/// ASP.NET's own answer to a bad token.
net::Response unauthorized(const Error& error) {
  auto response = empty_answer(401);
  std::string challenge = "Bearer";
  if (error.code != "token.missing") {
    auto text = error.message;
    std::ranges::replace(text, '"', '\'');
    challenge += " error=\"invalid_token\", error_description=\"" + text + '"';
  }
  response.headers.emplace_back("WWW-Authenticate", std::move(challenge));
  return response;
}

bool accepts_json(const net::Request& request) {
  const auto types = accepted_types(request);
  return types.empty() || std::ranges::any_of(types, [](const std::string& type) {
           return type == "application/json" || type == "*/*";
         });
}

/// Ids are kept in lower case and may be asked for in either.
std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

json::object id_json(const std::string& id) { return {{"fileTransferId", id}}; }

/// Gives half of what it could, then breaks.
class CutSource final : public Source {
 public:
  CutSource(std::unique_ptr<Source> from, std::uint64_t keep) : from_(std::move(from)), left_(keep) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    if (left_ == 0) return reject("sim.cut", "the download is cut on purpose");
    auto got = from_->read(into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_))));
    if (got) left_ -= *got;
    return got;
  }

 private:
  std::unique_ptr<Source> from_;
  std::uint64_t left_;
};

}  // namespace

void RequestCounts::add(const std::string& endpoint, const std::string& organisation) {
  const std::scoped_lock lock(mutex_);
  ++counts_[{endpoint, organisation}];
}

std::uint64_t RequestCounts::of(const std::string& endpoint, const std::string& organisation) const {
  const std::scoped_lock lock(mutex_);
  const auto found = counts_.find({endpoint, organisation});
  return found == counts_.end() ? 0 : found->second;
}

std::uint64_t RequestCounts::of(const std::string& endpoint) const {
  std::uint64_t sum = 0;
  const std::scoped_lock lock(mutex_);
  for (const auto& [key, count] : counts_) sum += key.first == endpoint ? count : 0;
  return sum;
}

json::array RequestCounts::json() const {
  json::array out;
  const std::scoped_lock lock(mutex_);
  for (const auto& [key, count] : counts_) {
    out.push_back(json::object{{"endpoint", key.first}, {"organisation", key.second}, {"count", count}});
  }
  return out;
}

Broker::Broker(BrokerOptions options, std::vector<const Issuer*> issuers, const Environment& environment)
    : environment_(environment),
      check_(environment.clock, std::move(issuers)),
      state_(std::move(options.rules), std::move(options.folder), environment),
      site_("broker", std::move(options.site), environment) {
  add_routes();
  add_admin_routes();
}

Result<std::string> Broker::inject(const std::string& from, const std::string& to, std::optional<std::string> reference,
                                   ByteView content, const std::string& vendor) {
  ContentWriter writer(state_.store());
  if (auto written = writer.write(content); !written) return failed(written);
  auto stored = writer.finish();
  if (!stored) return failed(stored);
  Initialization given;
  given.file_name = "sbd.zip";
  given.resource = "eformidling-dpo-meldingsutveksling";
  given.reference = std::move(reference);
  given.sender = "0192:" + from;
  given.recipients = {to};
  return state_.inject(std::move(given), std::move(*stored), vendor);
}

void Broker::add(std::string method, const std::string& path, Endpoint endpoint, Handle handle) {
  site_.routes().add(std::move(method), "/broker/api/v1" + path,
                     [this, endpoint = std::move(endpoint), handle = std::move(handle)](
                         const SharedRequest& request, const auto& variables) -> Answer {
                       if (variables.empty()) return admit(endpoint, request, {}, handle);
                       if (!is_uuid(variables.front())) return empty_answer(404);
                       return admit(endpoint, request, lower_case(variables.front()), handle);
                     });
}

Answer Broker::admit(const Endpoint& endpoint, const SharedRequest& request, const std::string& id,
                     const Handle& handle) {
  const auto facts = check_.check(request->header("Authorization"));
  if (!facts) {
    counts_.add(endpoint.name, {});
    environment_.audit.record({.simulator = "broker",
                               .organisation = {},
                               .vendor = {},
                               .action = endpoint.name + ".refused",
                               .subject = id,
                               .detail = facts.error().code});
    return unauthorized(facts.error());
  }
  const Admitted admitted{{(*facts)->actor, (*facts)->client_id, (*facts)->system_user}, id};
  counts_.add(endpoint.name, admitted.caller.organisation);
  const bool may_write = endpoint.scope != Scope::read && (*facts)->has_scope(write_scope);
  const bool may_read = endpoint.scope != Scope::write && (*facts)->has_scope(read_scope);
  if (!may_write && !may_read) return empty_answer(403);
  if (auto answer = fault_answer(endpoint, admitted)) return std::move(*answer);
  if (endpoint.produces_json && !accepts_json(*request)) {
    return text_answer(406, "The Accept header must include application/json or */*");
  }
  return handle(request, admitted);
}

std::optional<net::Response> Broker::fault_answer(const Endpoint& endpoint, const Admitted& admitted) const {
  auto& faults = environment_.faults;
  if (!faults.any()) return std::nullopt;
  const auto& organisation = admitted.caller.organisation;
  if (faults.consume("broker.slow", organisation)) faults.hold(slow_by);
  if (faults.consume("broker.hang", organisation)) {
    faults.hold(hang_limit);
    return empty_answer(503);
  }
  const auto expired = [] { return unauthorized({"token.expired", "The token expired", Disposition::retry, {}, {}}); };
  if (faults.consume("broker.401", organisation)) return expired();
  for (const int status : {401, 429, 500, 503}) {
    if (!faults.consume(fmt::format("broker.{}.{}", endpoint.name, status), admitted.id, organisation)) continue;
    return status == 401 ? expired() : empty_answer(status);
  }
  return std::nullopt;
}

net::Response Broker::refuse(const std::string& endpoint, const Admitted& admitted, const BrokerError& error) const {
  environment_.audit.record({.simulator = "broker",
                             .organisation = admitted.caller.organisation,
                             .vendor = admitted.caller.vendor,
                             .action = endpoint + ".refused",
                             .subject = admitted.id,
                             .detail = fmt::format("BRO-{:05}", error.number)});
  return business_problem(error);
}

bool Broker::lost(std::string_view fault, const Admitted& admitted) const {
  return environment_.faults.consume(fault, admitted.id, admitted.caller.organisation);
}

Answer Broker::initialize(const SharedRequest& request, const Admitted& admitted) {
  if (media_type(request->header("Content-Type")) != "application/json") return empty_answer(415);
  return net::collect_body(
      max_initialize_bytes,
      [this, admitted](const Bytes& body) {
        auto given = read_initialization(text_of(body));
        if (!given) return model_problem(given.error());
        const auto id = state_.initialize(std::move(*given), admitted.caller);
        if (!id) return refuse("initialize", admitted, id.error());
        if (lost("broker.initialize.lost_answer", admitted)) return lost_answer();
        return json_answer(200, id_json(*id));
      },
      [] { return empty_answer(413); });
}

/// One upload on its way. Destroyed before its end, the client went away.
class Broker::Upload final : public net::BodyHandler {
 public:
  Upload(Broker& broker, Admitted admitted)
      : broker_(broker),
        admitted_(std::move(admitted)),
        writer_(broker.state_.store()),
        limit_(broker.state_.upload_limit(admitted_.id)) {}
  ~Upload() override {
    if (!ended_) fail(aborted);
  }

  std::optional<net::Response> data(ByteView bytes) override {
    if (broker_.lost("broker.upload.cut", admitted_)) {
      fail(aborted);
      return lost_answer();
    }
    if (bytes.size() > limit_ - writer_.size()) {
      fail(storage_failed);
      return broker_.refuse("upload", admitted_, {16});
    }
    if (writer_.write(bytes)) return std::nullopt;
    return storage_failure();
  }

  net::Response finish() override {
    auto stored = writer_.finish();
    if (!stored) return storage_failure();
    ended_ = true;
    const auto completed = broker_.state_.complete_upload(admitted_.id, admitted_.caller, std::move(*stored));
    if (!completed) return broker_.refuse("upload", admitted_, completed.error());
    if (broker_.lost("broker.upload.lost_answer", admitted_)) return lost_answer();
    return json_answer(200, id_json(admitted_.id));
  }

 private:
  void fail(std::string_view text) {
    ended_ = true;
    broker_.state_.fail_upload(admitted_.id, admitted_.caller, text);
  }
  net::Response storage_failure() {
    fail(storage_failed);
    return broker_.refuse("upload", admitted_, {8});
  }

  Broker& broker_;
  Admitted admitted_;
  ContentWriter writer_;
  std::uint64_t limit_;
  bool ended_ = false;
};

Answer Broker::upload(const SharedRequest& request, const Admitted& admitted) {
  if (media_type(request->header("Content-Type")) != "application/octet-stream") return empty_answer(415);
  if (auto started = state_.start_upload(admitted.id, admitted.caller, request->content_length); !started) {
    return refuse("upload", admitted, started.error());
  }
  return std::make_unique<Upload>(*this, admitted);
}

net::Response Broker::search(const net::Request& request, const Admitted& admitted) {
  const auto query = read_search(request);
  if (!query) return model_problem(query.error());
  const auto ids = state_.search(*query, admitted.caller);
  if (!ids) return refuse("search", admitted, ids.error());
  json::array out;
  for (const auto& id : *ids) out.emplace_back(id);
  return json_answer(200, out);
}

net::Response Broker::overview(const Admitted& admitted, bool details) {
  const auto transfer = state_.overview(admitted.id, admitted.caller);
  if (!transfer) return refuse(details ? "details" : "overview", admitted, transfer.error());
  auto body = details ? details_json(*transfer) : overview_json(*transfer);
  if (environment_.faults.consume("broker.overview.unknown_status", admitted.id)) {
    body["fileTransferStatus"] = "Hibernating";
    body["somethingNew"] = json::array{1, nullptr};
    body["recipients"].as_array().at(0).as_object()["currentRecipientFileTransferStatusCode"] = "Pondering";
  }
  return json_answer(200, body);
}

net::Response Broker::download(const net::Request& request, const Admitted& admitted) {
  const auto download = state_.start_download(admitted.id, admitted.caller, request.header("Range"));
  if (!download) return refuse("download", admitted, download.error());
  auto source = Content::open(download->content, download->offset, download->length);
  if (!source) return empty_answer(500);
  if (lost("broker.download.cut", admitted)) {
    // At least a byte of the body, so that the answer has begun.
    source = std::unique_ptr<Source>(
        std::make_unique<CutSource>(std::move(*source), std::max<std::uint64_t>(1, download->length / 2)));
  }
  net::Response response;
  response.status = download->partial ? 206 : 200;
  response.headers = {{"Content-Type", "application/octet-stream"},
                      {"Content-Disposition", "attachment; filename=" + download->file_name},
                      {"Accept-Ranges", "bytes"}};
  if (download->partial) {
    const auto last = download->offset + download->length - 1;
    response.headers.emplace_back("Content-Range",
                                  fmt::format("bytes {}-{}/{}", download->offset, last, download->content->size()));
  }
  response.body = std::move(*source);
  response.body_length = download->length;
  return response;
}

net::Response Broker::confirm(const Admitted& admitted) {
  const auto confirmed = state_.confirm(admitted.id, admitted.caller);
  if (!confirmed) return refuse("confirm", admitted, confirmed.error());
  if (lost("broker.confirm.lost_answer", admitted)) return lost_answer();
  return empty_answer(204);
}

void Broker::add_routes() {
  using Request = SharedRequest;
  add("POST", "/filetransfer", {"initialize", Scope::write, true},
      [this](const Request& request, const Admitted& admitted) { return initialize(request, admitted); });
  add("POST", "/filetransfer/{id}/upload", {"upload", Scope::write, true},
      [this](const Request& request, const Admitted& admitted) { return upload(request, admitted); });
  add("GET", "/filetransfer", {"search", Scope::either, true},
      [this](const Request& request, const Admitted& admitted) { return search(*request, admitted); });
  add("GET", "/filetransfer/{id}", {"overview", Scope::either, true},
      [this](const Request&, const Admitted& admitted) { return overview(admitted, false); });
  add("GET", "/filetransfer/{id}/details", {"details", Scope::either, true},
      [this](const Request&, const Admitted& admitted) { return overview(admitted, true); });
  add("GET", "/filetransfer/{id}/download", {"download", Scope::read, false},
      [this](const Request& request, const Admitted& admitted) { return download(*request, admitted); });
  add("POST", "/filetransfer/{id}/confirmdownload", {"confirm", Scope::read, false},
      [this](const Request&, const Admitted& admitted) { return confirm(admitted); });
}

}  // namespace kanal::sim
