// One connection of AMQP 1.0: proton's engine between a socket and whoever handles its events, on either side. Internal
// to this folder; used by one thread, but for wake().
#pragma once

#include <proton/connection_driver.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "net/amqp10_socket.hpp"

namespace kanal::net {

enum class Amqp10Side { client, server };

class Amqp10Pump {
 public:
  using Steady = std::chrono::steady_clock;
  using Moment = Steady::time_point;
  using Handle = std::function<void(pn_event_t*)>;

  /// `container_id` is what the peer sees of us, `host` whom a client asks for. SASL is ANONYMOUS: who we are is told
  /// to `$cbs`.
  Amqp10Pump(Amqp10Side side, std::unique_ptr<Amqp10Socket> socket, const std::string& container_id,
             const std::string& host, std::chrono::milliseconds idle_timeout);
  ~Amqp10Pump();
  Amqp10Pump(const Amqp10Pump&) = delete;
  Amqp10Pump& operator=(const Amqp10Pump&) = delete;

  /// Moves what can be moved and handles what it means; waits until something can, `until`, or wake(). False: the
  /// connection is over.
  bool step(Moment until, const Handle& handle);
  /// Ends the wait of step(); any thread.
  void wake() const;
  /// Ends the connection without a farewell.
  void cut();

  [[nodiscard]] pn_connection_t* connection() { return driver_.connection; }

 private:
  void dispatch(const Handle& handle);
  bool write();
  bool read();
  void wait(Moment until);

  std::unique_ptr<Amqp10Socket> socket_;
  int waker_;  ///< eventfd
  pn_connection_driver_t driver_{};
  Moment next_tick_;
  bool write_waits_ = false;
  bool read_wants_write_ = false;
};

}  // namespace kanal::net
