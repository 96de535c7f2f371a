// The address register as the flow sees it (service-registry.md). Thread-safe, may block; answers are cached.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace kanal::ports {

/// One service record (service-registry.md 4.2).
struct ServiceRecord {
  ServiceIdentifier service;  ///< `UNKNOWN` for texts we do not know
  std::string process;
  std::vector<std::string> document_types;
  std::string endpoint_url;
  std::optional<std::string> resource;
  std::string organisation_number;
  std::string pem_certificate;  ///< with BEGIN/END lines; empty when none
  boost::json::object raw;      ///< the record as received, for services that need more
};

/// All that the register says about somebody (service-registry.md 4.2).
struct DirectoryEntity {
  boost::json::object info;  ///< `infoRecord` as received; empty when there is none
  std::vector<ServiceRecord> records;
};

struct DirectoryQuery {
  std::string identifier;  ///< primary identifier
  std::optional<std::string> process;
  std::optional<int> security_level;
  std::optional<std::string> conversation_id;
};

/// Codes of a failed lookup: `directory.not_found` (404), `directory.refused` (other 4xx), `directory.denied` (our own
/// token or scope), `directory.signature`, `directory.unavailable` (retry).
class Directory {
 public:
  Directory() = default;
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  virtual ~Directory() = default;

  /// All records for the query, in registry order.
  virtual Result<std::vector<ServiceRecord>> lookup(const DirectoryQuery& query) = 0;
  /// Everything about one primary identifier, for all processes.
  virtual Result<DirectoryEntity> entity(const std::string& identifier) = 0;
  /// PEM of an organisation's certificate in Virksert.
  virtual Result<std::string> certificate(const Orgnr& organisation) = 0;
};

/// First record that lists `standard` (service-registry.md 6.2); null when none.
[[nodiscard]] const ServiceRecord* choose(const std::vector<ServiceRecord>& records, std::string_view standard);

}  // namespace kanal::ports
