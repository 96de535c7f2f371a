// A flow that receives: what the service holds is put in by the test.
#pragma once

#include "tests/flow/stage.hpp"

namespace kanal::testing {

inline const std::string id_a = "0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c01";
inline const std::string id_b = "0b0e9d55-6d0c-4b1c-8a8e-3f2f0f6a1c02";

class Inbound : public FlowStage {
 protected:
  void put(const std::string& remote_id, domain::Sbd sbd,
           std::optional<std::string> reference = "5d0f9a0e-8a1b-4a43-9f5e-6a3c0e9b7c11") {
    transport->waiting.insert_or_assign(
        remote_id, ScriptedTransport::Waiting{std::move(sbd), std::move(reference), false, {}, {}, {}});
  }
  domain::Sbd message(const std::string& id, std::optional<std::string> channel = {}, std::optional<Time> ttl = {}) {
    return make_sbd("arkivmelding", other_org, own_org, id, {}, clock.now(), std::move(channel), ttl);
  }
  domain::Sbd status(const std::string& id, const std::string& name) {
    return make_sbd("status", other_org, own_org, id, {{"status", name}}, clock.now());
  }
  std::optional<ports::Job> answer_job(const std::string& id, const std::string& name) {
    return look<std::optional<ports::Job>>([&](ports::View& view) { return view.job("answer", id + "/" + name); });
  }
  std::size_t waiting_for_client() {
    return look<std::size_t>([&](ports::View& view) {
      return view.messages({ports::Direction::incoming, {}, {}, {}, {}, {}, {}}, {}).value().content.size();
    });
  }
  void sent(const std::string& id) {
    submit(id);
    run_dispatcher([&] { return statuses(id).size() == 2; });
    transport->sent.clear();
  }
  flow::ClientInbox client() {
    return {*database, *spool, services, settings, points, clock, log, [] {}};
  }
};

}  // namespace kanal::testing
