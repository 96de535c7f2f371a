// POST /messages/out: multipart/form-data of exactly two parts, `forretningsmelding` (application/jwt) and
// `dokumentpakke` (application/cms), in this order (dpi.md 2.1). The package is decrypted while it comes. What is wrong
// is told at the end of the body, for a client that still sends may not see an early answer.
#include <algorithm>

#include <fmt/format.h>

#include "crypto/cades.hpp"
#include "crypto/jose.hpp"
#include "formats/multipart.hpp"
#include "sim/corner2.hpp"

namespace kanal::sim {
namespace {

constexpr std::size_t max_message_bytes = std::size_t{1} << 20U;

std::string number_of(const boost::json::object& claims, std::string_view name) {
  const auto* party = claims.if_contains(name);
  const auto id = party != nullptr && party->is_object() ? text_member(party->get_object(), "ID") : std::string{};
  return id.substr(id.rfind(':') + 1);
}

}  // namespace

class Corner2::Post final : public net::BodyHandler, private formats::PartHandler {
 public:
  Post(Corner2& corner2, Admitted admitted, std::string channel, std::string boundary)
      : corner2_(corner2),
        admitted_(std::move(admitted)),
        channel_(std::move(channel)),
        max_package_(corner2.state_.rules().max_package),
        body_(formats::make_multipart_reader(std::move(boundary), *this)) {}

  std::optional<net::Response> data(ByteView bytes) override {
    if (problem_) return std::nullopt;
    if (const auto read = body_->write(bytes); !read) refuse(400, read.error().message);
    return std::nullopt;
  }

  net::Response finish() override {
    if (!problem_) {
      if (const auto read = body_->finish(); !read) refuse(400, read.error().message);
    }
    if (!problem_ && parts_ != 2) refuse(400, "forretningsmelding and dokumentpakke are needed");
    if (!problem_) accept();
    if (problem_) return corner2_.problem("post", admitted_, *problem_);
    if (corner2_.met("corner2.lost_answer", admitted_)) return lost_answer();
    if (corner2_.met("corner2.503_after_store", admitted_)) {
      return corner2_.problem("post", admitted_, {503, "Service Unavailable", "Fault injected"});
    }
    return empty_answer(201);
  }

 private:
  void refuse(int status, std::string detail) {
    if (problem_) return;
    problem_ = Problem{status,
                       status == 403   ? "Forbidden"
                       : status == 413 ? "Payload Too Large"
                                       : "Bad Request",
                       std::move(detail)};
  }

  Result<void> begin_part(const formats::PartHead& head) override {
    ++parts_;
    const bool first = parts_ == 1;
    const std::string_view name = first ? "forretningsmelding" : "dokumentpakke";
    const std::string_view type = first ? "application/jwt" : "application/cms";
    if (parts_ > 2) refuse(400, "there are more than two parts");
    if (head.disposition.name.value_or("") != name) refuse(400, fmt::format("part {} must be {}", parts_, name));
    if (media_type(head.content_type) != type) refuse(400, fmt::format("{} must be {}", name, type));
    return {};
  }

  Result<void> part_data(ByteView bytes) override {
    if (problem_) return {};
    if (parts_ == 1) {
      if (bytes.size() > max_message_bytes - jws_.size()) {
        refuse(413, "forretningsmelding is too large");
      } else {
        jws_.append(text_of(bytes));
      }
    } else if (package_ && package_->size() + bytes.size() > max_package_) {
      refuse(413, "dokumentpakke is too large");
    } else if (package_) {
      package_->write(bytes);
    }
    return {};
  }

  Result<void> end_part() override {
    if (problem_ || parts_ != 1) return {};
    if (auto good = read_message(); !good) {
      refuse(400, good.error().message);
      return {};
    }
    check_message();
    if (problem_) return {};
    auto package = PackageReader::make(corner2_.supplier(message_.type), corner2_.folder_);
    if (!package) return failed(package);
    package_ = std::move(*package);
    return {};
  }

  Result<void> read_message() {
    const auto jws = crypto::parse_jws(jws_);
    if (!jws) return failed(jws);
    auto certificates = crypto::certificates_of(*jws, &corner2_.known_);
    if (!certificates) return failed(certificates);
    if (certificates->size() != 1) return reject("jws.certificate", "x5c must have exactly one certificate");
    if (auto signature = crypto::verify_jws(*jws, crypto::PublicKey(certificates->front())); !signature) {
      return failed(signature);
    }
    if (auto trusted = trust(certificates->front(), {}); !trusted) return failed(trusted);
    signer_ = signer_of(certificates->front());
    auto message = read_dpi_message(jws->payload);
    if (!message) return failed(message);
    message_ = std::move(*message);
    admitted_.id = message_.id;
    return {};
  }

  Result<void> trust(const crypto::Certificate& certificate, const std::vector<crypto::Certificate>& chain) const {
    return crypto::verify_chain(certificate, chain, corner2_.anchors_, corner2_.environment_.clock.now());
  }
  static std::string signer_of(const crypto::Certificate& certificate) {
    const auto owner = certificate.organisation();
    return owner ? owner->str() : std::string{};
  }

  /// The signer that the token allows.
  [[nodiscard]] std::string entitled() const { return admitted_.caller.organisation; }

  void check_message() {
    const auto& claims = admitted_.token->claims;
    const auto supplier = corner2_.supplier(message_.type).certificate.organisation();
    if (message_.token != admitted_.bearer) refuse(400, "maskinportentoken is not the token of the request");
    if (message_.organisation != number_of(claims, "consumer")) refuse(403, "avsender is not the token's consumer");
    if (signer_ != entitled()) refuse(403, "the message is not signed by the token's supplier or consumer");
    if (message_.sender != signer_) refuse(400, "the SBDH sender is not the signer");
    if (!supplier || message_.receiver != supplier->str()) {
      refuse(400, "the SBDH receiver is not the supplier of " + std::string(name_of(message_.type)));
    }
    if (corner2_.state_.knows(message_.id)) {
      refuse(400, "instanceIdentifier " + message_.id + " has been used before");
    }
  }

  void accept() {
    auto package = package_->finish(message_);
    if (!package) return refuse(400, package.error().message);
    if (signer_of(package->signer) != entitled()) return refuse(403, "the package is signed by somebody else");
    if (auto trusted = trust(package->signer, package->signer_chain); !trusted) {
      return refuse(400, trusted.error().message);
    }
    const auto accepted =
        corner2_.state_.accept(std::move(message_), admitted_.caller, channel_, std::move(package->documents));
    if (!accepted) refuse(400, accepted.error().message);
  }

  Corner2& corner2_;
  Admitted admitted_;
  std::string channel_;
  std::uint64_t max_package_;
  int parts_ = 0;
  std::string jws_;
  std::string signer_;
  DpiMessage message_;
  std::unique_ptr<PackageReader> package_;
  std::optional<Problem> problem_;
  std::unique_ptr<Sink> body_;  ///< last: it calls the rest
};

Answer Corner2::post(const Request& request, const Admitted& admitted) {
  const auto content_type = request->header("Content-Type");
  if (media_type(content_type) != "multipart/form-data") {
    return problem("post", admitted, {415, "Unsupported Media Type", "multipart/form-data is needed"});
  }
  auto boundary = formats::multipart_boundary(content_type);
  if (!boundary) return problem("post", admitted, {400, "Bad Request", boundary.error().message});
  auto channel = request->parameter("kanal");
  if (channel && !channel_allowed(*channel, state_.rules().channels)) {
    return problem("post", admitted, {400, "Bad Request", "kanal must be 1 to 28 of a-z, A-Z, 0-9, _ and -"});
  }
  return std::make_unique<Post>(*this, admitted, channel.value_or(""), std::move(*boundary));
}

}  // namespace kanal::sim
