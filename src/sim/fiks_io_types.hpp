// What KS Fiks IO keeps, and how it may be told to behave (dpfio.md 4, 6, 7 and 12). Values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "net/amqp_connection.hpp"
#include "sim/temporary_file.hpp"

namespace kanal::sim {

/// An account: the address of one system, with one queue.
struct FiksIoAccount {
  std::string konto_id;  ///< UUID, lower case
  std::string navn;
  std::string orgnr;  ///< nine digits
  std::string kommunenummer{};
  std::string fiks_org_id{};                         ///< UUID; empty: made from the organisation number
  std::string fiks_org_navn{};                       ///< empty: the account's name
  std::optional<crypto::Certificate> certificate{};  ///< the public key; absent: it has none
  /// Of a counterpart that is simulated: what is sent to it is opened and checked, and it can sign what it sends. Its
  /// certificate is the public key unless there is another one.
  std::optional<crypto::Identity> identity{};
  bool gyldig_avsender = true;
  bool gyldig_mottaker = true;
  std::string melding{};  ///< why it is not

  /// The public key, wherever it comes from.
  [[nodiscard]] const crypto::Certificate* public_key() const {
    if (certificate) return &*certificate;
    return identity ? &identity->certificate : nullptr;
  }
};

/// A system's login, and the accounts it may use.
struct FiksIoIntegration {
  std::string id;  ///< UUID, lower case
  Secret password;
  std::string orgnr;  ///< authorised organisation: the token's consumer must be this one
  std::set<std::string> konto_ids;
};

struct FiksIoRules {
  std::uint64_t offload_over = 5'000'000;                ///< a larger payload goes to dokumentlager
  std::uint64_t max_payload = 5ULL << 30U;               ///< larger ones are 413
  std::chrono::milliseconds min_ttl{1'000};              ///< less is 400
  std::chrono::milliseconds default_ttl{604'800'000};    ///< of queues; one change holds for queues made after it
  int max_deliveries = 3;                                ///< failed ones, then `serverfeil`; as default_ttl
  std::chrono::milliseconds document_extra{86'400'000};  ///< how long dokumentlager keeps what has expired
  bool check_payloads = true;                            ///< of what is sent to counterparts
};

/// A file of a payload.
struct FiksIoDocument {
  std::string name;
  std::string content;
  std::string mimetype = "application/octet-stream";
};

/// A file of a payload, as a counterpart read it.
struct FiksIoReceived {
  std::string name;
  std::uint64_t size = 0;
  std::string sha256;  ///< hex
};

/// A message that somebody sent, or that a test put into a queue.
struct FiksIoMessage {
  std::string melding_id;
  std::string type;
  std::string from;  ///< konto id
  std::string to;    ///< konto id
  std::optional<std::string> svar_til{};
  std::optional<std::chrono::milliseconds> ttl{};
  std::map<std::string, std::string> headere{};
  std::string integration{};                ///< who sent it; empty: the simulator itself
  std::uint64_t size = 0;                   ///< of the payload as sent
  std::string sha256{};                     ///< hex; empty without payload
  std::string dokumentlager_id{};           ///< empty: in the queue's message
  std::string payload{};                    ///< of a counterpart: `ok`, or why it is not; else empty
  std::vector<FiksIoReceived> documents{};  ///< of a payload that is `ok`
  Time time{};
};

/// A message to put into a queue. What is left alone is good.
struct FiksIoDelivery {
  std::string to{};    ///< konto id: whose queue
  std::string from{};  ///< konto id of the sender, known or not
  std::string type{};
  std::string melding_id{};  ///< empty: a new one
  std::optional<std::string> svar_til{};
  std::optional<std::string> svar_til_type{};
  std::optional<std::chrono::milliseconds> ttl{};
  std::map<std::string, std::string> headere{};  ///< come as `egendefinert-header.<name>`
  // The payload: the first of these that is there; else none.
  std::optional<Bytes> body{};                       ///< as it is
  std::optional<Bytes> asic{};                       ///< is encrypted
  std::vector<FiksIoDocument> documents{};           ///< are signed and encrypted
  std::optional<crypto::Identity> signer{};          ///< absent: the sender's
  std::optional<crypto::Certificate> encrypt_for{};  ///< absent: the receiver's public key
  std::optional<bool> offload{};                     ///< absent: by size
  /// Set at last, so they may be anything; nothing: the header is left out.
  std::map<std::string, std::optional<net::AmqpValue>> raw_headers{};
  int times = 1;  ///< so often does the very same message come
};

/// An answer of a scripted counterpart to a message that is no answer itself.
struct FiksIoReply {
  std::string type;  ///< with a leading dot it is appended to the type answered: `.mottatt`
  std::vector<FiksIoDocument> documents{};
  std::map<std::string, std::string> headere{};
  std::optional<std::chrono::milliseconds> ttl{};
};

/// What a counterpart does with each message in its queue: takes it, and gives these answers.
struct FiksIoScript {
  std::vector<FiksIoReply> replies{};
};

/// A payload in dokumentlager.
struct FiksIoStored {
  std::string id;
  std::string konto_id;  ///< whose integrations may have it
  std::string melding_id;
  std::string sha256;  ///< hex
  Time expires{};
  std::shared_ptr<const TemporaryFile> content;
};

}  // namespace kanal::sim
