#include "net/http_client.hpp"

#include "net/client_handle.hpp"
#include "net/client_transfer.hpp"

namespace kanal::net {

struct HttpClient::Impl {
  explicit Impl(ClientOptions o) : options(std::move(o)), trust(options.ca_pem), pool(options.max_idle_connections) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    static_cast<void>(ready);
  }

  Result<ClientResponse> send(const ClientRequest& request, Sink* sink) {
    const auto origin = origin_of(request.url);
    if (!origin) return failed(origin);
    auto handle = pool.take(origin->key);
    if (!handle) return retry("http.connect", "No memory for a call to " + origin->host);
    if (origin->tls) {
      const auto store = trust.store();
      if (!store) return failed(store);
      handle->trust = *store;
    }
    handle->origin = origin->key;
    const auto begun = std::chrono::steady_clock::now();
    auto result = Transfer(options, request, *origin, sink, *handle).run();
    pool.give_back(std::move(handle));
    if (options.seen) {
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
      options.seen({origin->host, request.method, result ? result->status : 0, took.count()});
    }
    return result;
  }

  ClientOptions options;
  ClientTrust trust;
  HandlePool pool;
};

HttpClient::HttpClient(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

HttpClient::~HttpClient() = default;

Result<ClientResponse> HttpClient::send(const ClientRequest& request) { return impl_->send(request, nullptr); }

Result<ClientResponse> HttpClient::send(const ClientRequest& request, Sink& sink) {
  return impl_->send(request, &sink);
}

}  // namespace kanal::net
