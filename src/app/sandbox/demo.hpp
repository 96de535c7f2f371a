// The demo: three installations of one agency send letters over every service, to installations whose clients pop,
// delete and answer, and to recipients without one; the first one publishes to eInnsyn, which asks it for access. Every
// status must come back to its sender and nowhere else.
#pragma once

#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "app/case_system.hpp"
#include "base/result.hpp"

namespace kanal::app {

/// An installation as the demo sees it.
struct DemoParty {
  std::string name;     ///< `agency-main`
  std::string channel;  ///< empty: none
  std::string url;
  bool publishes = false;  ///< at eInnsyn
};

/// An installation that gets an arkivmelding.
struct DemoReceiver {
  DemoParty party;
  std::string orgnr;
  std::string service;   ///< over which: `DPO`, `DPF`
  bool answers = false;  ///< its client sends an arkivmelding_kvittering; elsewhere the sender's installation makes one
  bool from_all = false;                   ///< gets one from every sender, not only from the first
  std::vector<std::string> sender_sees{};  ///< the statuses that its sender gets
};

/// Accounts at Fiks IO: the first sender asks the first receiver, whose client answers.
struct DemoAccounts {
  std::string sender;    ///< account id
  std::string receiver;  ///< account id
};

struct DemoPlan {
  std::vector<DemoParty> senders;
  std::vector<DemoReceiver> receivers;
  std::string mailbox_resident;        ///< gets digital post from every sender; empty: nobody does
  std::string paper_resident;          ///< gets a letter on paper from the first sender; empty: nobody does
  std::string altinn_resident;         ///< gets a letter in Altinn from the first sender; empty: nobody does
  std::string altinn_orgnr;            ///< an organisation that gets one; empty: none does
  std::string orgnr{};                 ///< of the senders
  std::optional<DemoParty> einnsyn{};  ///< gets what senders publish, and asks the first one for access
  std::string einnsyn_orgnr{};
  std::optional<DemoAccounts> fiks_io{};  ///< absent: nothing goes over DPFIO
  std::chrono::milliseconds limit{60'000};
};

/// One message's history at its sender.
struct DemoTimeline {
  DemoParty sender;
  std::string service;  ///< `DPO`
  std::string type;     ///< `arkivmelding`, `digital`, `print`, `digital_dpv`, `publisering`, `innsynskrav`, `fiksio`
  std::string message_id;
  std::vector<std::string> expected;  ///< statuses that it gets, each once
  bool receipt_expected = false;      ///< an arkivmelding_kvittering follows
  std::vector<SeenStatus> statuses{};
  std::vector<std::string> seen_elsewhere{};  ///< installations that have statuses of it and should not
  bool receipt_received = false;              ///< the sender's client got it
  [[nodiscard]] bool complete() const;
};

/// One message's history where it arrived.
struct DemoArrival {
  std::string receiver;
  std::string service;
  std::string type;
  std::string message_id;
  std::vector<SeenStatus> statuses{};
  /// Received, and taken by the client.
  [[nodiscard]] bool complete() const;
};

struct DemoOutcome {
  std::vector<DemoTimeline> timelines;
  std::vector<DemoArrival> arrivals;
  std::size_t arrivals_expected = 0;
  [[nodiscard]] bool complete() const;
};

/// Runs the demo; errors are refusals, an incomplete outcome is not one.
Result<DemoOutcome> run_demo(const DemoPlan& plan, net::HttpClient& http, std::ostream& progress);

/// Tables for people: what was sent, and what arrived.
void print_outcome(const DemoOutcome& outcome, std::ostream& out);
[[nodiscard]] std::string outcome_json(const DemoOutcome& outcome);

}  // namespace kanal::app
