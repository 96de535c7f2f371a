// A client of the Service Bus for its tests. Never included by product code.
#pragma once

#include <optional>
#include <string>

#include <fmt/format.h>

#include "crypto/digest.hpp"
#include "sim/sim_testing.hpp"

namespace kanal::sim::testing {

constexpr const char* queue = "nextbestqueue310700002innsyn";
constexpr const char* policy = "MoveDPE-pilotPolicy";

/// A token to make; what is left alone is good.
struct Token {
  std::optional<std::string> resource{};
  std::optional<std::string> key{};
  std::string policy_name = policy;
  std::chrono::seconds lives{300};
};

class ServiceBusBench : public Bench {
 protected:
  ServiceBusState& bus() { return national_.service_bus().state(); }
  [[nodiscard]] std::string at(const std::string& path) const { return national_.service_bus().url() + path; }
  [[nodiscard]] std::string of_queue(const std::string& path = "/messages") const {
    return at("/" + std::string(queue) + path);
  }

  [[nodiscard]] std::string token(const Token& given = {}) const {
    const auto resource = net::url_encode(given.resource.value_or(of_queue("")));
    const auto expiry = std::to_string(seconds() + given.lives.count());
    const auto key = given.key.value_or(national_.service_bus().sas().policy().key);
    const auto signature =
        net::url_encode(to_base64(crypto::hmac_sha256(bytes_of(key), bytes_of(resource + "\n" + expiry))));
    return fmt::format("SharedAccessSignature sr={}&sig={}&se={}&skn={}", resource, signature, expiry,
                       given.policy_name);
  }
  net::ClientResponse call(const std::string& method, const std::string& url, const std::string& body = {},
                           net::Headers headers = {}) {
    if (net::header(headers, "Authorization").empty()) headers.emplace_back("Authorization", token());
    auto request = post_request(url, body, body.empty() ? "" : "application/octet-stream", std::move(headers));
    request.method = method;
    return Bench::send(std::move(request));
  }
  net::ClientResponse put_in(const std::string& body, const std::string& properties = "{}") {
    return call("POST", of_queue(), body, {{"BrokerProperties", properties}});
  }
  net::ClientResponse head(const std::string& timeout = "0") {
    return call("POST", of_queue("/messages/head?timeout=" + timeout));
  }
  static json::object properties(const net::ClientResponse& response) {
    net::ClientResponse inner;
    inner.body = std::string(response.header("BrokerProperties"));
    return object_of(inner);
  }
  /// `/messages/<number>/<lock>` of a message that was received.
  static std::string lock_path(const net::ClientResponse& received) {
    const auto all = properties(received);
    return fmt::format("/messages/{}/{}", all.at("SequenceNumber").to_number<std::uint64_t>(), text(all, "LockToken"));
  }
};

}  // namespace kanal::sim::testing
