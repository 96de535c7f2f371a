#include "flow/failure_mail.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "flow/party.hpp"
#include "flow/retry.hpp"

namespace kanal::flow {
namespace {

namespace json = boost::json;

constexpr std::chrono::minutes first_retry{1};
/// A mail server that refuses for three days will not do better later, and the status stands in the API.
constexpr int most_attempts = 75;

}  // namespace

ports::Mail failure_mail(const ports::FeedEntry& failure) {
  const auto& status = failure.status;
  return {fmt::format("eFormidling: message {} failed", status.message_id.str()),
          fmt::format("A message got the status FEIL.\n\n"
                      "Message:      {}\nConversation: {}\nService:      {}\nDirection:    {}\nSender:       {}\n"
                      "Receiver:     {}\nProcess:      {}\nTime:         {}\nReason:       {}\n\n"
                      "GET /api/statuses/{} shows everything that is known.\n",
                      status.message_id.str(), status.conversation_id.str(), failure.service.str(),
                      name_of(failure.direction), shown_party(failure.sender), shown_party(failure.receiver),
                      failure.process, format_iso(in_oslo(status.at)), status.description.value_or("not told"),
                      status.message_id.str())};
}

FailureMail::FailureMail(ports::Store& store, ports::Mailer& mailer, Clock& clock, Log& log)
    : store_(store),
      mailer_(mailer),
      clock_(clock),
      log_(log),
      jobs_(std::string(mail_job), 1, store, clock, log,
            [this](const ports::Job& job, const std::stop_token&) { handle(job); }) {}

Result<void> FailureMail::order(ports::Txn& txn, const ports::FeedEntry& failure, Time now) {
  const auto mail = failure_mail(failure);
  ports::Job job;
  job.kind = mail_job;
  job.key = std::to_string(failure.status.id);
  job.service = failure.service;
  job.payload = json::serialize(json::object{{"subject", mail.subject}, {"text", mail.text}});
  job.not_before = job.created = now;
  auto queued = txn.enqueue(std::move(job));
  return queued ? Result<void>{} : Result<void>(failed(queued));
}

void FailureMail::handle(const ports::Job& job) {
  const auto mail = json::parse(job.payload).as_object();
  const auto sent =
      mailer_.send({std::string(mail.at("subject").as_string()), std::string(mail.at("text").as_string())});
  const bool give_up = !sent && (sent.error().disposition != Disposition::retry || job.attempt + 1 >= most_attempts);
  if (!sent) {
    log_.warning(give_up ? "mail_given_up" : "mail_postponed",
                 {{"status", job.key}, {"attempt", job.attempt + 1}, {"reason", sent.error().text()}});
  }
  auto done = store_.write([&](ports::Txn& txn) {
    return sent || give_up ? txn.complete(job)
                           : txn.postpone(job, clock_.now() + retry_delay(job.attempt + 1, first_retry, sent.error()),
                                          sent.error().text(), true);
  });
  if (!done) log_.error("job_not_ended", {{"kind", job.kind}, {"key", job.key}, {"reason", done.error().text()}});
}

}  // namespace kanal::flow
