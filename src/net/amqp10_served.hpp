// The broker's end of one connection of AMQP 1.0 (amqp10_listener.hpp). Internal to this folder; one thread.
#pragma once

#include <proton/event.h>
#include <proton/types.h>

#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "net/amqp10_listener.hpp"
#include "net/amqp10_pump.hpp"

namespace kanal::net {

class Amqp10Served final : Amqp10Guest {
 public:
  Amqp10Served(const Amqp10ListenerOptions& options, std::unique_ptr<Amqp10Socket> socket,
               const Amqp10Listener::MakeHost& make_host);
  /// Until the connection is over or it is stopped.
  void run(const std::stop_token& stop);

 private:
  struct Opened {
    Amqp10Link link;
    pn_link_t* at = nullptr;
    Bytes arriving{};
  };

  [[nodiscard]] std::string host() const override;
  [[nodiscard]] int credit(std::uint64_t link) const override;
  [[nodiscard]] bool draining(std::uint64_t link) const override;
  void drained(std::uint64_t link) override;
  void send(std::uint64_t link, ByteView tag, const Amqp10Message& message) override;
  void confirm(ByteView tag, const std::optional<Amqp10Condition>& refusal) override;
  void detach(std::uint64_t link, const Amqp10Condition& why) override;
  void close(const Amqp10Condition& why) override;
  void cut() override;

  void handle(pn_event_t* event);
  void on_link_open(pn_link_t* link);
  void on_link_end(pn_link_t* link);
  void on_delivery(pn_link_t* link, pn_delivery_t* delivery);
  void take(Opened& opened);
  [[nodiscard]] const Opened* find(std::uint64_t link) const;
  [[nodiscard]] Opened* find(const pn_link_t* link);

  Amqp10Pump pump_;
  std::map<std::uint64_t, Opened> links_;
  std::map<std::string, pn_delivery_t*> unsettled_;  ///< by tag
  std::uint64_t last_link_ = 0;
  std::unique_ptr<Amqp10Host> host_;
};

}  // namespace kanal::net
