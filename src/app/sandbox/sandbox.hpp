// A whole eFormidling on one machine: simulated national services, certificates of its own, and installations as child
// processes. Used by `kanal sandbox`, by end-to-end tests and by benchmarks. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/child_process.hpp"
#include "base/log.hpp"
#include "base/reserved_port.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "net/http_client.hpp"

namespace kanal::sim {
class National;
}

namespace kanal::app {

/// What an installation does with KS.
struct DpfUse {
  bool sends = false;     ///< has an account in SvarUt
  bool receives = false;  ///< its organisation has a receiving system in SvarInn, which this installation polls
};

/// An installation to set up.
struct InstallationPlan {
  std::string name;  ///< also its folder
  std::string orgnr;
  std::string channel;                          ///< empty: the main installation; DPI's is made from it, or its name
  std::map<std::string, std::string> settings;  ///< more lines for its properties file
  DpfUse dpf{};
  /// Others reach its organisation with DPF only.
  bool only_dpf = false;
  bool fiks_io = false;        ///< has an account at Fiks IO, where that can run
  std::string einnsyn_mode{};  ///< uses DPE, and reads the queue of this mode: `innsyn` or `data`; empty: does not
  /// The installation that is its hub for DPE; empty: it reads the queue itself.
  std::string hub{};
};

struct SandboxPlan {
  std::filesystem::path folder;
  bool keep = false;             ///< keep what an earlier run left
  std::uint16_t first_port = 0;  ///< 0: any free ones
  std::chrono::milliseconds polling{250};
  std::chrono::milliseconds scan_time{0};           ///< virus scan at the broker
  std::optional<std::uint64_t> largest_transfer{};  ///< bytes that the broker takes; absent: as in the test environment
  std::string program;                              ///< the `kanal` to run
  std::vector<InstallationPlan> installations;
};

/// The installations of the demo.
[[nodiscard]] std::vector<InstallationPlan> demo_installations();
inline constexpr const char* agency_orgnr = "310700002";
inline constexpr const char* municipality_orgnr = "310701378";
/// Reached through KS only.
inline constexpr const char* fjordvik_orgnr = "310701386";
/// eInnsyn itself.
inline constexpr const char* einnsyn_orgnr = "991825827";
/// Synthetic residents (Tenor: 80 is added to the month): one with a digital mailbox, one who gets paper.
inline constexpr const char* mailbox_resident = "21868110187";
inline constexpr const char* paper_resident = "12857910093";
/// Who is reached through Altinn (DPV): a company without an integration point, and a resident with neither mailbox nor
/// a known address.
inline constexpr const char* company_orgnr = "310703168";
inline constexpr const char* altinn_resident = "03867941257";

class Sandbox {
 public:
  /// Certificates, keystores and configuration files are made, and the simulators started; no installation yet.
  static Result<std::unique_ptr<Sandbox>> make(SandboxPlan plan, Clock& clock, Log& log);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  /// Starts an installation, with more settings on its command line, and waits until it answers.
  Result<void> start(const std::string& name, const std::vector<std::string>& settings = {});
  Result<void> start_all();
  /// SIGTERM, and waits.
  void stop(const std::string& name);
  /// The running process, or null.
  [[nodiscard]] ChildProcess* process(const std::string& name);
  [[nodiscard]] std::string url(const std::string& name) const;
  [[nodiscard]] std::filesystem::path folder(const std::string& name) const;
  [[nodiscard]] sim::National& national() { return *national_; }
  /// Trusts the sandbox's CA.
  [[nodiscard]] net::HttpClient& http() { return *http_; }
  [[nodiscard]] const std::vector<InstallationPlan>& installations() const { return plan_.installations; }
  /// Its account at Fiks IO; empty: it has none.
  [[nodiscard]] std::string account_of(const std::string& name) const;

 private:
  Sandbox(SandboxPlan plan, Clock& clock, Log& log);
  Result<void> prepare();
  /// Kept as long as the sandbox lives.
  std::uint16_t reserve_port();
  Result<void> register_recipients();
  /// Its account in SvarUt and its receiving system in SvarInn. Gives the settings that point to them.
  std::map<std::string, std::string> register_at_ks(const InstallationPlan& installation,
                                                    const crypto::Certificate& certificate);
  /// Its account at Fiks IO, as register_at_ks().
  Result<std::map<std::string, std::string>> register_at_fiks_io(const InstallationPlan& installation,
                                                                 const crypto::Certificate& certificate);
  /// Its end of the link between a hub and its satellites, as register_at_ks().
  Result<std::map<std::string, std::string>> link_to_hub(const InstallationPlan& installation,
                                                         const crypto::Identity& ca);
  Result<void> write_configuration(const InstallationPlan& installation, std::uint16_t port,
                                   const std::map<std::string, std::string>& more);

  SandboxPlan plan_;
  Clock& clock_;
  Log& log_;
  std::unique_ptr<sim::National> national_;
  std::unique_ptr<net::HttpClient> http_;
  std::vector<ReservedPort> reserved_;  ///< for installations, which come and go
  std::map<std::string, std::uint16_t> ports_;
  std::map<std::string, std::string> accounts_;  ///< at Fiks IO
  std::uint16_t hub_port_ = 0;
  std::map<std::string, ChildProcess> processes_;
};

}  // namespace kanal::app
