#include "net/socket_bio.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace kanal::net {
namespace {

int socket_of(BIO* bio) { return *static_cast<const int*>(BIO_get_data(bio)); }

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a peer that hangs up would kill the process.
int socket_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int socket_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const auto got = ::recv(socket_of(bio), into, static_cast<std::size_t>(size), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long socket_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

}  // namespace

SocketBio::SocketBio() : method_(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "kanal socket")) {
  BIO_METHOD* const method = method_.get();
  if (method == nullptr) return;
  if (BIO_meth_set_write(method, socket_write) != 1 || BIO_meth_set_read(method, socket_read) != 1 ||
      BIO_meth_set_ctrl(method, socket_control) != 1) {
    method_.reset();
  }
}

bool SocketBio::attach(SSL* session, const int& socket) const {
  BIO* const bio = BIO_new(method_.get());
  if (bio == nullptr) return false;
  BIO_set_data(bio, const_cast<int*>(&socket));
  BIO_set_init(bio, 1);
  SSL_set_bio(session, bio, bio);
  return true;
}

}  // namespace kanal::net
