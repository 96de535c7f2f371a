// Owner of a message from `send` to SENDT or its end, of the answers we owe, and of following up what we sent
// (style.md "Who owns one outbound message" 3-4; dpo.md 6.2-6.4). One object, its handlers run on job workers.
#pragma once

#include <memory>
#include <stop_token>

#include "base/log.hpp"
#include "base/time.hpp"
#include "flow/answers.hpp"
#include "flow/follower.hpp"
#include "flow/job_runner.hpp"
#include "flow/services.hpp"
#include "flow/settings.hpp"
#include "ports/crash_points.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

constexpr std::string_view send_job = "send";

class Dispatcher {
 public:
  Dispatcher(ports::Store& store, ports::BlobStore& blobs, const Services& services, const Settings& settings,
             ports::CrashPoints& points, Clock& clock, Log& log);

  void start();
  void stop();
  /// Something was queued.
  void hint();

 private:
  class JobDispatch;
  void send(ports::Job job, const std::stop_token& stop);
  void answer(ports::Job job, const std::stop_token& stop);
  Result<ports::OutboundDocument> load(const ports::Message& message);
  void sent(const ports::Job& job, const ports::Message& message, const ports::FollowPlan& plan,
            const ports::Sent& result);
  void postpone(const ports::Job& job, const Error& error);
  void give_up(const ports::Job& job, const ports::Message& message, domain::ReceiptStatus status,
               const std::string& description, std::optional<std::string> raw_receipt);
  void drop(const ports::Job& job, std::string_view why);

  ports::Store& store_;
  ports::BlobStore& blobs_;
  const Services& services_;
  const Settings& settings_;
  ports::CrashPoints& points_;
  Clock& clock_;
  Log& log_;
  JobRunner sends_;
  JobRunner answers_;
  Follower follower_;
};

}  // namespace kanal::flow
