// A connected socket that does not block, with its TLS. Internal to this folder; used by one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "net/amqp10_errors.hpp"
#include "net/amqp10_options.hpp"
#include "net/socket_bio.hpp"
#include "net/socket_io.hpp"

namespace kanal::net {

class Amqp10Socket {
 public:
  /// Connects as a client, with TLS when the options say so; ends early on `stop`. `amqp10.connect`, `amqp10.tls`.
  static Result<std::unique_ptr<Amqp10Socket>> connect(const Amqp10Options& options, const Amqp10Errors& errors,
                                                       const std::stop_token& stop);
  /// Takes an accepted socket over; `tls` may be null, and outlives it.
  Amqp10Socket(int socket, const TlsContext* tls);
  ~Amqp10Socket();
  Amqp10Socket(const Amqp10Socket&) = delete;
  Amqp10Socket& operator=(const Amqp10Socket&) = delete;

  [[nodiscard]] SocketIo& io() { return *io_; }
  [[nodiscard]] int number() const { return socket_; }
  /// Ends it at once, without a farewell.
  void cut() const;

 private:
  explicit Amqp10Socket(int socket);
  Result<void> secure(const Amqp10Options& options, const Amqp10Errors& errors, const std::stop_token& stop);

  int socket_;
  SocketBio bio_;  ///< of a client
  std::optional<SocketIo> io_;
};

}  // namespace kanal::net
