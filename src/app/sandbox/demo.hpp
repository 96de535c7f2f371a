// The demo: three installations of one agency each send an arkivmelding with a PDF to a municipality, whose client pops
// and answers; every status must come back to its sender and nowhere else.
#pragma once

#include <chrono>
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
};

struct DemoPlan {
  std::vector<DemoParty> senders;
  DemoParty receiver;
  std::string receiver_orgnr;
  std::chrono::milliseconds limit{60'000};
};

/// One message's history at its sender.
struct DemoTimeline {
  DemoParty sender;
  std::string message_id;
  std::vector<SeenStatus> statuses;
  std::vector<std::string> seen_elsewhere;  ///< installations that have statuses of it and should not
  bool receipt_received = false;            ///< the sender's client got the arkivmelding_kvittering
  [[nodiscard]] bool complete() const;
};

/// Runs the demo; errors are refusals, an incomplete timeline is not one.
Result<std::vector<DemoTimeline>> run_demo(const DemoPlan& plan, net::HttpClient& http, std::ostream& progress);

/// One table for people.
void print_timelines(const std::vector<DemoTimeline>& timelines, std::ostream& out);
[[nodiscard]] std::string timelines_json(const std::vector<DemoTimeline>& timelines);

}  // namespace kanal::app
