// KS SvarInn, where a receiving system fetches what was sent to its organisations (dpf.md 7 and 10): HTTP Basic, lists
// of at most 200, downloads encrypted for the system's certificate. Lives on the server of SvarUt, below
// `/tjenester/svarinn`.
//   GET /mottaker/hentNyeForsendelser      GET /forsendelse/{id}
//   POST /kvitterMottak/forsendelse/{id}   POST /mottakFeilet/forsendelse/{id}
// Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/answers.hpp"
#include "sim/svarut.hpp"

namespace kanal::sim {

class SvarInn {
 public:
  /// Adds its routes to the server of `svarut`, which must outlive this and not have started yet.
  SvarInn(SvarUt& svarut, const Environment& environment);

  /// What `difi.move.fiks.inn.baseUrl` is set to.
  [[nodiscard]] std::string service_url() const { return svarut_.url() + "/tjenester/svarinn"; }
  void add_system(Mottakersystem system) { state().add_system(std::move(system)); }
  /// Puts something into a queue that nobody sent. Gives its id.
  std::string inject(InjectedItem item) { return state().inject(std::move(item)); }
  [[nodiscard]] SvarUtState& state() const { return svarut_.state(); }

 private:
  using Request = std::shared_ptr<const net::Request>;
  struct Caller {
    Mottakersystem system;
    std::string id;            ///< from the path, lower case; empty for a list
    std::string organisation;  ///< of the item, else the first one that the system receives for
  };
  using Handle = std::function<Answer(const Request&, const Caller&)>;

  void add(std::string method, const std::string& path, const std::string& endpoint, Handle handle);
  Answer admit(const std::string& endpoint, const Request& request, const std::string& id, const Handle& handle);
  std::optional<net::Response> fault_answer(const std::string& endpoint, const Caller& caller) const;
  [[nodiscard]] bool met(std::string_view fault, const Caller& caller) const;
  void audit(const std::string& action, const Caller& caller, const std::string& detail = {}) const;
  net::Response problem(const std::string& endpoint, const Caller& caller, int status,
                        const std::string& message) const;
  net::Response list(const Caller& caller) const;
  net::Response download(const Caller& caller) const;
  net::Response acknowledge(const Caller& caller) const;
  Answer fail(const Caller& caller) const;
  void add_routes();

  SvarUt& svarut_;
  Environment environment_;
};

}  // namespace kanal::sim
