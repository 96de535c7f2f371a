#include "net/smtp_client.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "net/mail_text.hpp"

namespace kanal::net {
namespace {

struct Upload {
  std::string_view rest;
};

std::size_t give(char* into, std::size_t unit, std::size_t count, void* user) {
  auto& upload = *static_cast<Upload*>(user);
  const std::size_t size = std::min(unit * count, upload.rest.size());
  std::memcpy(into, upload.rest.data(), size);
  upload.rest.remove_prefix(size);
  return size;
}

std::size_t drop(char*, std::size_t unit, std::size_t count, void*) { return unit * count; }

using List = std::unique_ptr<curl_slist, Release<curl_slist_free_all>>;

List receivers_of(const SmtpOptions& options) {
  List list;
  for (const std::string& receiver : options.receivers) {
    curl_slist* const longer = curl_slist_append(list.get(), ("<" + receiver + ">").c_str());
    if (longer == nullptr) return nullptr;
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

}  // namespace

SmtpClient::SmtpClient(SmtpOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), trust_(options_.ca_pem) {}

std::string SmtpClient::compose(const std::string& subject, const std::string& text) const {
  constexpr std::string_view mark = "\n[...]\n";
  std::string shown = text;
  if (options_.max_size > mark.size() && shown.size() > options_.max_size) {
    shown = std::string(cut_between_characters(shown, options_.max_size - mark.size())).append(mark);
  }
  return mail_message({options_.sender, options_.receivers, subject, std::move(shown), new_uuid(), clock_.now()});
}

Result<void> SmtpClient::send(const std::string& subject, const std::string& text) {
  const auto handle = ClientHandle::make();
  const List receivers = receivers_of(options_);
  if (!handle || !receivers) return retry("mail.connect", "No memory or no receiver for a mail");
  auto store = trust_.store();
  if (!store) return failed(std::move(store));
  handle->trust = *store;
  const std::string message = compose(subject, text);
  Upload upload{message};
  const std::string url = fmt::format("smtp://{}:{}", options_.host, options_.port);
  const std::string from = "<" + options_.sender + ">";
  CURL* const curl = handle->easy.get();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // the environment must not choose whom we talk to
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.total_timeout.count()));
  const bool login = !options_.username.empty();
  const bool demand_tls = login && !options_.clear_password;
  curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(demand_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
  handle->prepare_tls();
  if (options_.trust_any) {
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (login) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, options_.username.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, options_.password.reveal().c_str());
  }
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, receivers.get());
  // One colleague who left must not keep the mail from the others.
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
  curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(message.size()));
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK) return {};
  long reply = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
  return tl::unexpected<Error>(error_of(code, reply));
}

Error SmtpClient::error_of(CURLcode code, long reply) const {
  const std::string server = fmt::format("{}:{}", options_.host, options_.port);
  const auto final_error = [](std::string name, std::string text) {
    return Error{std::move(name), std::move(text), Disposition::reject, {}, {}};
  };
  switch (code) {
    case CURLE_LOGIN_DENIED:
      return final_error("mail.login", "The mail server " + server + " refuses the user or its password");
    case CURLE_USE_SSL_FAILED:
      return final_error("mail.tls", "The mail server " + server +
                                         " offers no STARTTLS, so the password was not sent; use a server that does, "
                                         "or allow it with kanal.mail.clear-password=true");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return final_error("mail.tls", "The certificate of the mail server " + server +
                                         " is not trusted; name the host in difi.move.mail.trust to accept it");
    default:
      break;
  }
  if (reply >= 500) {
    return final_error("mail.refused", fmt::format("The mail server {} refuses the mail (reply {})", server, reply));
  }
  if (reply >= 400) {
    return {"mail.temporary",
            fmt::format("The mail server {} cannot take the mail now (reply {})", server, reply),
            Disposition::retry,
            {},
            {}};
  }
  return {"mail.connect",
          fmt::format("No mail could be given to {}: {}", server, curl_easy_strerror(code)),
          Disposition::retry,
          {},
          {}};
}

}  // namespace kanal::net
