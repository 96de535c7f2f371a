// The REST interfaces of the Fiks platform that Fiks IO needs (dpfio.md sections 3, 4, 6 and 7): sending, the catalogue
// of accounts, and the download of payloads that do not fit into a message. Thread-safe; calls block.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "lookup/token_source.hpp"
#include "net/http_client.hpp"
#include "ports/blob_store.hpp"
#include "transports/dpfio/dpfio_settings.hpp"

namespace kanal::transports::dpfio {

/// `MeldingSpesifikasjon`: what is said about a message that is sent.
struct MeldingSpesifikasjon {
  std::string avsender_konto_id;
  std::string mottaker_konto_id;
  std::string melding_type;
  std::string svar_pa_melding{};  ///< empty: none
  std::optional<std::chrono::milliseconds> ttl{};
  std::map<std::string, std::string> headere{};
};
[[nodiscard]] std::string write_json(const MeldingSpesifikasjon& spesifikasjon);

/// `KatalogKonto` with its status.
struct Konto {
  std::string konto_id;
  std::string name;
  std::string organisation_name;
  std::string organisation;  ///< nine digits; empty: the catalogue does not say
  bool valid_sender = true;
  bool valid_receiver = true;
  std::string message;                    ///< why not valid
  std::optional<std::int64_t> consumers;  ///< connections that read its queue
  std::optional<std::int64_t> unfetched;  ///< messages that wait
};
/// `dpfio.answer` (retry) for what is not such an object about this account.
Result<Konto> read_konto(std::string_view json, const std::string& konto_id);
/// The PEM text of `OffentligNokkel`. `dpfio.no_key` (retry) when it says that the key is not valid.
Result<std::string> read_key(std::string_view json);
/// `meldingId` of `SendtMelding`.
Result<std::string> read_sent(std::string_view json);

class FiksClient {
 public:
  /// All outlive it.
  FiksClient(const Settings& settings, net::HttpClient& http, lookup::TokenSource& tokens, Clock& clock);

  /// Sends; `payload` (CMS) when given must hold something. Gives the id at Fiks. Errors: `dpfio.refused` (reject),
  /// `dpfio.unknown_account` (reject), `dpfio.denied`, `dpfio.credentials`, `dpfio.away` (all retry).
  Result<std::string> send(const Account& account, const MeldingSpesifikasjon& spesifikasjon,
                           const ports::BlobRef* payload, ports::BlobStore& blobs, std::stop_token stop);
  /// `dpfio.unknown_account` (reject) when there is none.
  Result<Konto> konto(const Account& account, const std::string& konto_id);
  /// The PEM certificate to encrypt with; no credentials are needed. `dpfio.no_key` (retry).
  Result<std::string> public_key(const std::string& konto_id);
  /// A payload of the dokumentlager, into a sink that it does not finish. `dpfio.payload_gone` (reject) when it has
  /// expired there.
  Result<void> download(const Account& account, const std::string& dokumentlager_id, Sink& into, std::stop_token stop);

 private:
  [[nodiscard]] net::ClientRequest request_to(const Account* account, std::string path) const;
  Result<net::ClientResponse> post(const Account& account, const MeldingSpesifikasjon& spesifikasjon,
                                   const ports::BlobRef* payload, ports::BlobStore& blobs, const std::string& token,
                                   const std::stop_token& stop);
  [[nodiscard]] Error error_of(const net::ClientResponse& response, std::string_view call,
                               const Account* account) const;

  const Settings& settings_;
  net::HttpClient& http_;
  lookup::TokenSource& tokens_;
  Clock& clock_;
};

}  // namespace kanal::transports::dpfio
