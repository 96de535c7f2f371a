// Reads the bodies of the Service Registry (service-registry.md 4.2, 4.3): records, certificates, errors. Tolerant of
// what it does not know. Pure functions, any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "net/http_client.hpp"
#include "ports/directory.hpp"

namespace kanal::lookup {

/// `serviceRecords` in their order. `directory.unavailable` for a body that is no registry answer: a proxy's page says
/// nothing about the receiver. Services other than the national ones and `services` become `UNKNOWN`.
Result<std::vector<ports::ServiceRecord>> parse_records(std::string_view json,
                                                        std::span<const ServiceIdentifier> services = {});

/// The same with the `infoRecord`.
Result<ports::DirectoryEntity> parse_entity(std::string_view json, std::span<const ServiceIdentifier> services = {});

/// `pem` with BEGIN and END lines; empty stays empty.
[[nodiscard]] std::string with_pem_lines(std::string_view pem);

/// A Virksert answer, with BEGIN and END lines. `directory.unavailable` when there is no certificate in it.
Result<std::string> parse_certificate(std::string_view body);

/// What an answer other than 200 means; `subject` names what was looked up, fit for logs. The body may have any shape.
Error registry_error(const net::ClientResponse& response, std::string_view subject, Time now);

}  // namespace kanal::lookup
