// The client's end of a connection of AMQP 1.0: its links and what goes over them, as calls and events without waiting.
// Internal to this folder; only the thread that pumps the connection may use it.
#pragma once

#include <proton/event.h>
#include <proton/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "net/amqp10_connection.hpp"
#include "net/amqp10_errors.hpp"

namespace kanal::net {

/// What comes of it all; called from within Amqp10Core::handle() and the calls.
class Amqp10Listening {
 public:
  Amqp10Listening() = default;
  Amqp10Listening(const Amqp10Listening&) = delete;
  Amqp10Listening& operator=(const Amqp10Listening&) = delete;
  virtual ~Amqp10Listening() = default;
  virtual void opened() = 0;
  /// The connection is over; nothing comes any more.
  virtual void ended(Error why) = 0;
  virtual void answered(std::uint64_t request, Result<Amqp10Message> answer) = 0;
  virtual void attached() = 0;
  /// The receiving link is over, or never was.
  virtual void detached(Error why) = 0;
  virtual void delivered(Amqp10Delivery delivery) = 0;
  virtual void settled(std::uint64_t number, Result<void> confirmed) = 0;
  /// No credit is left.
  virtual void drained() = 0;
};

class Amqp10Core {
 public:
  /// All outlive it.
  Amqp10Core(pn_connection_t* connection, const Amqp10Options& options, const Amqp10Errors& errors,
             Amqp10Listening& listening);

  void open();
  void close();
  void request(std::uint64_t number, const std::string& node, const Amqp10Message& message);
  /// Nobody waits for its answer any more.
  void forget(std::uint64_t request);
  void attach(const std::string& source);
  void give_credit(int count);
  /// What is not used of it comes back; then drained() is called.
  void drain();
  void settle(std::uint64_t number, Amqp10Outcome outcome);

  void handle(pn_event_t* event);

 private:
  /// A node with the two links to it.
  struct Node {
    std::string address;
    std::string reply_to;
    pn_link_t* requests = nullptr;
    pn_link_t* answers = nullptr;
    bool answers_open = false;
    std::deque<std::pair<std::uint64_t, Bytes>> waiting;
    std::set<std::uint64_t> under_way;  ///< numbers of requests
    Bytes answer;                       ///< what has come of one so far
    bool answer_too_large = false;      ///< then that is only its beginning
  };
  using Nodes = std::map<std::string, Node>;

  Node& node_at(const std::string& address);
  [[nodiscard]] Node* node_of(const pn_link_t* link);
  void send_waiting(Node& node);
  void fail(Node& node, const Error& why);
  void fail_settling(const Error& why);
  void on_link_open(pn_link_t* link);
  void on_link_end(pn_link_t* link);
  void on_delivery(pn_link_t* link, pn_delivery_t* delivery);
  void on_transfer(pn_link_t* link);
  void on_request_outcome(Node& node, pn_delivery_t* delivery);
  void on_outcome(pn_delivery_t* delivery);
  // `cut`: only the beginning of what came is here.
  void on_answer(Node& node, const Bytes& bytes, bool cut);
  void keep(pn_delivery_t* delivery, Bytes bytes, bool cut);
  void on_flow(pn_link_t* link);
  void end(Error why);
  [[nodiscard]] Error told(std::string_view where, pn_condition_t* condition) const;
  [[nodiscard]] Error broken(pn_condition_t* condition) const;

  pn_connection_t* connection_;
  pn_session_t* session_ = nullptr;
  const Amqp10Options& options_;
  const Amqp10Errors& errors_;
  Amqp10Listening& listening_;
  Nodes nodes_;
  pn_link_t* receiver_ = nullptr;
  Bytes arriving_;
  bool arriving_too_large_ = false;
  bool draining_ = false;
  std::uint64_t last_delivery_ = 0;
  std::uint64_t last_link_ = 0;
  std::map<std::uint64_t, pn_delivery_t*> unsettled_;
  std::map<pn_delivery_t*, std::uint64_t> settling_;
  bool over_ = false;
};

}  // namespace kanal::net
