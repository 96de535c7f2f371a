// A broker of AMQP 1.0 with one queue and no rules of its own, for the tests of the client. Never included by product
// code.
#pragma once

#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/amqp10_listener.hpp"
#include "net/net_testing.hpp"

namespace kanal::net::testing {

/// What the broker does and what it saw. Any thread.
struct Amqp10Script {
  std::mutex mutex;
  std::deque<Amqp10Message> waiting;
  std::optional<Amqp10Condition> refuse_links, refuse_outcomes, detach, close;
  bool cut = false;
  bool answers = true;
  std::optional<Amqp10Message> answer;  ///< instead of the request's own value
  bool drains = true;
  std::vector<std::pair<std::string, Amqp10Outcome>> outcomes;
  std::vector<Amqp10Link> links;
  std::vector<Amqp10Message> requests;
  std::string host;
};

class Amqp10ScriptHost final : public Amqp10Host {
 public:
  Amqp10ScriptHost(Amqp10Guest& guest, Amqp10Script& script) : guest_(guest), script_(script) {}

  std::optional<Amqp10Condition> attach(const Amqp10Link& link) override {
    const std::scoped_lock lock(script_.mutex);
    script_.host = guest_.host();
    script_.links.push_back(link);
    if (!script_.refuse_links) links_.push_back(link);
    return script_.refuse_links;
  }
  void detached(std::uint64_t link) override {
    std::erase_if(links_, [&](const auto& one) { return one.id == link; });
  }
  void message(const Amqp10Link& link, const Amqp10Message& message) override {
    const std::scoped_lock lock(script_.mutex);
    script_.requests.push_back(message);
    if (!script_.answers) return;
    for (const auto& back : links_) {
      if (!back.receives || back.address != link.address) continue;
      auto answer = script_.answer.value_or(Amqp10Message{});
      if (!script_.answer) answer.value = message.value;
      answer.correlation_id = message.message_id;
      guest_.send(back.id, bytes_of("answer-" + message.message_id), answer);
    }
  }
  void outcome(const Amqp10Link& link, ByteView tag, Amqp10Outcome outcome) override {
    const std::scoped_lock lock(script_.mutex);
    if (link.address == "queue") script_.outcomes.emplace_back(text_of(tag), outcome);
    guest_.confirm(tag, link.address == "queue" ? script_.refuse_outcomes : std::nullopt);
  }
  void turn() override {
    const std::scoped_lock lock(script_.mutex);
    if (std::exchange(script_.cut, false)) return guest_.cut();
    if (const auto why = std::exchange(script_.close, std::nullopt)) return guest_.close(*why);
    for (const auto& link : std::vector(links_)) {
      if (link.address != "queue") continue;
      if (const auto why = std::exchange(script_.detach, std::nullopt)) {
        guest_.detach(link.id, *why);
        detached(link.id);
        continue;
      }
      while (guest_.credit(link.id) > 0 && !script_.waiting.empty()) {
        guest_.send(link.id, bytes_of("tag-" + std::to_string(++tags_)), script_.waiting.front());
        script_.waiting.pop_front();
      }
      if (guest_.draining(link.id) && script_.drains) guest_.drained(link.id);
    }
  }

 private:
  Amqp10Guest& guest_;
  Amqp10Script& script_;
  std::vector<Amqp10Link> links_;
  int tags_ = 0;
};

class Amqp10ScriptedBroker {
 public:
  explicit Amqp10ScriptedBroker(std::optional<ServerTls> tls = {})
      : listener_({"127.0.0.1", 0, std::move(tls), "broker", std::chrono::minutes(4)},
                  [this](Amqp10Guest& guest) { return std::make_unique<Amqp10ScriptHost>(guest, script); }) {
    const auto started = listener_.start();
    EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().text());
  }
  /// With short limits.
  [[nodiscard]] Amqp10Options options() const {
    Amqp10Options out;
    out.host = "127.0.0.1";
    out.port = listener_.port();
    out.tls = false;
    out.container_id = "test";
    out.connect_timeout = std::chrono::seconds(20);
    out.answer_timeout = std::chrono::seconds(20);
    return out;
  }
  template <class Change>
  void change(const Change& change) {
    const std::scoped_lock lock(script.mutex);
    change(script);
  }

  Amqp10Script script;

 private:
  Amqp10Listener listener_;
};

inline Amqp10Message text_message(const std::string& text) {
  Amqp10Message message;
  message.message_id = "id of " + text;
  message.data = copy_of(bytes_of(text));
  return message;
}

}  // namespace kanal::net::testing
