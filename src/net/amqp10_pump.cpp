#include "net/amqp10_pump.hpp"

#include <poll.h>
#include <proton/connection.h>
#include <proton/event.h>
#include <proton/logger.h>
#include <proton/sasl.h>
#include <proton/transport.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace kanal::net {
namespace {

using std::chrono::milliseconds;

/// Bounds what a peer can make us keep of one frame.
constexpr std::uint32_t frame_max = 64 * 1024;
/// Sessions a peer can open, less one.
constexpr std::uint16_t channel_max = 7;
constexpr std::size_t read_size = 64 * 1024;

}  // namespace

Amqp10Pump::Amqp10Pump(Amqp10Side side, std::unique_ptr<Amqp10Socket> socket, const std::string& container_id,
                       const std::string& host, milliseconds idle_timeout)
    : socket_(std::move(socket)), waker_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), next_tick_(Steady::now()) {
  pn_connection_driver_init(&driver_, nullptr, nullptr);
  // Frames hold tokens: no environment variable may have them written anywhere.
  pn_logger_reset_mask(pn_transport_logger(driver_.transport), PN_SUBSYSTEM_ALL, PN_LEVEL_ALL);
  if (side == Amqp10Side::server) pn_transport_set_server(driver_.transport);
  pn_sasl_allowed_mechs(pn_sasl(driver_.transport), "ANONYMOUS");
  pn_transport_require_auth(driver_.transport, false);
  pn_transport_set_max_frame(driver_.transport, frame_max);
  pn_transport_set_channel_max(driver_.transport, channel_max);
  pn_transport_set_idle_timeout(driver_.transport, static_cast<pn_millis_t>(idle_timeout.count()));
  pn_connection_set_container(driver_.connection, container_id.c_str());
  if (side == Amqp10Side::client) pn_connection_set_hostname(driver_.connection, host.c_str());
  pn_connection_driver_bind(&driver_);
}

Amqp10Pump::~Amqp10Pump() {
  pn_connection_driver_destroy(&driver_);
  if (waker_ >= 0) ::close(waker_);
}

void Amqp10Pump::wake() const { ::eventfd_write(waker_, 1); }

void Amqp10Pump::cut() {
  socket_->cut();
  pn_connection_driver_close(&driver_);
}

void Amqp10Pump::dispatch(const Handle& handle) {
  while (pn_event_t* event = pn_connection_driver_next_event(&driver_)) handle(event);
}

/// True when something went out.
bool Amqp10Pump::write() {
  write_waits_ = false;
  bool moved = false;
  for (;;) {
    const auto ready = pn_connection_driver_write_buffer(&driver_);
    if (ready.size == 0) return moved;
    const auto step = socket_->io().write(bytes_of({ready.start, ready.size}));
    if (step.closed) {
      pn_connection_driver_write_close(&driver_);
      return true;
    }
    if (step.bytes == 0) {
      write_waits_ = step.want == SocketIo::Want::write;
      return moved;
    }
    pn_connection_driver_write_done(&driver_, step.bytes);
    moved = true;
  }
}

/// True when something came in.
bool Amqp10Pump::read() {
  read_wants_write_ = false;
  if (pn_connection_driver_read_closed(&driver_)) return false;
  const auto room = pn_connection_driver_read_buffer_sized(&driver_, read_size);
  if (room.size == 0) return false;
  const auto step = socket_->io().read(std::as_writable_bytes(std::span(room.start, room.size)));
  if (step.closed) {
    pn_connection_driver_read_close(&driver_);
    return true;
  }
  if (step.bytes > 0) pn_connection_driver_read_done(&driver_, step.bytes);
  read_wants_write_ = step.want == SocketIo::Want::write;
  return step.bytes > 0;
}

void Amqp10Pump::wait(Moment until) {
  const auto end = std::min(until, next_tick_);
  const auto left = std::clamp<std::int64_t>(std::chrono::ceil<milliseconds>(end - Steady::now()).count(), 0, 60'000);
  // Nobody reads what is left once a side is closed: it must not wake us again and again.
  short events = pn_connection_driver_read_closed(&driver_) ? 0 : POLLIN;
  if (write_waits_ || read_wants_write_) events |= POLLOUT;
  std::array<pollfd, 2> both{pollfd{events == 0 ? -1 : socket_->number(), events, 0}, pollfd{waker_, POLLIN, 0}};
  ::poll(both.data(), both.size(), static_cast<int>(left));
  eventfd_t ignored = 0;
  if (both[1].revents != 0) ::eventfd_read(waker_, &ignored);
}

bool Amqp10Pump::step(Moment until, const Handle& handle) {
  dispatch(handle);
  const auto now = Steady::now();
  if (now >= next_tick_) {
    const auto milli = std::chrono::floor<milliseconds>(now.time_since_epoch()).count();
    const auto next = pn_transport_tick(driver_.transport, milli);
    next_tick_ = next > 0 ? Moment(milliseconds(next)) : now + std::chrono::seconds(1);
  }
  const bool wrote = write();
  const bool came = read();
  if (!wrote && !came && !pn_connection_driver_has_event(&driver_) && !pn_connection_driver_finished(&driver_)) {
    wait(until);
  }
  dispatch(handle);
  return !pn_connection_driver_finished(&driver_);
}

}  // namespace kanal::net
