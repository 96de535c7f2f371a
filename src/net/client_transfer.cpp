#include "net/client_transfer.hpp"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace kanal::net {
namespace {

constexpr std::size_t max_header_bytes = std::size_t{256} * 1024;
constexpr long upload_buffer = 512L * 1024;
constexpr long download_buffer = 256L * 1024;
constexpr curl_off_t hardly_anything = 1024;  // a peer that moves less within the inactivity time counts as silent
constexpr long longest_wait = 1'000;

using Url = std::unique_ptr<CURLU, Release<curl_url_cleanup>>;

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  const std::unique_ptr<char, Release<curl_free>> owner(text);
  return text;
}

bool is_clean(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_method(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// May be sent again when it is unknown whether it arrived (RFC 9110 section 9.2.2).
bool is_idempotent(std::string_view method) { return method != "POST" && method != "PATCH"; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

int status_of(std::string_view line) {
  const auto space = line.find(' ');
  int status = 0;
  if (space != std::string_view::npos) std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
  return status;
}

std::string numeric_address(const sockaddr& peer) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* const bytes = peer.sa_family == AF_INET
                                ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(peer).sin_addr)
                                : &reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
  return inet_ntop(peer.sa_family, bytes, text.data(), text.size()) != nullptr ? text.data() : "";
}

curl_blob blob_of(const std::string& text) { return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY}; }

}  // namespace

Result<Origin> origin_of(const std::string& url) {
  const Url parsed(curl_url());
  if (!parsed || !is_clean(url) || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return reject("http.url", "An address to call is no valid URL; check the configured end points");
  }
  const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  const std::string host = part_of(parsed.get(), CURLUPART_HOST);
  if ((scheme != "http" && scheme != "https") || host.empty()) {
    return reject("http.url", "An address to call is neither http nor https; check the configured end points");
  }
  const std::string port = part_of(parsed.get(), CURLUPART_PORT);
  return Origin{host + ":" + port, scheme + "://" + host + ":" + port, scheme == "https"};
}

/// Where C calls us back; no exception may pass.
struct Transfer::Callbacks {
  template <class Call, class Value>
  static Value guarded(void* user, Value otherwise, Call&& call) {
    auto& transfer = *static_cast<Transfer*>(user);
    try {
      return call(transfer);
    } catch (const std::exception& error) {
      transfer.fail(Error{"http.callback", error.what(), Disposition::bug, {}, {}});
    } catch (...) {
      transfer.fail(Error{"http.callback", "unknown exception", Disposition::bug, {}, {}});
    }
    return otherwise;
  }
  static std::size_t header(char* data, std::size_t, std::size_t size, void* user) {
    return guarded(user, std::size_t{0}, [&](Transfer& t) { return t.on_header({data, size}) ? size : 0; });
  }
  static std::size_t body(char* data, std::size_t, std::size_t size, void* user) {
    return guarded(user, std::size_t{0}, [&](Transfer& t) { return t.on_body(bytes_of({data, size})) ? size : 0; });
  }
  static std::size_t upload(char* into, std::size_t unit, std::size_t count, void* user) {
    constexpr std::size_t abort = CURL_READFUNC_ABORT;
    return guarded(user, abort, [&](Transfer& t) {
      return t.on_upload({reinterpret_cast<std::byte*>(into), unit * count}).value_or(abort);
    });
  }
  static int start(void* user, char* peer, char*, int, int) {
    return guarded(user, CURL_PREREQFUNC_ABORT, [&](Transfer& t) {
      return t.may_connect(peer) && t.on_start() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
    });
  }
  static curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* peer) {
    return guarded(user, static_cast<curl_socket_t>(CURL_SOCKET_BAD), [&](Transfer& t) {
      if (!t.may_connect(numeric_address(peer->addr))) return static_cast<curl_socket_t>(CURL_SOCKET_BAD);
      return static_cast<curl_socket_t>(::socket(peer->family, peer->socktype | SOCK_CLOEXEC, peer->protocol));
    });
  }
};

Transfer::Transfer(const ClientOptions& options, const ClientRequest& request, const Origin& origin, Sink* sink,
                   ClientHandle& handle)
    : options_(options),
      request_(request),
      origin_(origin),
      sink_(sink),
      handle_(handle),
      upload_(request.upload, request.upload_size),
      curl_says_(CURL_ERROR_SIZE, '\0') {}

Result<ClientResponse> Transfer::run() {
  if (request_.stop.stop_requested()) {
    return retry("http.stopped", "The call to " + origin_.host + " was stopped before it began");
  }
  if (auto set = set_options(); !set) return failed(std::move(set));
  handle_.fatal_alert = 0;
  moved_at_ = clock_.monotonic();
  const CURLcode code = drive();
  if (code != CURLE_OK || failure_ || cut_ != Cut::none) return tl::unexpected<Error>(error_of(code));
  return std::move(response_);
}

Result<void> Transfer::set_options() {
  if (!is_method(request_.method)) return bug("http.request", "A request's method must be upper case letters");
  CURL* const curl = handle_.easy.get();
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, curl_says_.data());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, Callbacks::header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Callbacks::body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, Callbacks::start);
  curl_easy_setopt(curl, CURLOPT_PREREQDATA, this);
  if (request_.may_connect) {
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, Callbacks::open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, this);
  }
  set_connection();
  set_body();
  return set_headers();
}

void Transfer::set_connection() {
  CURL* const curl = handle_.easy.get();
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, sink_ ? download_buffer : static_cast<long>(CURL_MAX_WRITE_SIZE));
  const auto connect_timeout = request_.connect_timeout.value_or(options_.connect_timeout);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_timeout.count()));
  if (request_.total_timeout) {
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request_.total_timeout->count()));
  }
  // Set even when empty: the environment must not choose whom we talk to.
  curl_easy_setopt(curl, CURLOPT_PROXY, options_.proxy.c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!origin_.tls) return;
  handle_.prepare_tls();
  if (options_.client_certificate_pem.empty()) return;
  const curl_blob certificate = blob_of(options_.client_certificate_pem);
  const curl_blob key = blob_of(options_.client_key_pem);
  curl_easy_setopt(curl, CURLOPT_SSLCERTTYPE, "PEM");
  curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &certificate);
  curl_easy_setopt(curl, CURLOPT_SSLKEYTYPE, "PEM");
  curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key);
}

void Transfer::set_body() {
  CURL* const curl = handle_.easy.get();
  const bool expected = request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
  if (request_.upload) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, Callbacks::upload);
    curl_easy_setopt(curl, CURLOPT_READDATA, this);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
                     request_.upload_size ? static_cast<curl_off_t>(*request_.upload_size) : curl_off_t{-1});
  } else if (!request_.body.empty() || expected) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request_.body.c_str());
  } else if (request_.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    return;
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

Result<void> Transfer::set_headers() {
  const auto append = [this](const std::string& line) {
    curl_slist* const longer = curl_slist_append(headers_.get(), line.c_str());
    if (!longer) return false;
    static_cast<void>(headers_.release());
    headers_.reset(longer);
    return true;
  };
  // Waiting for "100 Continue" costs a round trip; a form's content type is curl's idea, not the caller's.
  bool complete = append("Expect:");
  if (header(request_.headers, "Content-Type").empty()) complete = complete && append("Content-Type:");
  for (const auto& [name, value] : request_.headers) {
    if (name.empty() || !is_clean(name) || !is_clean(value)) {
      return bug("http.request", "A request header holds a line break");
    }
    complete = complete && append(value.empty() ? name + ";" : std::string(name).append(": ").append(value));
  }
  if (!complete) return retry("http.connect", "No memory for a call to " + origin_.host);
  curl_easy_setopt(handle_.easy.get(), CURLOPT_HTTPHEADER, headers_.get());
  return {};
}

CURLcode Transfer::drive() {
  CURLM* const multi = handle_.multi.get();
  const std::stop_callback wake(request_.stop, [multi] { curl_multi_wakeup(multi); });
  if (curl_multi_add_handle(multi, handle_.easy.get()) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode code = CURLE_OK;
  for (int running = 1;;) {
    if (curl_multi_perform(multi, &running) != CURLM_OK) code = CURLE_FAILED_INIT;
    if (running == 0 || code != CURLE_OK) break;
    if (request_.stop.stop_requested()) {
      cut_ = Cut::stopped;
      break;
    }
    if (silent_too_long()) {
      cut_ = Cut::silent;
      break;
    }
    const auto patience =
        std::chrono::ceil<std::chrono::milliseconds>(moved_at_ + request_.inactivity_timeout - clock_.monotonic());
    const auto wait = std::clamp<long long>(patience.count(), 1, longest_wait);
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(wait), nullptr);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE && code == CURLE_OK) code = message->data.result;
  }
  curl_multi_remove_handle(multi, handle_.easy.get());  // an unfinished one takes its connection with it
  return code;
}

bool Transfer::silent_too_long() {
  curl_off_t up = 0;
  curl_off_t down = 0;
  curl_easy_getinfo(handle_.easy.get(), CURLINFO_SIZE_UPLOAD_T, &up);
  curl_easy_getinfo(handle_.easy.get(), CURLINFO_SIZE_DOWNLOAD_T, &down);
  const curl_off_t moved = up + down + static_cast<curl_off_t>(header_bytes_);
  const Duration now = clock_.monotonic();
  if (!started_ || moved - moved_ >= hardly_anything) {  // connecting has a time-out of its own
    moved_ = moved;
    moved_at_ = now;
  }
  return now - moved_at_ >= request_.inactivity_timeout;
}

bool Transfer::may_connect(std::string_view address) {
  if (!request_.may_connect || request_.may_connect(address)) return true;
  forbidden_ = address;  // another address of the same name may still do
  return false;
}

bool Transfer::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
  return false;
}

/// A request whose fate is unknown is never sent twice, unless that is harmless: curl would do so by itself when a kept
/// connection ends without an answer.
bool Transfer::on_start() {
  if (started_ && !is_idempotent(request_.method)) return false;
  started_ = true;
  moved_at_ = clock_.monotonic();
  return true;
}

bool Transfer::on_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > max_header_bytes) {
    return fail({"http.too_large", origin_.host + " answered with too many headers", Disposition::reject, {}, {}});
  }
  if (line.starts_with("HTTP/")) {  // also after a 1xx answer
    response_.status = status_of(line);
    response_.headers.clear();
    return true;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) {
    response_.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  return true;
}

bool Transfer::on_body(ByteView bytes) {
  if (sink_ && response_.ok()) {
    auto written = sink_->write(bytes);
    return written ? true : fail(std::move(written.error()));
  }
  if (bytes.size() > request_.max_response_bytes - response_.body.size()) {
    return fail({"http.too_large",
                 origin_.host + " answered with more than " + std::to_string(request_.max_response_bytes) + " bytes",
                 Disposition::reject,
                 {},
                 {}});
  }
  response_.body.append(text_of(bytes));
  return true;
}

std::optional<std::size_t> Transfer::on_upload(std::span<std::byte> into) {
  auto count = upload_.read(into);
  if (count) return *count;
  fail(std::move(count.error()));
  return std::nullopt;
}

bool Transfer::refused_by_certificate() const {
  constexpr std::array<int, 10> alerts = {SSL_AD_HANDSHAKE_FAILURE,
                                          SSL_AD_BAD_CERTIFICATE,
                                          SSL_AD_UNSUPPORTED_CERTIFICATE,
                                          SSL_AD_CERTIFICATE_REVOKED,
                                          SSL_AD_CERTIFICATE_EXPIRED,
                                          SSL_AD_CERTIFICATE_UNKNOWN,
                                          SSL_AD_UNKNOWN_CA,
                                          SSL_AD_ACCESS_DENIED,
                                          SSL_AD_DECRYPT_ERROR,
                                          TLS13_AD_CERTIFICATE_REQUIRED};
  return std::ranges::find(alerts, handle_.fatal_alert) != alerts.end();
}

Error Transfer::tls_error() const {
  if (handle_.fatal_alert != 0) {
    return {"http.tls",
            origin_.host + " refuses our client certificate or TLS settings (alert: " +
                SSL_alert_desc_string_long(handle_.fatal_alert) + ")",
            Disposition::reject,
            {},
            {}};
  }
  return {"http.tls",
          "The certificate of " + origin_.host + " or our own is not accepted: " + curl_says_.c_str(),
          Disposition::reject,
          {},
          {}};
}

Error Transfer::error_of(CURLcode code) const {
  if (failure_) return *failure_;
  if (!started_ && !forbidden_.empty()) {
    return {"http.forbidden",
            origin_.host + " is at " + forbidden_ + ", where calls may not go",
            Disposition::reject,
            {},
            {}};
  }
  const auto again = [](std::string name, std::string sentence) {
    return Error{std::move(name), std::move(sentence), Disposition::retry, {}, {}};
  };
  if (cut_ == Cut::stopped) return again("http.stopped", "The call to " + origin_.host + " was stopped");
  if (cut_ == Cut::silent) return again("http.timeout", origin_.host + " was silent for too long");
  if (refused_by_certificate()) return tls_error();
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
      return tls_error();
    case CURLE_URL_MALFORMAT:
      return {"http.url", "The address to call at " + origin_.host + " is no valid URL", Disposition::reject, {}, {}};
    default:
      break;
  }
  if (!started_) return again("http.connect", "No connection to " + origin_.host + ": " + curl_easy_strerror(code));
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return again("http.timeout", origin_.host + " did not answer completely within the time allowed");
  }
  return again("http.broken", "The connection to " + origin_.host +
                                  " broke before the answer was complete: " + curl_easy_strerror(code));
}

}  // namespace kanal::net
