#include "app/sandbox/duplicate.hpp"

#include <thread>

#include <boost/json/parse.hpp>

#include "app/case_system.hpp"
#include "app/channels_command.hpp"

namespace kanal::app {
namespace {

using namespace std::chrono;

constexpr seconds limit{60};
constexpr milliseconds pause_between_rounds{700};

/// Both of the agency send, and get mail.
Result<void> send_round(Sandbox& sandbox) {
  const auto send = [&](const std::string& from, const char* to) -> Result<void> {
    Letter letter;
    letter.receiver = std::string("0192:") + to;
    letter.files.push_back({"brev.pdf", "application/pdf", make_pdf("duplicate")});
    auto id = CaseSystem(sandbox.url(from), sandbox.http()).send(letter);
    return id ? Result<void>{} : Result<void>(failed(id));
  };
  for (const auto* name : {"agency-main", duplicate_name.data()}) {
    if (auto sent = send(name, municipality_orgnr); !sent) return sent;
  }
  return send("municipality", agency_orgnr);
}

Result<bool> says_conflict(Sandbox& sandbox) {
  net::ClientRequest request;
  request.url = sandbox.url("agency-main") + "/manage/channels";
  auto response = sandbox.http().send(request);
  if (!response) return failed(response);
  boost::json::error_code error;
  const auto value = boost::json::parse(response->body, error);
  if (error) return reject("sandbox.channels", "agency-main gave no table of channels");
  for (const auto& row : value.at("services").as_array()) {
    if (row.at("service") == "DPO" && row.at("verdict") == "conflict") return true;
  }
  return false;
}

}  // namespace

Result<bool> meet_the_duplicate(Sandbox& sandbox, std::ostream& out) {
  const auto until = steady_clock::now() + limit;
  bool found = false;
  while (!found && steady_clock::now() < until) {
    if (auto sent = send_round(sandbox); !sent) return failed(sent);
    std::this_thread::sleep_for(pause_between_rounds);
    auto conflict = says_conflict(sandbox);
    if (!conflict) return failed(conflict);
    found = *conflict;
  }
  auto config = ops::Config::load({sandbox.folder("agency-main"), {}, {}});
  if (!config) return failed(config);
  out << "\n";
  show_channels(*config, {}, out);
  return found;
}

}  // namespace kanal::app
