#include "flow/answers.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "domain/message_type.hpp"
#include "domain/receipt_status.hpp"

namespace kanal::flow {
namespace json = boost::json;

std::string write_answer(const Answer& answer) {
  json::object payload;
  payload["sbd"] = domain::write_sbd(answer.sbd);
  payload["to_receipt"] = answer.role == domain::DocumentRole::answer_to_receipt;
  if (answer.channel) payload["channel"] = *answer.channel;
  payload["state"] = answer.state;
  return json::serialize(payload);
}

Result<Answer> read_answer(const std::string& payload) {
  json::error_code error;
  const auto parsed = json::parse(payload, error);
  const auto* object = error ? nullptr : parsed.if_object();
  const auto* sbd = object != nullptr ? object->if_contains("sbd") : nullptr;
  if (sbd == nullptr || !sbd->is_string()) return bug("answer.payload", "an answer job has no document");
  auto reading = domain::read_sbd(std::string_view(sbd->get_string()));
  if (!reading) return failed(reading);
  Answer answer;
  answer.sbd = std::move(reading->sbd);
  if (const auto* receipt = object->if_contains("to_receipt");
      receipt != nullptr && receipt->is_bool() && receipt->get_bool()) {
    answer.role = domain::DocumentRole::answer_to_receipt;
  }
  if (const auto* channel = object->if_contains("channel"); channel != nullptr && channel->is_string()) {
    answer.channel = std::string(channel->get_string());
  }
  if (const auto* state = object->if_contains("state"); state != nullptr && state->is_string()) {
    answer.state = std::string(state->get_string());
  }
  return answer;
}

Result<void> queue_status(ports::Txn& txn, const ports::Descriptor& service, const domain::Sbd& about,
                          domain::ReceiptStatus status, const Settings& settings, Time now) {
  if (!service.answers_with_status) return {};
  auto document = make_status(about, status, settings.status, now);
  if (!document) return {};
  const auto* type = domain::find_message_type(about.document.type);
  Answer answer;
  answer.sbd = std::move(*document);
  answer.role = type != nullptr && type->is_receipt ? domain::DocumentRole::answer_to_receipt
                                                    : domain::DocumentRole::answer_to_message;
  answer.channel = about.message_channel();
  ports::Job job;
  job.kind = answer_job;
  job.key = about.message_id().str() + "/" + std::string(domain::name_of(status));
  job.service = service.service;
  job.payload = write_answer(answer);
  job.not_before = job.created = now;
  auto queued = txn.enqueue(std::move(job));
  if (!queued) return failed(queued);
  return {};
}

}  // namespace kanal::flow
