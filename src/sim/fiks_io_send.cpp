// POST /fiks-io/api/v1/send: multipart/form-data of `metadata` (application/json, without a file name) and then, if
// there is a payload, `data` (application/octet-stream, a UUID for a file name) (dpfio.md 4). What is wrong is told at
// the end of the body, for a client that still sends may not see an early answer.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ids.hpp"
#include "crypto/digest.hpp"
#include "formats/multipart.hpp"
#include "sim/fiks_io_api.hpp"
#include "sim/fiks_io_metadata.hpp"
#include "sim/fiks_io_payload.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t max_metadata_bytes = std::size_t{1} << 20U;

json::value or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

json::object answer_of(const FiksIoMessage& message) {
  json::object headers;
  for (const auto& [name, value] : message.headere) headers[name] = value;
  return {{"meldingId", message.melding_id},
          {"meldingType", message.type},
          {"avsenderKontoId", message.from},
          {"mottakerKontoId", message.to},
          {"ttl", message.ttl ? json::value(message.ttl->count()) : json::value(nullptr)},
          {"dokumentlagerId", or_null(message.dokumentlager_id)},
          {"svarPaMelding", or_null(message.svar_til.value_or(""))},
          {"headere", std::move(headers)}};
}

}  // namespace

class FiksIoApi::Send final : public net::BodyHandler, private formats::PartHandler {
 public:
  Send(FiksIoApi& api, Call call, std::string boundary)
      : api_(api),
        call_(std::move(call)),
        rules_(api.state_.rules()),
        body_(formats::make_multipart_reader(std::move(boundary), *this)) {}

  std::optional<net::Response> data(ByteView bytes) override {
    if (problem_) return std::nullopt;
    if (const auto read = body_->write(bytes); !read) refuse(400, read.error().message);
    return std::nullopt;
  }

  net::Response finish() override {
    if (!problem_) {
      if (const auto read = body_->finish(); !read) refuse(400, read.error().message);
    }
    if (!problem_ && parts_ == 0) refuse(400, "metadata mangler");
    if (!problem_ && payload_ && payload_->size() == 0) refuse(400, "data er tom");
    if (problem_) return api_.problem(call_, *problem_);
    std::shared_ptr<const TemporaryFile> payload(std::move(payload_));
    if (payload) message_.sha256 = to_hex(hasher_.finish());
    return api_.accept(std::move(message_), payload, call_);
  }

 private:
  void refuse(int status, std::string message) {
    if (!problem_) problem_ = Problem{status, std::move(message)};
  }

  Result<void> begin_part(const formats::PartHead& head) override {
    if (problem_) return {};
    ++parts_;
    const auto name = head.disposition.name.value_or("");
    if (parts_ == 1) {
      if (name != "metadata") refuse(400, "Første del må være metadata");
      if (head.disposition.filename) refuse(400, "metadata kan ikke ha filnavn");
      if (media_type(head.content_type) != "application/json") refuse(400, "metadata må være application/json");
      return {};
    }
    if (parts_ > 2 || name != "data") refuse(400, "Bare delen data kan komme etter metadata");
    if (!is_uuid(head.disposition.filename.value_or(""))) refuse(400, "data må ha en uuid som filnavn");
    if (media_type(head.content_type) != "application/octet-stream") {
      refuse(400, "data må være application/octet-stream");
    }
    auto file = TemporaryFile::make(api_.folder_);
    if (file) {
      payload_ = std::move(*file);
    } else {
      refuse(500, file.error().message);
    }
    return {};
  }

  Result<void> part_data(ByteView bytes) override {
    if (problem_) return {};
    if (parts_ == 1) {
      if (bytes.size() > max_metadata_bytes - metadata_.size()) {
        refuse(413, "metadata er for stor");
      } else {
        metadata_.append(text_of(bytes));
      }
      return {};
    }
    if (payload_->size() + bytes.size() > rules_.max_payload) {
      refuse(413, "data er for stor");
      return {};
    }
    hasher_.update(bytes);
    if (const auto written = payload_->write(bytes); !written) refuse(500, written.error().message);
    return {};
  }

  Result<void> end_part() override {
    if (!problem_ && parts_ == 1) read_metadata();
    return {};
  }

  void read_metadata() {
    auto message = read_fiks_io_metadata(metadata_, rules_);
    if (!message) return refuse(400, message.error().message);
    call_.subject = message->to;
    const auto sender = api_.state_.account(message->from);
    if (!sender || !call_.konto_ids.contains(message->from)) {
      return refuse(403, fmt::format("Integrasjonen har ikke tilgang til konto {}", message->from));
    }
    if (!sender->gyldig_avsender) return refuse(403, "Kontoen er ikke gyldig som avsender: " + sender->melding);
    const auto receiver = api_.state_.account(message->to);
    if (!receiver) return refuse(404, fmt::format("Fant ikke konto {}", message->to));
    if (!receiver->gyldig_mottaker) return refuse(422, "Kontoen er ikke gyldig som mottaker: " + receiver->melding);
    message_ = std::move(*message);
  }

  FiksIoApi& api_;
  Call call_;
  FiksIoRules rules_;
  std::size_t parts_ = 0;
  std::string metadata_;
  FiksIoMessage message_;
  std::unique_ptr<TemporaryFile> payload_;
  crypto::Hasher hasher_{crypto::DigestAlgorithm::sha256};
  std::optional<Problem> problem_;
  std::unique_ptr<Sink> body_;  ///< last: it calls the rest
};

Answer FiksIoApi::send(const Request& request, const Call& call) {
  const auto content_type = request->header("Content-Type");
  if (media_type(content_type) != "multipart/form-data") return problem(call, {415, "multipart/form-data is needed"});
  auto boundary = formats::multipart_boundary(content_type);
  if (!boundary) return problem(call, {400, boundary.error().message});
  return std::make_unique<Send>(*this, call, std::move(*boundary));
}

void FiksIoApi::judge_payload(FiksIoMessage& message, const TemporaryFile& payload, const Call& call) {
  const auto receiver = state_.account(message.to);
  if (!receiver || !receiver->identity || !state_.rules().check_payloads) return;
  auto opened = open_fiks_io_payload(payload, *receiver->identity, folder_, &known_);
  if (!opened) {
    message.payload = opened.error().code + ": " + opened.error().text();
    return audit("payload_bad", call, message.melding_id, message.payload);
  }
  message.payload = "ok";
  message.documents = std::move(opened->documents);
  std::vector<std::string_view> names;
  names.reserve(message.documents.size());
  for (const auto& document : message.documents) names.push_back(document.name);
  audit(
      "payload_ok", call, message.melding_id,
      fmt::format("signer={} files={}", opened->signer.organisation().value_or(Orgnr{}).str(), fmt::join(names, ", ")));
}

net::Response FiksIoApi::accept(FiksIoMessage message, const std::shared_ptr<const TemporaryFile>& payload,
                                const Call& call) {
  message.melding_id = new_uuid();
  message.integration = call.integration;
  if (payload) judge_payload(message, *payload, call);
  auto posted = post_.post(std::move(message), payload);
  if (!posted) return problem(call, {500, posted.error().text()});
  const auto klient = posted->headere.find("klientMeldingId");
  audit("send", call, posted->melding_id,
        fmt::format("to={} type={} size={} klientMeldingId={}", posted->to, posted->type, posted->size,
                    klient == posted->headere.end() ? "" : klient->second));
  state_.record(*posted);
  if (met("fiksio.send.lost_answer", call)) return lost_answer();
  if (met("fiksio.send.500_after_store", call)) return problem(call, {500, "Fault injected"});
  if (met("fiksio.send.empty_200", call)) return text_answer(200, "", "application/json");
  auto answer = answer_of(*posted);
  if (met("fiksio.send.no_id", call)) answer.erase("meldingId");
  return json_answer(200, answer);
}

}  // namespace kanal::sim
